"""Carrying out steps: knows nothing of Azure, of one host alone, or of the main thread."""
