"""Arguments of the commands; nothing here makes a request while az parses.

Those that az's configuration can set (``configuration.OPTIONS``) have no default here: None means not typed.
"""


def load_arguments(loader, _command):
    from azure.cli.core.commands.parameters import (
        get_enum_type,
        get_location_completion_list,
        resource_group_name_type,
        tags_type,
    )

    from azext_dockervm import _completers as completers
    from azext_dockervm import _validators as validators
    from azext_dockervm import names
    from azext_dockervm.spec import PROVISIONERS

    def default(words, option, value):
        """How the help says that a default can be changed."""
        return f"Default: {words}; another one for good: az config set dockervm.{option}={value}."

    with loader.argument_context("dockervm") as c:
        c.argument("resource_group_name", resource_group_name_type)
        c.argument("cert_dir", options_list=["--docker-cert-dir", "-dc"],
                   help="Folder of the certificates: ca.pem, cert.pem, key.pem, ca-key.pem. "
                        + default(names.DEFAULT_CERTIFICATE_FOLDER, "cert_dir", "FOLDER"))

    with loader.argument_context("dockervm create") as c:
        c.argument("vm_name", options_list=["--name", "-n"],
                   help="Name of the host: its VM, its host name and, where it is free, its DNS label.")
        c.argument("location", options_list=["--location", "-l"], configured_default="location",
                   type=validators.location_type, completer=get_location_completion_list,
                   help="Region, as 'westus' or \"West US\". Default: the resource group's.")
        c.argument("image", completer=completers.image_names,
                   help="Linux image: an alias such as Debian13 or one of az's, a URN (publisher:offer:sku:version) or "
                        "a resource id. " + default("Ubuntu 24.04 LTS (Ubuntu2404)", "image", "IMAGE"))
        c.argument("size", help="Size of the VM; see 'az vm list-skus'. "
                                + default(names.DEFAULT_SIZE, "size", "SIZE"))
        c.argument("tags", tags_type)
        c.argument("public_ip_address_dns_name", options_list=["--public-ip-address-dns-name", "--dns-name"],
                   type=validators.filled_type,
                   help="DNS label of the host. One that is taken is an error. Default: the name in lower case, or one "
                        "derived from it where that is taken or no valid label.")
        c.argument("provisioner", arg_type=get_enum_type(PROVISIONERS),
                   help="How Docker gets onto the VM. auto: the Docker VM extension for images that it was made for, "
                        "where the region publishes it, else run commands; these also take over if it fails. "
                        + default("auto", "provisioner", "PROVISIONER"))
        c.argument("timeout", help="Time allowed for all of it, such as 20m or 1h30m; a bare number is seconds. "
                                   "Default: 20m.")

    with loader.argument_context("dockervm create", arg_group="Login") as c:
        c.argument("admin_username", options_list=["--admin-username", "-u"],
                   help="User name on the VM. Default: your own, or azureuser where that is reserved or no Linux name. "
                        "'docker' is not possible.")
        c.argument("admin_password", options_list=["--admin-password", "-p"], nargs="?",
                   const=validators.ASK_FOR_PASSWORD,
                   help="Password: 12 to 72 characters with three of lower case, upper case, digit and special. "
                        "-p alone asks for it; -p @file reads it from a file. What is typed on the command line can "
                        "be read in the shell's history, in process lists and in az's --debug log.")
        c.argument("ssh_key_values", options_list=["--ssh-key-values"], nargs="+",
                   help="OpenSSH public keys, or files that hold them, separated by spaces. Default: "
                        "~/.ssh/id_rsa.pub or ~/.ssh/id_ed25519.pub.")
        c.argument("generate_ssh_keys", options_list=["--generate-ssh-keys"], action="store_true",
                   help="Make ~/.ssh/id_rsa and id_rsa.pub if there are no key files, without saying so as a warning. "
                        "The same happens, with a warning, when neither password nor key is given.")

    with loader.argument_context("dockervm create", arg_group="Docker and network") as c:
        c.argument("docker_port", options_list=["--docker-port", "-dp"], type=validators.port_type,
                   help="Port on which Docker listens, with mutual TLS always. "
                        + default(names.DEFAULT_DOCKER_PORT, "docker_port", "PORT"))
        c.argument("ssh_port", options_list=["--ssh-port", "-e"], nargs="?", const=names.DEFAULT_SSH_PORT,
                   type=validators.port_type,
                   help="Open SSH. -e alone means 22; with another port sshd really listens there. Without it, SSH "
                        "stays closed.")
        c.argument("sources", options_list=["--source-address-prefixes", "--sources"], nargs="+",
                   type=validators.filled_type,
                   help="Who may reach Docker and SSH: IP addresses and ranges such as 203.0.113.0/24, separated by "
                        "spaces, or one service tag such as VirtualNetwork. "
                        + default("everybody", "sources", "203.0.113.0/24"))

    with loader.argument_context("dockervm enable") as c:
        c.argument("vm_name", options_list=["--name", "-n"], completer=completers.host_names,
                   help="Name of the host.")
        c.argument("replace_trust", action="store_true",
                   help="Make the host trust the certificate authority of your folder instead of the one that it "
                        "trusts now. Says whom that cuts off, and asks.")
        c.argument("timeout", help="Time allowed for all of it, such as 20m or 1h30m; a bare number is seconds. "
                                   "Default: 20m.")
        c.argument("yes", options_list=["--yes", "-y"], action="store_true", help="Do not ask for confirmation.")

    with loader.argument_context("dockervm info") as c:
        c.argument("vm_name", options_list=["--name", "-n"], id_part="name", completer=completers.host_names,
                   help="Name of the host.")

    with loader.argument_context("dockervm cert create") as c:
        c.argument("force", action="store_true",
                   help="Make a new certificate authority although there is one. Every host of the old one turns the "
                        "new client certificate away. The old files are kept in a backup folder.")
        c.argument("yes", options_list=["--yes", "-y"], action="store_true", help="Do not ask for confirmation.")
