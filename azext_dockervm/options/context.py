"""Options of the docker client's contexts and builders."""

from __future__ import annotations

from azext_dockervm.advice.option_values import example
from azext_dockervm.contexts import name as names
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.option import Option, filled
from azext_dockervm.printable import printable
from azext_dockervm.spec import rules

# Of a tunnel's near end: these are in the certificate of every host.
TUNNEL_ADDRESSES = ("127.0.0.1", "localhost")
# --docker-context without a name.
HOST_NAME = True


def check_tunnel(text: str) -> str:
    """``HOST:PORT`` → the endpoint there. Another address is refused: docker would refuse the host's certificate."""
    address, _, port = text.rpartition(":")
    if address.lower() not in TUNNEL_ADDRESSES:
        raise InvalidValue(f"--via: '{printable(text)}' is no near end of a tunnel: name it as 127.0.0.1:PORT or "
                           "localhost:PORT. The host's certificate names these two; by any other address docker would "
                           "refuse it.", example("--via", "127.0.0.1:2376"))
    try:
        return f"tcp://{address.lower()}:{rules.parse_port(port)}"
    except InvalidValue as error:
        raise InvalidValue(f"--via: {error.message}", example("--via", "127.0.0.1:2376")) from error


def _name_for_a_new_host(value: str | bool) -> str | bool | None:
    """``true`` and ``false`` are what configuration says for every host; a name fits one host alone."""
    text = str(value)
    if value is HOST_NAME or text.lower() == "true":
        return HOST_NAME
    return None if text.lower() == "false" else names.check_context(text, "--docker-context")


NEW_CONTEXT = (
    Option("context_name", "--context-name", "Name of the context.", default_in_words="the host's", read=filled,
           check=names.check_context),
    Option("via", "--via", "Reach the host through a tunnel whose near end is here: 127.0.0.1:PORT or localhost:PORT.",
           default_in_words="the host's own name and port", read=filled, check=check_tunnel),
    Option("use", "--use", "Make it the current context: docker commands that name none go to this host from then on.",
           default=False),
)
# Of a host that is made.
DOCKER_CONTEXT = (
    Option("docker_context", "--docker-context",
           "Make a context of the docker client for the host once it works; without a name it has the host's. Then "
           "the certificates need not be named. 'true' means the same for every host, 'false' no context.", "Docker",
           default_in_words="none is made", example="true", check=_name_for_a_new_host,
           parser={"nargs": "?", "const": HOST_NAME}),
)
_NAMED = {"completer": "context_names"}
CONTEXT = (
    Option("context_name", "--name -n", "Name of the context.", required=True,
           check=names.check_any_context, parser=_NAMED),
)
CONTEXT_OR_CURRENT = (
    Option("context_name", "--name -n", "Name of the context.", default_in_words="the current one",
           read=filled, check=names.check_any_context, parser=_NAMED),
)
REMOVAL = (
    Option("force", "--force", "Remove it although it is the current context.", default=False),
)
BUILDER = (
    Option("builder_name", "--name -n", "Name of the builder.", required=True,
           check=names.check_builder),
)
NODES = (
    Option("hosts", "--hosts", "Names of the hosts that build, separated by spaces.", required=True,
           check=lambda hosts: tuple(dict.fromkeys(map(_host_name, hosts))), parser={"nargs": "+"}),
)


def _host_name(name: str) -> str:
    try:
        return rules.check_vm_name(name)
    except InvalidValue as error:
        raise InvalidValue(error.message, example("--hosts", "web1", "web2")) from error
