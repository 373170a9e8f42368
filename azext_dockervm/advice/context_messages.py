"""Whole messages about the docker client's contexts, with what to type."""

from __future__ import annotations

from azext_dockervm.advice import context_commands, host_commands
from azext_dockervm.advice.option_values import remove_variable
from azext_dockervm.advice.subject import AskedHost


def variable_wins(variable: str, name: str) -> str:
    """The environment decides, whatever context was chosen."""
    return (f"{variable} is set, and docker takes it before the context '{name}'. "
            f"{remove_variable(variable)}")


def current_is_gone(name: str) -> str:
    return (f"The current context is '{name}', and there is none of that name: docker commands fail. To choose "
            f"docker's own: {context_commands.use('default')}")


def not_made(host: AskedHost, name: str, cause: str) -> str:
    """The warning about a host that works and has no context."""
    return (f"The host '{host.name}' works, but its context '{name}' could not be made: {cause.rstrip('. ')}. To make "
            f"it: {context_commands.create(host, name)}")


def not_refreshed(folder: object, cause: str) -> str:
    """The warning of a command that changed certificates and could not follow it up."""
    return (f"Contexts of the docker client may still have earlier certificates than those in {folder}: "
            f"{cause.rstrip('. ')}. To see which: {context_commands.list_contexts()}")


def keeps_old_authority(name: str, host: AskedHost) -> str:
    """A context whose host trusts the authority before; what it has is what opens the host."""
    return (f"The context '{name}' of the docker client keeps the certificates of the authority before, since they "
            f"open its host. To make the host trust the new one, and refresh the context: {host_commands.enable(host)}")


def was_the_current(name: str) -> str:
    """The warning about plain docker commands, which went to a host that is gone."""
    return (f"'{name}' was the current context. docker commands that name none go to this computer's own engine from "
            f"now on. To choose another: {context_commands.use('NAME')}")


def builder_lost_a_node(builder: str, context: str) -> str:
    """The warning about a builder that is not ours."""
    return (f"The builder '{builder}', which dockervm did not make, has a node on the context '{context}', which is "
            f"gone. To look at it: {context_commands.list_builders()}")


def node_not_taken_out(builder: str, cause: str) -> str:
    return (f"{cause.rstrip('. ')}. To remove the whole builder: "
            f"{context_commands.remove_builder_by_buildx(builder)}")


def not_removed(cause: str) -> str:
    """The warning of a deletion that could not see to the docker client."""
    return (f"Contexts of the docker client may still name the host: {cause.rstrip('. ')}. To see which: "
            f"{context_commands.list_contexts()}")
