"""What the user sees: JSON for scripts, tables, progress."""
