"""The handlers: each reads its arguments, calls the rooms below, shapes the result."""

from __future__ import annotations

from azext_dockervm.error_map import az_errors


@az_errors
def create_host(cmd, resource_group_name, vm_name, location=None, image=None, size=None, admin_username=None,
                admin_password=None, ssh_key_values=None, generate_ssh_keys=False, docker_port=None, cert_dir=None,
                ssh_port=None, sources=None, public_ip_address_dns_name=None, provisioner=None, timeout=None,
                tags=None):
    arguments = {key: value for key, value in locals().items() if key not in ("cmd", "resource_group_name", "vm_name")}
    from dataclasses import replace

    from azext_dockervm import _validators as login
    from azext_dockervm import arguments as typed
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.output import shapes
    from azext_dockervm.plan import host

    spec = typed.host_spec(cmd, resource_group_name, vm_name, arguments)
    store = CertificateStore(typed.certificate_folder(cmd, cert_dir))
    store.check()
    # The password last: nobody types it twice only to read that another argument is wrong.
    spec = replace(spec, admin_password=login.admin_password(admin_password))
    with _listening(cmd) as listener:
        _warn_of_folder(store, listener)
        azure = _azure(cmd, spec.timeout)
        prepared = host.prepare(azure, spec, store)
        made = host.create(azure, prepared, store, listener,
                           lambda: login.usual_ssh_keys(generate_ssh_keys, listener.warn))
        _tell_the_end(cmd, made, store.folder, listener)
    return shapes.host(made, str(store.folder))


@az_errors
def enable_host(cmd, resource_group_name, vm_name, replace_trust=False, cert_dir=None, timeout=None, yes=False):
    from azext_dockervm import arguments as typed
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.errors import MissingArgument
    from azext_dockervm.output import shapes
    from azext_dockervm.plan import enable

    spec = typed.host_spec(cmd, resource_group_name, vm_name, {"cert_dir": cert_dir, "timeout": timeout})
    if not replace_trust:
        raise MissingArgument("Say what to enable: --replace-trust makes the host trust the certificate authority of "
                              "your folder.", "az dockervm enable --help")
    store = CertificateStore(typed.certificate_folder(cmd, cert_dir))
    store.check()
    with _listening(cmd) as listener:
        _warn_of_folder(store, listener)
        made = enable.replace_trust(_azure(cmd, spec.timeout), spec, store, listener,
                                    lambda text: _confirm(text, "Replace its trust?", yes, listener))
        _tell_the_end(cmd, made, store.folder, listener)
    return shapes.host(made, str(store.folder))


@az_errors
def show_info(cmd, resource_group_name, vm_name, cert_dir=None):
    from azext_dockervm import arguments as typed
    from azext_dockervm import rules
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.output import shapes
    from azext_dockervm.plan import report, view

    rules.check_resource_name(resource_group_name, "--resource-group")
    rules.check_resource_name(vm_name, "--name")
    folder = CertificateStore(typed.certificate_folder(cmd, cert_dir)).folder
    azure = _azure(cmd)
    seen = view.read(azure, resource_group_name, vm_name, cmd.cli_ctx.data.get("subscription_id"))
    engine = report.ask_engine(azure, seen, folder)
    with _listening(cmd) as listener:
        for warning in report.warnings(seen, engine, cert_dir):
            listener.warn(warning)
    return shapes.info(seen, engine, str(folder))


@az_errors
def create_certificates(cmd, cert_dir=None, force=False, yes=False):
    from azext_dockervm import arguments
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.output import shapes

    store = CertificateStore(arguments.certificate_folder(cmd, cert_dir))
    with _listening(cmd) as listener:
        if force and _there_is_something(store):
            _confirm_replacement(store, yes, listener)
            change = store.replace()
        else:
            change = store.ensure()
        if change.client_issued:
            listener.say(f"{store.folder}: new client certificate by the same authority; {change.client_words}.")
        if change.backup:
            listener.say(f"The old files are kept in {change.backup}.")
        if not change.created and not change.client_issued:
            listener.say(f"{store.folder} has a sound set of certificates; it was left as it is.")
        state = store.state()
        for warning in state.warnings:
            listener.warn(warning)
    return shapes.certificates(state, change)


@az_errors
def show_certificates(cmd, cert_dir=None):
    from azext_dockervm import arguments
    from azext_dockervm.certs.store import CertificateStore
    from azext_dockervm.errors import NotFound
    from azext_dockervm.output import shapes
    from azext_dockervm.shell import typed

    state = CertificateStore(arguments.certificate_folder(cmd, cert_dir)).state()
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


def _warn_of_folder(store, listener) -> None:
    for warning in store.warnings():
        listener.warn(warning)


def _tell_the_end(cmd, made, folder, listener) -> None:
    """What to type now; for a host that can't be reached from here an alert, and an exit code that scripts see."""
    from azext_dockervm.advice import sentences
    from azext_dockervm.engine.endpoint import Endpoint
    from azext_dockervm.output import exit_code

    if not made.proof.reachable:
        listener.alert(sentences(f"Docker on '{made.spec.name}' works, as the host itself has checked, but it can't be "
                                 f"reached from here: {made.proof.cause}", f"Hence exit code {exit_code.UNREACHABLE}."))
        exit_code.end_with(cmd.cli_ctx, exit_code.UNREACHABLE)
    listener.say(f"Now type: {Endpoint(made.fqdn, made.spec.docker_port, folder).command('info')}")


def _there_is_something(store) -> bool:
    state = store.state()
    return bool(state.problem or state.authority or state.client or state.has_authority_key)


def _confirm_replacement(store, yes: bool, listener) -> None:
    subject = store.state().authority
    who = f" '{subject.subject}'" if subject else ""
    _confirm(f"This replaces the certificate authority{who} in {store.folder}. Every Docker host that trusts it turns "
             "the new client certificate away; only the old files, kept in a backup folder, still open those hosts.",
             "Replace it?", yes, listener)


def _confirm(text: str, question: str, yes: bool, listener) -> None:
    """Says what somebody loses, and asks; with --yes it is a warning like any other. Raises where it shall not be."""
    from knack.prompting import NoTTYException, prompt_y_n

    from azext_dockervm.errors import Interrupted, MissingArgument

    if yes:
        listener.warn(text)
        return
    listener.alert(text)
    try:
        if not prompt_y_n(question, default="n"):
            raise Interrupted("Nothing was changed.")
    except NoTTYException as error:
        raise MissingArgument("There is no terminal to ask on. Nothing was changed.",
                              "Say --yes to go on without a question.") from error
