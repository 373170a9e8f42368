"""``builder …`` as az calls it, by the real buildx; the hosts' engines answer on loopback."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack

import pytest
from azure.cli.core import azclierror
from tls_engine import serving

from azext_dockervm.azure import kinds
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.contexts.builder import Buildx
from azext_dockervm.contexts.store import ContextStore
from azext_dockervm.handlers import builder, context, create

PASSWORD = "Tall-Ships_2014+Docker"


@pytest.fixture
def hosts(cmd, cloud, folder, tmp_path, capsys):
    """web1 and web2, each with its engine on loopback, whose name Azure tells and whose port the tag."""
    if not shutil.which("docker") or subprocess.run(["docker", "buildx", "version"], capture_output=True).returncode:
        pytest.skip("there is no buildx (docker-cli, docker-buildx)")
    credential = CertificateStore(folder).load_authority().issue_server(ServerIdentity.parse(["localhost"]))
    pem = tmp_path / "server.pem"
    pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    with ExitStack() as engines:
        for name in ("web1", "web2"):
            create.create(cmd, resource_group_name="g", vm_name=name, cert_dir=str(folder), admin_password=PASSWORD,
                          provisioner="run-command")
            port = engines.enter_context(serving(pem, folder / "ca.pem"))
            cloud.change(kinds.PUBLIC_IP, f"{name}PublicIP", dnsSettings={"fqdn": "localhost"})
            cloud.retag(kinds.VM, name, dockervm_port=str(port))
        capsys.readouterr()
        cloud.log.clear()
        yield engines


def made(cmd, folder, *hosts, name="pool"):
    return builder.create(cmd, resource_group_name="g", builder_name=name, hosts=list(hosts), cert_dir=str(folder))


def contexts_of(client, name="pool"):
    found = Buildx(client).get(name)
    return found and found.contexts


def test_hosts_get_their_contexts_and_the_builder_a_node_for_each(cmd, cloud, hosts, folder, docker_client, capsys):
    answer = made(cmd, folder, "web1", "web2", "web1")
    assert (answer["name"], answer["driver"]) == ("pool", "docker-container")
    assert [(one["name"], one["context"]) for one in answer["nodes"]] == [("dockervm-pool-0", "web1"),
                                                                          ("dockervm-pool-1", "web2")]
    assert [one["host"].rsplit("/", 1)[-1] for one in answer["nodes"]] == ["web1", "web2"]
    assert sorted(one.name for one in cloud.log) == ["web1", "web1PublicIP", "web2", "web2PublicIP"]
    said = capsys.readouterr().err
    assert "The context 'web2' was made." in said and "Now type: docker buildx build --builder pool ." in said
    assert all(ContextStore().existing(one).docker_host.startswith("tcp://localhost:") for one in ("web1", "web2"))


def test_the_same_again_changes_nothing_and_one_more_host_is_added(cmd, hosts, folder, docker_client, capsys):
    made(cmd, folder, "web1")
    assert made(cmd, folder, "web1") == made(cmd, folder, "web1")
    assert "has the context 'web1' already" in capsys.readouterr().err
    assert len(made(cmd, folder, "web2")["nodes"]) == 2 and contexts_of(docker_client) == ("web1", "web2")


def test_a_host_is_reached_by_the_context_that_it_has(cmd, cloud, hosts, folder, docker_client):
    port = cloud.tags(kinds.VM, "web1")["dockervm-port"]
    context.create(cmd, resource_group_name="g", vm_name="web1", cert_dir=str(folder), context_name="far",
                   via=f"localhost:{port}")
    made(cmd, folder, "web1")
    assert contexts_of(docker_client) == ("far",) and ContextStore().get("web1") is None


def test_one_that_does_not_answer_is_told_with_the_command_that_goes_on(cmd, cloud, hosts, folder, docker_client):
    port = cloud.tags(kinds.VM, "web2")["dockervm-port"]
    cloud.retag(kinds.VM, "web2", dockervm_port="1")
    with pytest.raises(azclierror.ValidationError) as refused:
        made(cmd, folder, "web1", "web2")
    assert "'web2'" in refused.value.error_msg and contexts_of(docker_client) == ("web1",)
    again = f"az dockervm builder create -g g -n pool --hosts web1 web2 -dc {folder}"
    assert again in refused.value.recommendations[-1]
    context.create(cmd, resource_group_name="g", vm_name="web2", cert_dir=str(folder), via=f"localhost:{port}")
    assert len(made(cmd, folder, "web1", "web2")["nodes"]) == 2


@pytest.mark.parametrize("why", ["builder", "context", "host", "another's context"])
def test_what_can_t_be_is_refused_before_anything_is_made(cmd, cloud, hosts, folder, docker_client, why):
    if why == "context":
        subprocess.run(["docker", "context", "create", "pool", "--docker", "host=tcp://10.0.0.1:1"], check=True)
    elif why == "another's context":
        subprocess.run(["docker", "context", "create", "web2", "--docker", "host=tcp://10.0.0.1:1"], check=True)
    elif why == "host":
        cloud.retag(kinds.VM, "web2", dockervm_ca="0" * 64)
    else:
        (docker_client / "buildx/instances").mkdir(parents=True)
        (docker_client / "buildx/instances/pool").write_text('{"Driver": "docker-container", "Nodes": []}')
    with pytest.raises(azclierror.ValidationError):
        made(cmd, folder, "web1", "web2")
    assert ContextStore().get("web1") is None and contexts_of(docker_client) in (None, ())


def test_a_host_that_is_not_there(cmd, cloud, hosts, folder):
    with pytest.raises(azclierror.ResourceNotFoundError, match="'web7'"):
        made(cmd, folder, "web1", "web7")
    assert ContextStore().get("web1") is None


@pytest.mark.parametrize("names", [("a b",), ("",)])
def test_what_is_no_host_s_name_is_refused_by_the_option_s_name(cmd, cloud, folder, names):
    with pytest.raises(azclierror.InvalidArgumentValueError, match="^--hosts: "):
        made(cmd, folder, *names)


def test_who_removes_a_context_reads_which_builders_need_it(cmd, hosts, folder, capsys):
    made(cmd, folder, "web1")
    context.remove(cmd, context_name="web1", yes=True)
    assert "Builders that can't build on it any more: pool." in capsys.readouterr().err


def test_remove_takes_the_builder_and_leaves_the_contexts(cmd, hosts, folder, docker_client, capsys):
    made(cmd, folder, "web1")
    builder.remove(cmd, builder_name="Pool")
    assert contexts_of(docker_client) is None and ContextStore().get("web1")
    said = capsys.readouterr().err
    assert "The builder 'pool' was removed; the contexts stay." in said and "WARNING" not in said


def test_remove_tells_what_stays_on_hosts_that_do_not_answer(cmd, hosts, folder, docker_client, capsys):
    made(cmd, folder, "web1")
    hosts.close()
    builder.remove(cmd, builder_name="pool")
    assert contexts_of(docker_client) is None and "WARNING: What the builder 'pool' has left" in capsys.readouterr().err
