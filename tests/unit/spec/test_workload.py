"""What a host is to run: logins as they are typed, and how a Compose project is called."""

from __future__ import annotations

import pytest
import real_compose

from azext_dockervm.secret import Secret
from azext_dockervm.spec.workload import (
    ComposeFile,
    Environment,
    RegistryLogin,
    Workload,
    parse_logins,
    password_problem,
)


def test_logins_in_their_order_with_whatever_users_registries_have():
    assert parse_logins(["a.azurecr.io=00000000-0000-0000-0000-000000000000", "https://B.io:5000/=robot$a=b c",
                         "docker.io=me", "localhost=x"]) == (
        RegistryLogin("a.azurecr.io", "00000000-0000-0000-0000-000000000000"),
        RegistryLogin("B.io:5000", "robot$a=b c"), RegistryLogin("docker.io", "me"), RegistryLogin("localhost", "x"))


@pytest.mark.parametrize(("password", "problem"), [
    ("x", None), ("{\n \"key\": 1\n}", None), ("", "empty"), (" \n", "empty"), ("a\0b", "NUL"),
    ("x" * 16_385, "16,384")])
def test_passwords_that_docker_takes(password, problem):
    assert (password_problem(password) or "").find(problem or "") >= 0
    assert (password_problem(password) is None) is (problem is None)


@pytest.mark.parametrize(("said", "name", "folder", "project"), [
    (None, None, "My App_1", "myapp_1"), (None, "shop", "app", "shop"), ("other", "shop", "app", "other"),
    (None, None, "_-x", "x"), (None, None, "", "default"), (None, None, "ÄÖ", "default")])
def test_a_project_has_the_name_that_compose_gives_it(said, name, folder, project):
    environment = Environment(Secret("x"), (("COMPOSE_PROJECT_NAME", Secret(said)),)) if said else None
    assert Workload((), ComposeFile("x", None, name, folder), environment).project == project


@pytest.mark.parametrize("folder", ["My App_1", "_-x", "web.site", "app"])
def test_compose_itself_calls_it_so(folder, tmp_path):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "compose.yaml").write_text("services: {web: {image: x}}\n")
    said = real_compose.config(tmp_path / folder)["name"]
    assert said == Workload((), ComposeFile("x", None, None, folder)).project


def test_without_a_file_there_is_no_project_and_with_nothing_no_work():
    assert Workload().project == "" and not Workload()
    assert Workload((RegistryLogin("a.io", "me"),)) and Workload(compose=ComposeFile("x"))
