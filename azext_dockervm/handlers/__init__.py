"""The handlers of the commands: each reads its arguments, calls the rooms below, shapes the result."""
