"""What a host is to run: by one run command, whatever has set the host up. It is no part of whether the host works."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace

from azext_dockervm.advice.refusals import of_any_command
from azext_dockervm.errors import DockerVMError, Interrupted
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.step import Results, Step
from azext_dockervm.provision.host_values import to_install
from azext_dockervm.provision.run_commands import failure
from azext_dockervm.provision.script.answer import Answer, encoded
from azext_dockervm.provision.target import Target
from azext_dockervm.secret import Secret
from azext_dockervm.spec.compose_file import hidden
from azext_dockervm.spec.workload import Workload

KEY = ACTION = "compose"
# Where making the host has used up the time of the run, images are pulled all the same.
LEAST_SECONDS = 300.0
RUNNING, FAILED = "running", "failed"
# A task that has done its work is no service that has failed; what was only created has nothing to say.
_FINE = (RUNNING, "exited (0)", "created")


@dataclass(frozen=True)
class Service:
    """A container of a service: ``state`` as Docker calls it, or ``unhealthy``, ``exited (1)`` and the like; ``ports``
    as ``docker ps`` shows them."""

    name: str
    state: str
    ports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """``problem`` is what went wrong, in whole sentences with the host's own words; None where nothing did.
    ``containers`` is their number, of which ``services`` may not have all. ``advice`` is what to type besides."""

    workload: Workload
    logged_in: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    containers: int = 0
    problem: str | None = None
    advice: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        return FAILED if self.problem else RUNNING

    @property
    def broken(self) -> tuple[str, ...]:
        """Services that were started and do not run."""
        return tuple(dict.fromkeys(one.name for one in self.services if one.state not in _FINE))


def step(target: Target) -> Step:
    """Its result is an ``Outcome``, also where that is a failure: the host works."""
    workload = target.spec.workload
    request = target.commands.request(ACTION, {**to_install(target.spec), **parameters(workload)})

    def bring_up(results: Results, deadline: Deadline) -> Outcome:
        try:
            answer = target.commands.try_to_run(request.resolved(results), deadline)
        except Interrupted:
            raise
        except DockerVMError as error:
            return Outcome(workload, problem=error.message, advice=error.recommendations or of_any_command(error))
        return _outcome(target, answer)

    return Step(KEY, _title(workload), bring_up, request, detail=_detail, limit=_time)


def _time(run: Deadline) -> Deadline:
    return run if run.remaining() > LEAST_SECONDS else Deadline(LEAST_SECONDS, run.cancellation)


def _title(workload: Workload) -> str:
    logins = ", ".join(login.server for login in workload.logins)
    parts = [f"log in to {logins}"] if logins else []
    return " and ".join([*parts, *([f"bring the Compose project '{workload.project}' up"] if workload.compose else [])])


def _detail(outcome: Outcome) -> str:
    if outcome.problem:
        return "not all of it"
    return ", ".join(f"{one.name} {one.state}" for one in outcome.services[:5])


def parameters(workload: Workload) -> dict[str, str | Secret[str]]:
    """What the script is told of it; all that anybody has written is secret."""
    logins = " ".join(f"{one.server} {encoded(one.user)} {encoded(one.password.reveal())}"
                      for one in workload.logins if one.password)
    compose, environment = workload.compose, workload.environment
    secret = {
        "DOCKERVM_LOGINS": encoded(logins),
        "DOCKERVM_COMPOSE_FILE": _packed(compose.text) if compose else "",
        "DOCKERVM_COMPOSE_ENV": _packed(environment.text.reveal()) if environment else "",
        "DOCKERVM_HIDDEN": encoded("\n".join(hidden(workload)))}
    return {"DOCKERVM_PROJECT": workload.project, "DOCKERVM_BUILDS": "1" if compose and compose.builds else "",
            **{name: Secret(value) for name, value in secret.items() if value}}


def _packed(text: str) -> str:
    # Without a time of its own, so that the same text is the same parameter.
    return encoded(gzip.compress(text.encode(), mtime=0))


def _outcome(target: Target, answer: Answer) -> Outcome:
    services, number = tuple(_services(answer.values.get("services", ""))), answer.values.get("containers", "")
    found = Outcome(target.spec.workload, tuple(answer.values.get("logins", "").split()), services,
                    int(number) if number.isdecimal() else len(services))
    if answer.ok:
        return found
    error = failure(ACTION, answer, target.spec)
    return replace(found, problem=error.message, advice=error.recommendations)


def _services(text: str) -> list[Service]:
    """NAME|STATE|PORT,PORT;…"""
    found = []
    for one in filter(None, text.split(";")):
        name, state, ports = (*one.split("|"), "", "")[:3]
        found.append(Service(name, state, tuple(filter(None, ports.split(",")))))
    return found
