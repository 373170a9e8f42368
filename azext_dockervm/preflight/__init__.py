"""What is looked at before anything is made: small reads, side by side, at most three that wait for each other."""
