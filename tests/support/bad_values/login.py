"""Who logs in to a host's operating system."""

from __future__ import annotations

from bad_values.row import asked, bad, pair

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
    bad("ssh_key_name", ("--ssh-key-name", ""), "--ssh-key-name", "empty"),
    bad("ssh_key_name", "--ssh-key-name a/b", "--ssh-key-name", "/providers/Microsoft.Compute/sshPublicKeys/NAME"),
    asked("ssh_key_name", "--ssh-key-name nobody", "--ssh-key-name", "no SSH key 'nobody'",
          "az sshkey create -g g -n nobody -l westus"),
    bad("ssh_key_type", "--ssh-key-type DSA", "--ssh-key-type", "Ed25519"),
    bad("ssh_key_type", ("--ssh-key-type", ""), "--ssh-key-type"),
    bad("authentication_type", "--authentication-type none", "--authentication-type", "all, password, ssh"),
    bad("authentication_type", ("--authentication-type", ""), "--authentication-type"),
)

PAIRS = (
    pair("admin_password", "ssh_key_values", ("-p", PASSWORD, "--ssh-key-values", KEY),
         "--admin-password and --ssh-key-values", "Leave one"),
    pair("admin_password", "generate_ssh_keys", ("-p", PASSWORD, "--generate-ssh-keys"),
         "--admin-password and --generate-ssh-keys", "Leave one"),
    pair("admin_password", "ssh_key_name", ("-p", PASSWORD, "--ssh-key-name", "mine"),
         "--admin-password and --ssh-key-name", "--authentication-type all"),
    pair("admin_password", "ssh_key_type", ("-p", PASSWORD, "--ssh-key-type", "RSA"),
         "--admin-password and --ssh-key-type", "Leave one"),
    pair("authentication_type", "admin_password", ("--authentication-type", "ssh", "-p", PASSWORD),
         "--authentication-type ssh and --admin-password", "Leave one"),
    pair("authentication_type", "ssh_key_values", ("--authentication-type", "password", "--ssh-key-values", KEY),
         "--authentication-type password and --ssh-key-values", "Leave one"),
    pair("authentication_type", "generate_ssh_keys", "--authentication-type password --generate-ssh-keys",
         "--authentication-type password and --generate-ssh-keys"),
    pair("authentication_type", "ssh_key_name", "--authentication-type password --ssh-key-name mine",
         "--authentication-type password and --ssh-key-name", "Leave one"),
    pair("authentication_type", "ssh_key_type", "--authentication-type password --ssh-key-type RSA",
         "--authentication-type password and --ssh-key-type", "Leave one"),
    pair("ssh_key_values", "ssh_key_name", ("--ssh-key-values", KEY, "--ssh-key-name", "mine"),
         "--ssh-key-values and --ssh-key-name", "Leave one"),
    pair("ssh_key_name", "generate_ssh_keys", "--ssh-key-name mine --generate-ssh-keys",
         "--ssh-key-name and --generate-ssh-keys", "Leave one"),
    pair("ssh_key_name", "ssh_key_type", "--ssh-key-name mine --ssh-key-type RSA",
         "--ssh-key-name and --ssh-key-type", "Leave one"),
    pair("ssh_key_type", "ssh_key_values", ("--ssh-key-type", "RSA", "--ssh-key-values", KEY),
         "--ssh-key-type and --ssh-key-values", "Leave one"),
    pair("ssh_key_values", "generate_ssh_keys", ("--ssh-key-values", KEY, "--generate-ssh-keys"),
         "--ssh-key-values and --generate-ssh-keys", "Leave one"),
)
