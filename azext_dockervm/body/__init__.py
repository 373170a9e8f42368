"""The bodies of requests, one resource a file, as pure functions; and what such a resource says when it is read."""
