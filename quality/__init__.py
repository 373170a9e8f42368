"""What judges the code rather than being it: lint (rules of style) and sabotage (do the tests notice?)."""
