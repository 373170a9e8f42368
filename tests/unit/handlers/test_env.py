"""``env`` from what az parsed to what a shell evaluates."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from azure.cli.core import azclierror
from fake_azure import running

from azext_dockervm.azure import kinds
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.handlers import create, env

HOST = {"resource_group_name": "g", "vm_name": "web1"}
FQDN = "web1.westus.cloudapp.azure.com"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def made(cmd, cloud, folder, capsysbinary):
    """A host ``web1`` of ``folder``'s authority; what its create said is forgotten."""
    create.create(cmd, **HOST, cert_dir=str(folder), admin_password="Tall-Ships_2014+Docker", provisioner="run-command")
    capsysbinary.readouterr()
    cloud.log.clear()


@pytest.fixture
def lines(cmd, folder, capsysbinary):
    """Call the command: what is on stdout, and what on stderr."""
    def call(**typed) -> tuple[str, str]:
        assert env.env(cmd, **{**HOST, "cert_dir": str(folder), "shell": "bash", **typed}) is None
        captured = capsysbinary.readouterr()
        return captured.out.decode(), captured.err.decode()
    return call


@pytest.fixture
def refused(cmd, capsysbinary):
    """Call the command: message and recommendations of its error. There is nothing that a shell could evaluate."""
    def call(folder, kind=azclierror.ValidationError, **typed) -> tuple[str, str]:
        with pytest.raises(kind) as caught:
            env.env(cmd, **{**HOST, "cert_dir": str(folder), "shell": "bash", **typed})
        assert capsysbinary.readouterr().out == b""
        return caught.value.error_msg, " ".join(caught.value.recommendations)
    return call


def by_bash(lines: str, **before: str) -> dict[str, str]:
    """What children of a bash that has evaluated the lines have in their environment."""
    done = subprocess.run(["bash", "-c", 'eval "$1"; env -0', "bash", lines], capture_output=True, check=True,
                          env={"PATH": os.environ["PATH"], **before})
    assert done.stderr == b""
    return dict(one.split("=", 1) for one in os.fsdecode(done.stdout).split("\0") if one)


def test_the_lines_point_a_docker_client_at_the_host_by_two_requests_side_by_side(cmd, cloud, made, folder, lines):
    out, err = lines()
    found = by_bash(out)
    assert (found["DOCKER_TLS_VERIFY"], found["DOCKER_HOST"], found["DOCKER_CERT_PATH"]) \
        == ("1", f"tcp://{FQDN}:4243", str(folder))
    assert sorted(one.name for one in cloud.log) == ["web1", "web1PublicIP"] and err == ""
    assert not {"NO_PROXY", "no_proxy", "TESTCONTAINERS_HOST_OVERRIDE"} & found.keys()


class Engine(BaseHTTPRequestHandler):
    """As much of Docker's API as ``docker version`` asks for; it notes what else is asked of it."""

    asked: ClassVar[list[str]] = []

    def do_POST(self):
        self.asked.append(self.path.rpartition("/")[2].partition("?")[0])
        self.send_error(501)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        body = json.dumps({"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24"}).encode()
        self.send_response(200)
        self.send_header("Api-Version", "1.45")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def engine_port(folder, tmp_path):
    """Of an engine on this computer that lets in whom the folder's authority has certified."""
    served = CertificateStore(folder).load_authority().issue_server(ServerIdentity.parse(["localhost"]))
    (tmp_path / "server.pem").write_bytes(served.certificate_pem + served.key_pem.reveal())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no docker client")
def test_the_docker_client_speaks_with_an_engine_by_what_is_set(cloud, made, lines, tmp_path, engine_port):
    cloud.retag(kinds.VM, "web1", dockervm_port=str(engine_port))
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings={"fqdn": "localhost"})
    found = by_bash(lines()[0])
    done = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True,
                          check=False, timeout=30, env={**found, "HOME": str(tmp_path)})
    assert (done.stdout, done.stderr) == ("26.1.5\n", "")


@pytest.mark.skipif(not Path("/usr/libexec/docker/cli-plugins/docker-buildx").exists(), reason="there is no buildx")
@pytest.mark.parametrize(("words", "asks"), [
    (("build", "."), True), (("buildx", "build", "."), True), (("buildx", "create", "--name", "pool"), False)])
def test_builds_take_the_environment_and_buildx_create_does_not(cloud, made, lines, tmp_path, engine_port, words, asks):
    cloud.retag(kinds.VM, "web1", dockervm_port=str(engine_port))
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings={"fqdn": "localhost"})
    found = by_bash(lines()[0])
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    Engine.asked.clear()
    done = subprocess.run(["docker", *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30,
                          env={**found, "HOME": str(tmp_path)})
    assert bool({"grpc", "session"} & set(Engine.asked)) == asks, (Engine.asked, done.stderr)
    assert ("TLS data loaded from environment" in done.stderr) != asks, done.stderr


def test_a_relative_folder_is_named_in_full(cmd, made, folder, monkeypatch, lines):
    monkeypatch.chdir(folder.parent)
    out, _ = lines(cert_dir="mine")
    assert by_bash(out)["DOCKER_CERT_PATH"] == str(folder)


def test_the_last_lines_say_how_to_evaluate_them_and_what_builds_want(cmd, made, folder, lines):
    cmd.cli_ctx.data["subscription_id"] = "my subscription"
    out, _ = lines(no_proxy=True)
    command = f"az dockervm env -g g -n web1 --shell bash --no-proxy -dc {folder} --subscription 'my subscription'"
    *_, builds, evaluate = out.splitlines()
    assert evaluate == f'# To evaluate these lines: eval "$({command})"'
    assert builds == ("# docker buildx create needs a context instead: az dockervm context create -g g -n web1 -dc "
                      f"{folder} --subscription 'my subscription'")


@pytest.mark.parametrize(("shell", "begin", "end"), [
    ("fish", "# To evaluate these lines: az ", " | source"), ("zsh", '# To evaluate these lines: eval "$(az ', ')"'),
    ("powershell", "# To evaluate these lines: az ", " | Out-String | Invoke-Expression"),
    ("cmd", "REM To evaluate these lines: FOR /f \"tokens=*\" %i IN ('az ", "') DO @%i")])
def test_each_shell_has_lines_of_its_own(made, lines, shell, begin, end):
    out, _ = lines(shell=shell)
    last = out.splitlines()[-1]
    assert last.startswith(f"{begin}dockervm env -g g -n web1 --shell {shell}") and last.endswith(end)


def test_without_shell_it_is_the_one_around_az(made, lines, monkeypatch):
    monkeypatch.setattr("azext_dockervm.client.which_shell.parent_commands", lambda: iter([["fish"]]))
    assert "set -gx DOCKER_HOST" in lines(shell=None)[0]


def test_a_folder_that_no_line_can_hold_is_refused_before_anything_is_printed(made, folder, refused):
    odd = shutil.copytree(folder, folder.parent / "two\nlines")
    message, advice = refused(odd, azclierror.InvalidArgumentValueError)
    assert "DOCKER_CERT_PATH can't be set in bash" in message and "-dc" in advice


# A host that these certificates do not open, or that is not there


def test_a_host_of_another_authority_is_not_pointed_at(made, other, refused):
    message, advice = refused(other)
    assert message.startswith("The host 'web1' was set up with other certificates: it trusts the certificate authority")
    assert f"az dockervm enable -g g -n web1 --replace-trust -dc {other}" in advice


def test_lost_folder_is_told_with_the_command_that_opens_the_host_again(made, tmp_path, refused):
    message, advice = refused(tmp_path / "lost")
    assert message.startswith(f"The folder {tmp_path / 'lost'} holds no certificates, and the host 'web1' trusts")
    assert f"az dockervm enable -g g -n web1 --replace-trust -dc {tmp_path / 'lost'}" in advice
    assert "cert create" not in advice


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "ca.pem"])
def test_a_folder_without_one_of_the_files_is_told_with_the_command(made, folder, name, refused):
    (folder / name).unlink()
    message, advice = refused(folder)
    assert name in message and "az dockervm cert create" in advice


@pytest.mark.parametrize(("tag", "value"), [("dockervm_port", "many"), ("dockervm_ca", None)])
def test_a_tag_that_a_hand_has_spoilt_is_named_with_the_command(cloud, made, folder, tag, value, refused):
    cloud.retag(kinds.VM, "web1", **{tag: value})
    message, advice = refused(folder)
    assert f"the tag {tag.replace('_', '-')} is" in message
    assert f"az dockervm create -g g -n web1 -dc {folder}" in advice


def test_a_vm_that_is_not_there_is_told_as_by_the_other_commands(cloud, folder, refused):
    message, advice = refused(folder, azclierror.ResourceNotFoundError)
    assert "There is no VM 'web1'" in message and "az dockervm list" in advice


@pytest.mark.parametrize("left_out", [("resource_group_name",), ("vm_name",), ("resource_group_name", "vm_name")])
def test_which_host_must_be_said(cloud, folder, left_out, refused):
    message, advice = refused(folder, azclierror.RequiredArgumentMissingError, **dict.fromkeys(left_out))
    words = {"resource_group_name": "--resource-group/-g", "vm_name": "--name/-n"}
    assert message.endswith(", ".join(words[name] for name in left_out)) and "az dockervm env -g" in advice
    assert not cloud.log


def test_a_vm_that_is_off_is_warned_of_and_the_lines_are_there(cloud, made, lines):
    cloud.change(kinds.VM, "web1", instanceView=running("deallocated"))
    out, err = lines()
    assert by_bash(out)["DOCKER_HOST"] and "WARNING: The VM 'web1' is deallocated.\nTo start it: az vm start" in err


def test_a_host_that_no_create_has_finished_is_warned_of(cloud, made, lines, folder):
    cloud.retag(kinds.VM, "web1", dockervm_provisioner=None)
    out, err = lines()
    assert by_bash(out)["DOCKER_HOST"] and f"Run this create again: az dockervm create -g g -n web1 -dc {folder}" in err


def test_in_a_cloud_shell_without_storage_the_loss_of_the_folder_is_told(made, lines, monkeypatch, folder):
    monkeypatch.setenv("ACC_CLOUD", "PROD")
    monkeypatch.setenv("HOME", str(folder.parent))
    assert lines()[1].count(f"WARNING: {folder} is lost when the session ends") == 1


# What is added, and what is taken back


def test_the_proxy_s_exceptions_get_the_host_and_keep_theirs(made, lines, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost,.corp")
    monkeypatch.delenv("no_proxy", raising=False)
    found = by_bash(lines(no_proxy=True)[0])
    assert (found["NO_PROXY"], found["no_proxy"]) == (f"localhost,.corp,{FQDN}", FQDN)


def test_testcontainers_get_the_host_s_name(made, lines):
    found = by_bash(lines(testcontainers=True)[0])
    assert found["TESTCONTAINERS_HOST_OVERRIDE"] == FQDN


ALL = {"DOCKER_TLS_VERIFY": "1", "DOCKER_HOST": "tcp://x:1", "DOCKER_CERT_PATH": "/c", "NO_PROXY": "x", "no_proxy": "x",
       "TESTCONTAINERS_HOST_OVERRIDE": "x", "TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE": "x"}


@pytest.mark.parametrize(("testcontainers", "kept"), [
    (False, {"NO_PROXY", "no_proxy", "TESTCONTAINERS_HOST_OVERRIDE", "TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE"}),
    (True, {"NO_PROXY", "no_proxy"})])
def test_unset_takes_back_what_was_set_and_needs_neither_host_nor_azure(cloud, lines, testcontainers, kept):
    out, err = lines(resource_group_name=None, vm_name=None, cert_dir=None, unset=True, testcontainers=testcontainers)
    assert by_bash(out, **ALL).keys() & ALL.keys() == kept and not cloud.log and err == ""
    assert 'eval "$(az dockervm env --shell bash --unset' in out.splitlines()[-1]


def test_unset_says_that_the_proxy_s_exceptions_stay(cloud, lines):
    assert "WARNING: NO_PROXY and no_proxy stay as they are." in lines(unset=True, no_proxy=True)[1]


# What it loads


def test_a_sound_folder_is_checked_without_anything_heavy(cmd, cloud, made, folder, lines):
    """In a process of its own: the tests have loaded everything."""
    tags = {name: value for name, value in cloud.tags().items()}
    program = ("import sys, os; from types import SimpleNamespace as Space; import azure.cli.core.azclierror\n"
               "from azext_dockervm.azure.calls import Azure; from azext_dockervm.handlers import env\n"
               "from azext_dockervm.flow.deadline import Deadline\n"
               "nic = '/subscriptions/s/resourceGroups/g/providers/p/t/web1VMNic'\n"
               f"vm = dict(id='/subscriptions/s/resourceGroups/g/providers/p/t/web1', name='web1', tags={tags!r},\n"
               "          properties={'instanceView': {'statuses': [{'code': 'PowerState/running'}]},\n"
               "                      'networkProfile': {'networkInterfaces': [{'id': nic}]}})\n"
               "ip = dict(id='/subscriptions/s/resourceGroups/g/providers/p/t/ip', name='ip', properties={\n"
               f"    'dnsSettings': {{'fqdn': {FQDN!r}}},\n"
               "    'ipConfiguration': {'id': nic + '/ipConfigurations/one'}})\n"
               "Azure.for_cli = lambda cli_ctx, *more: Space(connect=lambda *names: None, deadline=Deadline.never(),\n"
               "    get=lambda kind, group, name: vm if name == 'web1' else ip)\n"
               "context = Space(config=Space(get=lambda section, option, fallback: fallback), data={},\n"
               "                cloud=Space(name='AzureCloud'), only_show_errors=False)\n"
               f"env.env(Space(cli_ctx=context), resource_group_name='g', vm_name='web1', cert_dir={str(folder)!r},\n"
               "        shell='bash')\n"
               "print('#', [name for name in ('cryptography', 'docker', 'azure.mgmt.network', 'azure.mgmt.compute')\n"
               "            if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    *out, loaded = done.stdout.splitlines()
    assert loaded == "# []" and by_bash("\n".join(out))["DOCKER_CERT_PATH"] == str(folder)


def test_what_is_to_be_evaluated_is_one_command(made, lines):
    """The hint is a line that can be pasted."""
    hint = lines()[0].splitlines()[-1].partition(": ")[2]
    assert shlex.split(hint)[0] == "eval" and len(shlex.split(hint)) == 2


def test_a_folder_that_everybody_can_write_to_is_refused_as_by_create(made, folder, refused):
    folder.chmod(0o777)
    message, _advice = refused(folder, azclierror.AzCLIError)
    assert "can be changed by everybody" in message or "everybody" in message


def test_who_else_can_get_at_the_keys_is_warned_of(made, folder, lines):
    (folder / "key.pem").chmod(0o644)
    _out, err = lines()
    assert f"WARNING: {folder / 'key.pem'}" in err
