"""One host: what is there, what that means, how it is made, finished, certified, undone."""
