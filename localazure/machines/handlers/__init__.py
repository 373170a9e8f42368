"""Extension handlers: what DockerExtension, CustomScript and VMAccess do in a guest."""
