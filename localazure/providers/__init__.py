"""The resource providers: a package for each namespace, one noun a file; routes.py has the list of all routes."""
