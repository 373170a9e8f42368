"""Traces of creates that never were: each span at the second that a test wants it."""

from __future__ import annotations

from datetime import datetime, timezone

from azext_dockervm.flow.trace import DONE, FAILED, CallSpan, PauseSpan, State, StepSpan, Trace

GROUP = "/subscriptions/…/resourceGroups/demo"
NETWORK, COMPUTE = f"{GROUP}/providers/Microsoft.Network", f"{GROUP}/providers/Microsoft.Compute"
VM = f"{COMPUTE}/virtualMachines/web1"
OPERATION = "/subscriptions/…/providers/Microsoft.Compute/locations/westus/operations/…"


class MadeUp:
    """``trace`` is what has been put together so far; times are in seconds."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.trace.begun_at = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)

    def step(self, key: str, began: float, ended: float | None, **more) -> StepSpan:
        more = {"title": f"title of {key}", "outcome": "" if ended is None else DONE, **more}
        span = StepSpan(key=key, began=began, ended=ended, **more)
        self.trace.steps.append(span)
        return span

    def call(self, step: StepSpan | None, began: float, ended: float | None, path: str = VM, status: int | None = 200,
             method: str = "GET", **more) -> CallSpan:
        more = {"outcome": "" if ended is None else DONE, "version": "2024-11-01", **more}
        span = CallSpan(step=step, method=method, path=path, began=began, ended=ended, status=status, **more)
        self.trace.calls.append(span)
        return span

    def pause(self, step: StepSpan | None, began: float, ended: float | None) -> None:
        self.trace.pauses.append(PauseSpan(step=step, began=began, ended=ended, outcome=DONE))

    def state(self, at: float, who: str, text: str) -> None:
        self.trace.states.append(State(at, who, text))

    def over(self, ended: float, outcome: str = DONE, why: str = "") -> Trace:
        self.trace.whole.ended, self.trace.whole.outcome, self.trace.whole.why = ended, outcome, why
        return self.trace

    def polled(self, step: StepSpan, began: float, ended: float, every: float) -> None:
        at = began
        while at < ended:
            self.call(step, at, at + 0.1, OPERATION)
            self.pause(step, at + 0.1, min(at + every, ended))
            at += every


def create(polls: float = 3.0) -> Trace:
    """A create with a fallback, of some 100 requests: the first provisioner fails, a call was refused in between."""
    made = MadeUp()
    look = made.step("prepare", 0.0, 1.2, title="look at what is there")
    for number in range(9):
        made.call(look, 0.2 + number / 10, 0.28 + number / 10, f"{NETWORK}/thing{number}/web1", 404)
    made.step("authority", 1.25, 1.3, title="certificate authority and client certificate")
    for key, ended in (("security_group", 6.0), ("virtual_network", 9.0), ("public_ip", 4.0)):
        step = made.step(key, 1.3, ended, title=f"create the {key.replace('_', ' ')} 'web1'", after="authority",
                         needs=("authority",))
        made.call(step, 1.3, 1.9, f"{NETWORK}/{key}/web1", 201, "PUT")
        made.polled(step, 2.0, ended, 1.0)
    nic = made.step("network_interface", 9.0, 9.5, title="create the network interface", after="virtual_network",
                    needs=("public_ip", "security_group", "virtual_network"))
    made.call(nic, 9.0, 9.1, f"{NETWORK}/networkInterfaces/web1", None, "PUT", outcome=FAILED, why="")
    made.call(nic, 9.2, 9.4, f"{NETWORK}/networkInterfaces/web1", 201, "PUT", attempt=2)
    vm = made.step("vm", 9.5, 88.0, title="create the VM 'web1'", after="network_interface")
    made.call(vm, 9.5, 10.0, status=201, method="PUT")
    made.polled(vm, 10.0, 88.0, polls)
    first = made.step("provisioned", 88.0, 110.0, title="wait at the host's door", after="vm", outcome=FAILED,
                      why="the host failed")
    for number in range(10):
        made.call(first, 88.0 + 2 * number, 88.2 + 2 * number, "192.0.2.7:4243", None, "TLS", outcome=FAILED,
                  why="refused")
    request = made.step("request", 110.0, 150.0, title="install Docker and make the server's key on the host",
                        after="provisioned")
    made.polled(request, 110.0, 150.0, polls)
    proof = made.step("proof", 150.0, 151.0, title="verified call of Docker on 'web1', port 4243", after="request")
    made.call(proof, 150.2, 150.4, "web1.example:4243", None, "TLS")
    for at, text in ((89.0, "waiting"), (91.0, "installing"), (109.0, "failed: apt")):
        made.state(at, "door", text)
    for number in range(12):
        made.call(proof, 150.45 + number / 24, 150.46 + number / 24, f"{NETWORK}/thing{number}/web1")
    made.state(150.4, "engine", "answers")
    made.call(None, 1.21, 1.24, f"{COMPUTE}/virtualMachines/web1", 404)
    return made.over(152.0)
