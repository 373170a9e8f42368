"""Who logs in to a host's operating system."""

from __future__ import annotations

from bad_values.row import bad, pair

PASSWORD = "Correct-horse-9"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsWmFPXJ8mJ1RNmsqOLuBvCZQDKzTNZkFvQ7XkvGJX4 somebody"

VALUES = (
    bad("admin_username", "-u docker", "--admin-username", "'docker'"),
    bad("admin_username", "-u root", "--admin-username", "reserved"),
    bad("admin_username", f"-u {'a' * 33}", "--admin-username", "32"),
    bad("admin_password", "-p Short-1", "--admin-password", "12 to 72"),
    bad("admin_password", "-p @/no/such/file", "--admin-password", "names no file"),
    bad("ssh_key_values", "--ssh-key-values /no/such.pub", "--ssh-key-values", "/no/such.pub", "ssh-keygen"),
    bad("ssh_key_values", ("--ssh-key-values", "ssh-ed25519 nonsense"), "--ssh-key-values"),
)

PAIRS = (
    pair("admin_password", "ssh_key_values", ("-p", PASSWORD, "--ssh-key-values", KEY),
         "--admin-password and --ssh-key-values", "Leave one"),
    pair("admin_password", "generate_ssh_keys", ("-p", PASSWORD, "--generate-ssh-keys"),
         "--admin-password and --generate-ssh-keys", "Leave one"),
    pair("ssh_key_values", "generate_ssh_keys", ("--ssh-key-values", KEY, "--generate-ssh-keys"),
         "--ssh-key-values and --generate-ssh-keys", "Leave one"),
)
