"""Options of the lines that a shell evaluates."""

from __future__ import annotations

from azext_dockervm.client.shell_names import NAMES
from azext_dockervm.options.option import Option

ENV = (
    Option("shell", "--shell", "Shell that evaluates the lines. What takes sh's words takes bash's.",
           default_in_words="the one that az was called from", choices=NAMES),
    Option("unset", "--unset",
           "Print the lines that take DOCKER_TLS_VERIFY, DOCKER_HOST and DOCKER_CERT_PATH back. Needs neither host nor "
           "login.", default=False),
    Option("no_proxy", "--no-proxy",
           "Add the host to NO_PROXY and no_proxy, whose other hosts stay. --unset leaves both as they are.",
           default=False),
    Option("testcontainers", "--testcontainers",
           "Set TESTCONTAINERS_HOST_OVERRIDE and TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE too; with --unset, take them "
           "back.", default=False),
)
