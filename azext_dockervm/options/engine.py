"""Options of the Docker engine."""

from __future__ import annotations

from azext_dockervm.options.option import Option
from azext_dockervm.spec import rules
from azext_dockervm.spec.engine import Engine

ENGINE = (
    Option("docker_port", "--docker-port -dp", "Port on which Docker listens, with mutual TLS always.",
           "Docker", default=Engine.port, example="2376", read=rules.parse_port, place="engine.port"),
)
