"""What the docker client of this computer keeps of our hosts: contexts, and builders over them. No Azure here."""
