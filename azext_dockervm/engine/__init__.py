"""The engine on a host, seen from here: always over verified mutual TLS."""
