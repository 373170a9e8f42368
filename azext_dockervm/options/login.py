"""Options that say who logs in to a host's operating system, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.option_values import KEYS_ARE_SAFER, LEAVE_ONE_OUT
from azext_dockervm.azure import type_names
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.options.option import Option, Vm, filled
from azext_dockervm.options.ssh_keys import public_keys
from azext_dockervm.spec import rules
from azext_dockervm.spec.words import AUTHENTICATION_TYPES, SSH_KEY_TYPES

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec

# What -p without a value leaves; no password can hold a NUL.
ASK_FOR_PASSWORD = "\0"
_GROUP = "Login"


def _usual_user() -> str:
    """As ``az vm create``: the local user's name, or azureuser where Azure or Linux would refuse it."""
    import getpass

    try:
        return rules.check_user_name(getpass.getuser().lower())
    except (InvalidValue, OSError, KeyError, ImportError):   # getpass raises these where there is no name
        return "azureuser"


def _another_user(spec: HostSpec, vm: Vm) -> str | None:
    has = _user_of(vm)
    if not has or spec.login.user == has:
        return None
    return (f"the host's user is {has}.\nTo add another: "
            f"{host_commands.set_login(spec, spec.login.user, *_key_or_password(spec))}")


def _login_is_kept(spec: HostSpec, vm: Vm) -> str:
    change = host_commands.set_login(spec, _user_of(vm) or spec.login.user, *_key_or_password(spec))
    return f"the host keeps its login.\nTo change it: {change}"


def _key_or_password(spec: HostSpec) -> tuple[str, str]:
    """As ``az vm user update`` takes it. PASSWORD stands for the user's own, which is never said again."""
    if "admin_password" in spec.given:
        return "-p", "PASSWORD"
    files = spec.given["ssh_key_values"].words[1:2] if "ssh_key_values" in spec.given else ()
    return "--ssh-key-value", next(iter(files), "~/.ssh/id_rsa.pub")


def _user_of(vm: Vm) -> str | None:
    from azext_dockervm.body.virtual_machine import user_name

    return user_name(vm)


# Password or keys: a host with both has the weaker one's protection, so both have to be asked for.
_KEY_OPTIONS = ("ssh_key_values", "ssh_key_name", "generate_ssh_keys", "ssh_key_type")


def check_login(spec: HostSpec) -> None:
    """Key options, a password and what is said of both, as they were typed."""
    typed = {option.name: option.words[0] for option in LOGIN if option.name in spec.given}
    keys = [typed[name] for name in _KEY_OPTIONS if name in typed]
    if "admin_password" in typed and spec.login.authentication == "ssh":
        raise ConflictingArguments("--authentication-type ssh and --admin-password exclude each other.", LEAVE_ONE_OUT)
    if keys and spec.login.authentication == "password":
        raise ConflictingArguments(f"--authentication-type password and {keys[0]} exclude each other.", LEAVE_ONE_OUT)
    if "admin_password" in typed and keys and spec.login.authentication is None:
        raise ConflictingArguments(f"--admin-password and {keys[0]} exclude each other.", KEYS_ARE_SAFER)


LOGIN = (
    Option("admin_username", "--admin-username -u", "User name on the VM; 'docker' is not possible.", _GROUP,
           default=_usual_user,
           default_in_words="your own, or azureuser where that is reserved or no Linux name",
           check=rules.check_user_name, place="login.user", only_new=True, not_applied=_another_user),
    # It has no place in the spec: the handler asks for it and checks it last.
    Option("admin_password", "--admin-password -p",
           "Password: 12 to 72 characters with three of lower case, upper case, digit and special. -p alone asks for "
           "it; -p @file reads it from a file. What is typed on the command line can be read in the shell's history, "
           "in process lists and in az's --debug log.", _GROUP,
           only_new=True, secret=True, not_applied=_login_is_kept, parser={"nargs": "?", "const": ASK_FOR_PASSWORD}),
    Option("ssh_key_values", "--ssh-key-values",
           "OpenSSH public keys, or files that hold them, separated by spaces.", _GROUP,
           default_in_words="~/.ssh/id_rsa.pub or ~/.ssh/id_ed25519.pub", check=public_keys, place="login.ssh_keys",
           only_new=True, excludes={"generate_ssh_keys": LEAVE_ONE_OUT, "ssh_key_name": LEAVE_ONE_OUT},
           not_applied=_login_is_kept, parser={"nargs": "+", "completer": "files"}),
    Option("ssh_key_name", "--ssh-key-name",
           "Name or id of an SSH key that is a resource of Azure's ('az sshkey list'): its public key opens the host.",
           _GROUP, default_in_words="none", read=filled, place="login.ssh_key", only_new=True,
           check=lambda text: rules.resource_name_or_id(text, "--ssh-key-name", type_names.SSH_KEY),
           excludes={"generate_ssh_keys": LEAVE_ONE_OUT, "ssh_key_type": LEAVE_ONE_OUT}, not_applied=_login_is_kept,
           parser={"completer": "ssh_keys"}),
    Option("generate_ssh_keys", "--generate-ssh-keys",
           "Make ~/.ssh/id_rsa and id_rsa.pub if there are no key files, without saying so as a warning. The same "
           "happens, with a warning, when neither password nor key is given. --ssh-key-type chooses another kind.",
           _GROUP, default=False, only_new=True, not_applied=_login_is_kept),
    Option("ssh_key_type", "--ssh-key-type",
           "Kind of the key pair in ~/.ssh that opens the host, id_rsa or id_ed25519; it is made if it is not there.",
           _GROUP, default_in_words="the one that is there, else RSA", example="Ed25519", choices=SSH_KEY_TYPES,
           place="login.key_type", only_new=True, excludes={"ssh_key_values": LEAVE_ONE_OUT},
           not_applied=_login_is_kept),
    Option("authentication_type", "--authentication-type",
           "What opens the host: keys (ssh), a password, or both (all). A password that is not given is asked for.",
           _GROUP, default_in_words="password where one is given, else ssh", choices=AUTHENTICATION_TYPES,
           place="login.authentication", only_new=True, not_applied=_login_is_kept),
)
