"""What one command was given: what was typed, what az's configuration says, else the default; as values, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azext_dockervm.advice import option_values
from azext_dockervm.errors import ConflictingArguments
from azext_dockervm.options import echo
from azext_dockervm.options.carry import why_not_carried
from azext_dockervm.options.commands import option_of, options_of
from azext_dockervm.options.compose import check_workload
from azext_dockervm.options.configuration import Configuration
from azext_dockervm.options.login import check_login
from azext_dockervm.options.option import Option
from azext_dockervm.options.placement import check_placement
from azext_dockervm.options.platform import check_platform
from azext_dockervm.spec import architecture, custom_data, disk_rules, engine_rules, rules, security_rules
from azext_dockervm.spec.host import Given, HostSpec
from azext_dockervm.spec.network_rules import check_network
from azext_dockervm.spec.ports import check_open_ports
from azext_dockervm.spec.sources import ME


class Arguments:
    """``typed`` has what az parsed, by the options' names; what is missing, None or False was not typed. A value is
    checked when it is asked for, and then raises ``InvalidValue`` if it is wrong."""

    def __init__(self, command: str, typed: Mapping[str, Any], cli_ctx: Any) -> None:
        self._command, self._typed, self._cli_ctx = command, typed, cli_ctx
        self._configuration = Configuration(cli_ctx.config)

    def __getitem__(self, name: str) -> Any:
        return self._value(option_of(self._command, name))

    def typed(self, name: str) -> Any:
        """As az parsed it; None where it was not typed."""
        return self._typed.get(name)

    def host_spec(self) -> HostSpec:
        """The host that is meant, with everything that ``create`` could ask of one: where this command has no such
        option, configured or default. Raises ``InvalidValue`` and ``ConflictingArguments``; reads no file but those
        of --ssh-key-values, and asks nothing: the password is added later."""
        options = options_of("create")
        check_excluded(options, self._typed)
        values = {option.place: self._value(option) for option in options if option.place}
        placed = {place: value for place, value in values.items() if value is not None}
        if {ME} & {*placed["network.sources"], *placed.get("network.open_ports_sources", ())}:
            placed["network.echo"] = self._value(echo.OPTION)
        spec = HostSpec(placed.pop("group"), placed.pop("name"), given=given(options, self._typed),
                        subscription=self._cli_ctx.data.get("subscription_id"),
                        cloud=self._cli_ctx.cloud.name).having(placed)
        spec = architecture.settled(spec)
        check_together(spec)
        return spec

    def named_host(self, name: str | None = None) -> HostSpec:
        """The host that is named, of which nothing else is asked; ``name`` where the command names several."""
        known = {option.name for option in options_of(self._command)}
        shared = tuple(option for option in options_of("create") if option.name in known)
        return HostSpec(self["resource_group_name"], name or self["vm_name"], given=given(shared, self._typed),
                        subscription=self._cli_ctx.data.get("subscription_id"), cloud=self._cli_ctx.cloud.name)

    def _value(self, option: Option) -> Any:
        return self._configuration.value(option, self._typed.get(option.name))


def check_excluded(options: tuple[Option, ...], typed: Mapping[str, Any]) -> None:
    there = {option.name: option for option in options if option.was_typed(typed.get(option.name))}
    for option in there.values():
        for other, what_to_do in option.excludes.items():
            if other in there:
                raise ConflictingArguments(f"{option.words[0]} and {there[other].words[0]} exclude each other.",
                                           what_to_do)


def check_together(spec: HostSpec) -> None:
    """What no option shows by itself."""
    rules.check_ports(spec.engine.port, spec.network.ssh_port)
    network = spec.network
    check_network(network, spec.given)
    check_open_ports(network.open_ports, spec.engine.port, network.ssh_port,
                     network.open_ports_sources in (None, network.sources))
    security_rules.check_together(spec.security, spec.plan)
    disk_rules.check_together(spec.disks, spec.machine.size, image_brings_disks=spec.machine.image.id is not None)
    engine_rules.check_together(spec)
    check_login(spec)
    check_placement(spec)
    check_platform(spec)
    check_workload(spec)
    custom_data.check_together(spec.custom_data, spec.machine.image, spec.provisioner)
    reason = why_not_carried(spec.provisioner, spec)
    if reason:
        raise ConflictingArguments(f"--provisioner {spec.provisioner}: {reason}.",
                                   option_values.OTHER_PROVISIONER)


def given(options: tuple[Option, ...], typed: Mapping[str, Any]) -> dict[str, Given]:
    """Each of ``options`` that was typed, but for what names the host: every command says that anyhow."""
    return {option.name: option.given(typed[option.name]) for option in options
            if not option.required and option.was_typed(typed.get(option.name))}
