"""The picture of what waited for what in a command: its rows, the way through them, its drawing, its file."""
