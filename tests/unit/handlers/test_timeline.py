"""``create --timeline``: written however the command ends, refused before anything is asked, and never a failure."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from azure.cli.core import azclierror

from azext_dockervm.azure import kinds
from azext_dockervm.flow import trace
from azext_dockervm.handlers import create
from azext_dockervm.output.timeline import drawing

HOST = {"resource_group_name": "g", "vm_name": "web1"}
PASSWORD = "Tall-Ships_2014+Docker"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "create.svg"


@pytest.fixture
def created(cmd, cloud, folder, file):
    def created(**typed):
        return create.create(cmd, **{**HOST, "cert_dir": str(folder), "admin_password": PASSWORD,
                                     "provisioner": "run-command", "timeline": str(file), **typed})
    return created


def title(file):
    return ElementTree.parse(file).getroot().findtext("{http://www.w3.org/2000/svg}title")


def texts(file):
    return [one.text for one in ElementTree.parse(file).getroot().iter("{http://www.w3.org/2000/svg}text")]


def test_it_is_drawn_where_the_host_was_made(created, file, capsys):
    assert created()["reachable"] is True
    assert title(file).startswith("Create the host 'web1' in the group 'g': done in ")
    assert {"look at what is there", "create the VM 'web1'", "sign the server's certificate", "run command 'serve'"} \
        <= set(texts(file))
    said = capsys.readouterr().err.splitlines()
    assert f"What waited for what is drawn in {file}." in said and "Now type" in said[-1]


def test_it_is_drawn_where_the_create_failed_and_tells_the_undoing(created, cloud, file, capsys):
    cloud.refuse("PUT", kinds.VM, "AllocationFailed")
    with pytest.raises(azclierror.AzCLIError, match="AllocationFailed"):
        created()
    assert "failed after " in title(file) and title(file).endswith(": AllocationFailed")
    assert {"failed: AllocationFailed", "undo: create the network interface 'web1VMNic'"} <= set(texts(file))
    assert f"is drawn in {file}" in capsys.readouterr().err


def test_it_is_drawn_where_the_first_look_failed(created, cloud, file):
    cloud.groups.clear()
    with pytest.raises(azclierror.AzCLIError):
        created()
    assert "failed after " in title(file) and "look at what is there" in texts(file)


def test_it_is_drawn_where_a_second_ctrl_c_left_at_once(created, cloud, file):
    def leave(_azure, _request):
        raise KeyboardInterrupt

    cloud.when("DELETE", kinds.PUBLIC_IP, leave)
    cloud.refuse("PUT", kinds.NETWORK_INTERFACE, "Broken")
    with pytest.raises(azclierror.AzCLIError, match="Stopped at once"):
        created()
    assert "stopped after " in title(file) and "stopped" in texts(file)


@pytest.mark.parametrize("wrong", ["is a key", "is a folder", "has no folder"])
def test_a_file_that_can_t_be_had_is_told_before_anything_is_asked(created, cloud, file, monkeypatch, wrong):
    monkeypatch.setattr("azext_dockervm.handlers.login.admin_password", lambda typed: pytest.fail("asked"))
    if wrong == "is a key":
        file.write_text("key")
    path = {"is a folder": file.parent, "has no folder": file / "x"}.get(wrong, file)
    with pytest.raises(azclierror.InvalidArgumentValueError) as refused:
        created(timeline=str(path))
    assert refused.value.error_msg.startswith(f"--timeline: {path} ")
    assert refused.value.recommendations == ["Name another file with --timeline, such as create.svg."]
    assert not cloud.log and not cloud.asked


def test_a_file_that_became_another_s_is_a_warning(created, cloud, file, capsys):
    cloud.when("PUT", kinds.VM, lambda _azure, _request: file.write_text("somebody's"), afterwards=True)
    assert created()["reachable"] is True
    assert f"WARNING: The timeline was not written to {file}: --timeline: {file} exists" in capsys.readouterr().err
    assert file.read_text() == "somebody's"


@pytest.mark.parametrize("fails", [False, True])
def test_a_picture_that_can_t_be_drawn_is_a_warning(created, cloud, file, capsys, monkeypatch, fails):
    def svg(_trace, _title):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(drawing, "svg", svg)
    if fails:
        cloud.refuse("PUT", kinds.VM, "AllocationFailed")
        with pytest.raises(azclierror.AzCLIError, match="AllocationFailed"):
            created()
    else:
        assert created()["reachable"] is True
    assert f"WARNING: The timeline was not written to {file}: ZeroDivisionError: division by zero" \
        in capsys.readouterr().err
    assert not file.exists()


def test_who_asks_for_none_has_nothing_recorded(created, file, monkeypatch):
    monkeypatch.setattr(trace, "Trace", lambda: pytest.fail("recorded"))
    assert created(timeline=None)["reachable"] is True and not file.exists()


def test_nothing_of_another_command_is_in_it(created, file, cmd, cloud, folder):
    created()
    first = file.read_text()
    create.create(cmd, **{**HOST, "vm_name": "web2"}, cert_dir=str(folder), admin_password=PASSWORD,
                  provisioner="run-command")
    assert file.read_text() == first and not trace.is_on()
    created(vm_name="web3")
    assert "web1" not in file.read_text() and "web3" in title(file)
