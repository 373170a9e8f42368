"""The docker-extension provisioner: the Docker VM extension of the 2014 command, with its certificates.

Its handler wants the server's key in its protected settings (base64 of PEM): the one case in which the key travels.
Azure encrypts them for the VM's agent and never returns them.

On images that are younger than it the handler fails at installing Docker. It installs nothing where it finds ``docker``
and ``/usr/local/bin/docker-compose``, so there the set-up script puts both in place first.
"""

from __future__ import annotations

from azext_dockervm import advice
from azext_dockervm.errors import AzureRefused, HostFailed, NotFound
from azext_dockervm.names import EXTENSION_PUBLISHER, EXTENSION_TYPE
from azext_dockervm.plan.step import Step
from azext_dockervm.provision.base import DOCKER_EXTENSION, RUN_COMMAND, Job, Provisioned, of_extension_era
from azext_dockervm.provision.daemon import extension_options
from azext_dockervm.provision.run_command import when_free
from azext_dockervm.provision.script import encoded


def body(job: Job, credential) -> dict:
    """The PUT's body, in the form that the handler's own settings structure reads: port as text, PEMs as base64."""
    certs = {"ca": encoded(job.authority.certificate_pem), "cert": encoded(credential.certificate_pem),
             "key": encoded(credential.key_pem.reveal())}
    settings = {"docker": {"port": str(job.spec.docker_port), "options": extension_options()}}
    if job.spec.cloud == "AzureChinaCloud":     # where the handler then takes Docker from a mirror that can be reached
        settings["azure-environment"] = job.spec.cloud
    return {"location": job.spec.location, "tags": job.spec.part_tags(job.run_id), "properties": {
        "publisher": EXTENSION_PUBLISHER, "type": EXTENSION_TYPE, "typeHandlerVersion": "1.0",
        "autoUpgradeMinorVersion": True, "settings": settings, "protectedSettings": {"certs": certs}}}


def steps(job: Job) -> list[Step]:
    """certificate, prepare → extension (→ ssh, restart) → serve; the result of 'serve' is a ``Provisioned``."""
    spec, azure = job.spec, job.azure

    def prepare(_results) -> None:
        job.commands.ask("install", DOCKERVM_COMPOSE="1", DOCKERVM_USER=spec.admin_username)

    def put(results) -> None:
        try:
            when_free(azure.deadline, lambda: azure.put_extension(
                spec.group, spec.name, EXTENSION_TYPE, body(job, results["certificate"])))
        except (AzureRefused, NotFound) as error:
            without = advice.other_create_command(spec, "--provisioner", RUN_COMMAND)
            raise HostFailed(f"The Docker VM extension failed: {error.message}",
                             None if job.finished else f"To set the host up without it: {without}") from error

    def provisioned(results) -> Provisioned:
        return Provisioned.of(DOCKER_EXTENSION, results["certificate"].certificate_pem, checked=False)

    before = ()
    plan = [Step("certificate", "issue the server's certificate", lambda _r: job.authority.issue_server(job.identity))]
    if needs_preparation(job):
        plan.append(Step("prepare", "install Docker and Compose, which the extension then finds", prepare))
        before = ("prepare",)
    plan.append(Step("extension", "install the Docker VM extension", put, ("certificate", *before)))
    last = "extension"
    for action in extra_actions(job):
        plan.append(Step(action, EXTRA_TITLES[action], _asking(job, action), (last,)))
        last = action
    return [*plan, Step("serve", "note the certificate", provisioned, (last,), quiet=True)]


def needs_preparation(job: Job) -> bool:
    return not job.finished and not of_extension_era(job.spec.image)


EXTRA_TITLES = {"ssh": "move sshd to its port", "restart": "restart the engine with its new certificate"}


def extra_actions(job: Job) -> list[str]:
    """What the handler can't do and the set-up script does: sshd's port; a restart, since the handler restarts the
    engine only when its unit file changed, so on a second run the new certificate would lie there unused."""
    moved = ["ssh"] if job.spec.ssh_port not in (None, 22) else []
    return [*moved, *(["restart"] if job.resumed else [])]


def _asking(job: Job, action: str):
    return lambda _results: job.commands.ask(action, DOCKERVM_SSH_PORT=str(job.spec.ssh_port or ""))
