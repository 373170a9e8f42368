"""The options of all commands, each declared once, and how they become values."""
