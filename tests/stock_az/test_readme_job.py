"""README's job for CI, run as it is printed but for the docker client, which on a fake machine has nothing to run."""

from __future__ import annotations

import os
import re

import pytest
from extension import NEWEST, AzWithExtension
from local_azure import ROOT

JOB = "\n".join(re.findall(r"^    (.*)", (ROOT / "README.md").read_text(encoding="utf-8").partition(
    "A whole job, for bash:\n")[2].partition("\nA `DOCKER_CERT_PATH`")[0], re.M))
assert "az dockervm create" in JOB, "README has the job no more, or under another sentence"
NAMES = ("DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")


@pytest.fixture
def job(azure, group, tmp_path):
    """Runs the job with a docker client that notes its environment and ends with ``code``: what it ended with, and the
    environment (None where docker was never called)."""
    az = AzWithExtension(azure, NEWEST, tmp_path)
    (az.home / ".ssh").mkdir()
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin/docker"
    note = tmp_path / "environment"

    def run(code: int, more: str = ""):
        docker.write_text(f'#!/bin/sh\nprintf "%s\\n" {" ".join(f"${name}" for name in NAMES)} >{note}\nexit {code}\n')
        docker.chmod(0o755)
        script = JOB.replace("-g ci ", f"-g {group} ").replace("dockervm create", f"dockervm create {more}")
        # A folder of certificates that is set already, to a place that has none.
        done = az.shell(f"PATH={tmp_path}/bin:$PATH\n{script}", DOCKER_CERT_PATH="/nowhere", CI_JOB_ID="77")
        seen = dict(zip(NAMES, note.read_text().splitlines(), strict=True)) if note.exists() else None
        return done, seen, az.home
    return run


def left(azure, group: str) -> set[str]:
    """Names of what is in the group."""
    found = azure.arm("GET", f"{azure.group_path(group)}/resources", "2021-04-01")["value"]
    return {one["name"] for one in found}


@pytest.mark.parametrize("code", [0, 9], ids=["that succeeds", "that fails"])
def test_a_job_uses_its_host_and_deletes_it(azure, group, job, code):
    done, seen, home = job(code)
    if os.geteuid() == 0:   # else the machine's name does not resolve, create ends with 4, and docker is not called
        assert done.code == code, done
        assert seen == {"DOCKER_HOST": f"tcp://ci77.westus.cloudapp.{azure.name}.test:4243", "DOCKER_TLS_VERIFY": "1",
                        "DOCKER_CERT_PATH": f"{home}/ci-certificates"}
    assert (home / "ci-certificates/ca-key.pem").is_file()
    assert left(azure, group) == set()


def test_a_job_without_a_host_does_not_go_on(azure, group, job):
    done, seen, _home = job(0, "--size Standard_Huge")
    assert (done.code, seen) == (1, None), done
    assert "Standard_Huge" in done.stderr
    assert left(azure, group) == set()
