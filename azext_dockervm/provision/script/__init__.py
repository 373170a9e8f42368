"""The set-up script: its parts, how they are joined for an action, and what it answers, as values."""
