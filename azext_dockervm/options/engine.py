"""Options of the Docker engine."""

from __future__ import annotations

from azext_dockervm.azure import names
from azext_dockervm.options.option import Option
from azext_dockervm.options.tls_names import tls_names
from azext_dockervm.spec import rules

ENGINE = (
    Option("docker_port", "--docker-port -dp", "Port on which Docker listens, with mutual TLS always.",
           "Docker", default=names.DEFAULT_DOCKER_PORT, example="2376", read=rules.parse_port, place="engine.port"),
    Option("tls_san", "--tls-san",
           "Names and addresses that the server's certificate names besides the host's own, such as a name in your own "
           'DNS, separated by spaces. They are kept for later certificates; those of an existing host become these, '
           '"" none.', "Docker", default_in_words="none", check=tls_names, place="engine.tls_names",
           parser={"nargs": "+"}),
)
