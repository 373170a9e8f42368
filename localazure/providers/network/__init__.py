"""Microsoft.Network: one noun a file; network, references, bodies and machine_updates are what they share."""
