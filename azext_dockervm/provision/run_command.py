"""The run-command provisioner: the set-up script by managed run commands, and nothing else.

The server's key is born on the host and stays there.
"""

from __future__ import annotations

from collections.abc import Mapping

from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Ref
from azext_dockervm.flow.step import Results, Step
from azext_dockervm.provision.choice import RUN_COMMAND
from azext_dockervm.provision.host_values import to_install, to_serve
from azext_dockervm.provision.script.answer import Answer, encoded
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, PROVISIONED, Provisioned, Target, names_in_words
from azext_dockervm.secret import Secret


def steps(target: Target, after: tuple[str, ...]) -> list[Step]:
    """request → certificate → serve → provisioned. An engine that is there keeps its settings."""
    spec = target.spec
    keeps = {"DOCKERVM_KEEP_SETTINGS": "1"} if target.keeps_settings else {}

    def sign(results: Results, _deadline: Deadline) -> bytes:
        signed: bytes = results[AUTHORITY].sign_request(results["request"]["csr"].encode(), results[ADDRESS].identity)
        return signed

    request = action_step(
        target, "request", "request", "install Docker and make the server's key on the host",
        {"DOCKERVM_SUBJECT": Ref(ADDRESS, "identity", "common_name"),
         "DOCKERVM_NAMES": Ref(ADDRESS, "identity", via=str), "DOCKERVM_SSH_PORT": str(spec.network.ssh_port or ""),
         **to_install(spec)}, after)
    serve = action_step(
        target, "serve", "serve", "give the certificate to the engine, restart and check it",
        {"DOCKERVM_CA": Ref(AUTHORITY, "certificate_pem", via=encoded),
         "DOCKERVM_CERT": Ref("certificate", via=encoded),
         **keeps, **to_serve(spec)})
    return [
        request,
        Step("certificate", "sign the server's certificate", sign, needs=("request", AUTHORITY, ADDRESS),
             detail=names_in_words),
        serve,
        Step(PROVISIONED, "note the certificate",
             lambda results, _deadline: Provisioned.of(RUN_COMMAND, results["certificate"], checked=True),
             needs=("serve", "certificate"), quiet=True),
    ]


# The key of an answer that names mirrors of Docker Hub which the host can't reach.
SILENT_MIRRORS = "silent-mirrors"


def action_step(target: Target, key: str, action: str, title: str, parameters: Mapping[str, str | Ref | Secret[str]],
                after: tuple[str, ...] = ()) -> Step:
    """One action of the set-up script on the host; its result is the host's ``Answer``."""
    request = target.commands.request(action, parameters)

    def ask(results: Results, deadline: Deadline) -> Answer:
        return target.commands.run(request.resolved(results), deadline)

    return Step(key, title, ask, request, needs=after)
