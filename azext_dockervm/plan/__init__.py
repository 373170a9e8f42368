"""How a host comes to be: steps, their execution, and the calls of Azure that they make."""
