"""What this computer is: the shell that az was called from, Azure Cloud Shell, what a docker client reads here."""
