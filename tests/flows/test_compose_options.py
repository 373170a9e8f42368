"""Logins and a Compose project from az to a fake machine, by whichever provisioner, and again on a host that exists."""

from __future__ import annotations

import pytest

FILE = "services:\n  web:\n    image: busybox\n    ports: ['8080:80']\n"
SECRET = "s3cret-of-the-project"


@pytest.fixture
def words(cloud):
    """All of it, from files."""
    for name, text in (("compose.yaml", FILE), ("app.env", f"TOKEN={SECRET}\n")):
        (cloud.home / name).write_text(text)
    return ("--registry-login", "a.azurecr.io=puller", "--registry-password", "right", "--compose-file",
            cloud.home / "compose.yaml", "--compose-env-file", cloud.home / "app.env")


@pytest.mark.parametrize("provisioner", ["auto", "cloud-init", "docker-extension"])
def test_a_host_comes_up_with_what_it_is_to_run(cloud, words, provisioner):
    made = cloud.create("--provisioner", provisioner, *words).succeeded()
    assert made.json["compose"]["state"] == "running" and made.json["compose"]["project"] == "home"
    assert [(one["name"], one["state"]) for one in made.json["compose"]["services"]] == [("web", "running")]
    assert made.json["registryLogins"] == [{"server": "a.azurecr.io", "user": "puller", "loggedIn": True}]
    assert made.json["provisioner"] == ("run-command" if provisioner == "auto" else provisioner)
    assert cloud.run_commands() == [] and SECRET not in made.stderr + made.stdout


def test_a_file_alone_keeps_the_fast_lane_with_one_run_command(cloud, words):
    made = cloud.create("--compose-file", words[5]).succeeded()
    assert made.json["provisioner"] == "cloud-init" and made.json["compose"]["state"] == "running"
    assert "publishes 8080 of 'web'" in made.stderr


@pytest.mark.long
def test_a_login_that_is_refused_leaves_a_host_that_works_and_the_same_create_goes_on(cloud, words):
    refused = cloud.create(*words[:3], "wrong", *words[4:])
    assert refused.code == 5 and refused.json["engineVersion"] and refused.json["reachable"] is True
    assert refused.json["registryLogins"][0]["loggedIn"] is False and refused.json["compose"]["state"] == "failed"
    assert "unauthorized: authentication required" in refused.json["compose"]["reason"]
    assert "The same create tries again" in refused.stderr and "wrong" not in refused.stderr
    assert cloud.tags()["dockervm-provisioner"] == "run-command"
    cloud.mark()
    again = cloud.create(*words).succeeded()
    assert again.json["compose"]["state"] == "running" and cloud.asked("compose") and not cloud.asked("serve")


def test_an_image_that_is_absent_is_told_in_the_hosts_words(cloud, words):
    words[5].write_text("services:\n  web:\n    image: absent\n")
    made = cloud.create(*words)
    assert made.code == 5 and "manifest for absent:latest not found" in made.json["compose"]["reason"]
    assert made.json["registryLogins"][0]["loggedIn"] is True
