"""The state of one Local Azure: resources by id and operations, kept in sqlite."""
