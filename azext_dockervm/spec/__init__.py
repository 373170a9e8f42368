"""What the user asked for, as frozen values that have been checked."""
