"""Machines that are plainly called fakes: private folders and an engine that runs no containers."""
