"""The handlers: each reads its arguments, calls the rooms below, shapes the result."""

from __future__ import annotations

import sys

from azext_dockervm.error_map import az_errors
from azext_dockervm.names import (
    DEFAULT_CERTIFICATE_FOLDER,
    DEFAULT_DOCKER_PORT,
    DEFAULT_IMAGE,
    DEFAULT_SIZE,
    DEFAULT_TIMEOUT,
)


@az_errors
def create_host(cmd, resource_group_name, vm_name, location=None, image=DEFAULT_IMAGE, size=DEFAULT_SIZE,
                admin_username=None, admin_password=None, ssh_key_values=None, generate_ssh_keys=False,
                docker_port=DEFAULT_DOCKER_PORT, cert_dir=DEFAULT_CERTIFICATE_FOLDER, ssh_port=None,
                public_ip_address_dns_name=None, provisioner="auto", timeout=DEFAULT_TIMEOUT, tags=None):
    from dataclasses import replace

    from azext_dockervm import _validators as login
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.output import shapes
    from azext_dockervm.plan import host
    from azext_dockervm.spec import HostSpec

    login.check_login(admin_password, ssh_key_values, generate_ssh_keys)
    spec = HostSpec.from_arguments(
        resource_group_name, vm_name, location=location, image=image, size=size,
        admin_username=login.admin_username(admin_username), docker_port=docker_port, ssh_port=ssh_port,
        dns_label=public_ip_address_dns_name, provisioner=provisioner, timeout=timeout, tags=tags)
    store = CertificateStore(cert_dir)
    store.check()
    # The password last: nobody types it twice only to read that another argument is wrong.
    spec = replace(spec, ssh_keys=login.given_ssh_keys(ssh_key_values), certificate_folder=str(cert_dir),
                   subscription=cmd.cli_ctx.data.get("subscription_id"), cloud=cmd.cli_ctx.cloud.name,
                   login_words=login.login_words(admin_password, ssh_key_values, generate_ssh_keys),
                   admin_password=login.admin_password(admin_password))
    with _listening(cmd) as listener:
        azure = _azure(cmd, spec.timeout)
        prepared = host.with_login(host.prepare(azure, spec),
                                   lambda: login.usual_ssh_keys(generate_ssh_keys, listener.warn))
        made = host.create(azure, prepared, store, listener)
        _tell_what_to_type(made, store.folder, listener)
    return shapes.host(made, str(store.folder))


@az_errors
def show_info(cmd, resource_group_name, vm_name, cert_dir=DEFAULT_CERTIFICATE_FOLDER):
    from azext_dockervm import rules
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.output import shapes
    from azext_dockervm.plan import report, view

    rules.check_resource_name(resource_group_name, "--resource-group")
    rules.check_resource_name(vm_name, "--name")
    folder = CertificateStore(cert_dir).folder
    seen = view.read(_azure(cmd), resource_group_name, vm_name)
    engine = report.ask_engine(seen, folder)
    return {**shapes.machine(seen), "engine": shapes.engine(engine.state) if engine.state else None,
            "engineUnreachable": engine.reason, "serverCertificateExpires": engine.certificate_expires,
            "certDir": str(folder)}


@az_errors
def create_certificates(cmd, cert_dir=DEFAULT_CERTIFICATE_FOLDER, force=False, yes=False):
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.output import shapes

    store = CertificateStore(cert_dir)
    with _listening(cmd) as listener:
        if force and _there_is_something(store):
            _confirm_replacement(store, yes, listener.warn)
            change = store.replace()
        else:
            change = store.ensure()
        if change.backup:
            listener.say(f"The old files are kept in {change.backup}.")
        if not change.created and not change.client_issued:
            listener.say(f"{store.folder} has a sound set of certificates; it was left as it is.")
    return shapes.certificates(store.state(), change)


@az_errors
def show_certificates(cmd, cert_dir=DEFAULT_CERTIFICATE_FOLDER):
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.errors import NotFound
    from azext_dockervm.output import shapes
    from azext_dockervm.shell import typed

    state = CertificateStore(cert_dir).state()
    if state.problem is None and state.authority is None and state.client is None:
        raise NotFound(f"{state.folder} holds no certificates.", typed(["az", "dockervm", "cert", "create", "-dc",
                                                                        state.folder]))
    with _listening(cmd) as listener:
        for warning in [*state.warnings, *([state.problem.message] if state.problem else [])]:
            listener.warn(warning)
    return shapes.certificates(state)


def _azure(cmd, seconds=None):
    from azext_dockervm.plan.arm import Azure
    from azext_dockervm.plan.deadline import Deadline

    return Azure.for_cli(cmd.cli_ctx, Deadline(seconds) if seconds else None)


def _listening(cmd):
    from contextlib import closing

    from azext_dockervm.output.progress import progress

    return closing(progress(cmd.cli_ctx.only_show_errors))


def _tell_what_to_type(made, folder, listener) -> None:
    from azext_dockervm.engine.endpoint import Endpoint

    endpoint = Endpoint(made.fqdn, made.spec.docker_port, folder)
    if not made.proof.reachable:
        listener.warn(f"Docker on '{made.spec.name}' works, as the host itself has checked, but it can't be reached "
                      f"from here: {made.proof.cause}.")
    listener.say(f"Now type: {endpoint.command('info')}")


def _there_is_something(store) -> bool:
    state = store.state()
    return bool(state.problem or state.authority or state.client or state.has_authority_key)


def _confirm_replacement(store, yes: bool, warn) -> None:
    """Says what --force cuts off, and asks; with --yes it is a warning like any other."""
    from knack.prompting import NoTTYException, prompt_y_n

    from azext_dockervm.errors import Interrupted, MissingArgument

    subject = store.state().authority
    who = f" '{subject.subject}'" if subject else ""
    text = (f"This replaces the certificate authority{who} in {store.folder}. Every Docker host that trusts it turns "
            "the new client certificate away; only the old files, kept in a backup folder, still open those hosts.")
    if yes:
        warn(text)
        return
    print(text, file=sys.stderr)
    try:
        if not prompt_y_n("Replace it?", default="n"):
            raise Interrupted("Nothing was changed.")
    except NoTTYException as error:
        raise MissingArgument("There is no terminal to ask on. Nothing was changed.",
                              "Say --yes to replace it without a question.") from error
