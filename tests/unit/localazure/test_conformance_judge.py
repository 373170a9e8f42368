"""The comparison with the recordings finds what it is there to find."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from arm_support import Answer
from conformance_calls import Calls, perform
from recorded import FOLDER, faults
from test_conformance_compute import disks, networks, vm


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    calls: Calls = perform(tmp_path_factory.mktemp("judge"), "compute", networks, vm, disks)
    calls.arm.stop()
    return calls.answers["vm get"]


def without_header(answer: Answer) -> None:
    del answer.headers["x-ms-request-id"]


def change(path: str, value: Any) -> Callable[[Answer], None]:
    def apply(answer: Answer) -> None:
        *parents, last = path.split(".")
        found = answer.body
        for name in parents:
            found = found[name]
        if value is None:
            del found[last]
        else:
            found[last] = value

    return apply


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (change("properties.vmId", None), "properties.vmId: lacks it"),
        (change("properties.storageProfile.dataDisks", {}), "properties.storageProfile.dataDisks: is object"),
        (change("properties.vmId", "web1"), "properties.vmId: is no guid"),
        (change("properties.provisioningState", "Ready"), "properties.provisioningState: is ['Ready'], real"),
        (change("properties.osProfile.adminPassword", "x"), "properties.osProfile.adminPassword: the real service"),
        (lambda answer: setattr(answer, "status", 201), "status: 201, real"),
        (lambda answer: answer.headers.update(Location="/"), "header location: the real service does not send it"),
        (without_header, "header x-ms-request-id: lacks it"),
    ],
)
def test_a_spoilt_answer_is_found(answer: Answer, spoil: Callable[[Answer], None], found: str) -> None:
    assert faults("compute", "vm get", answer) == []
    spoilt = copy.deepcopy(answer)
    spoil(spoilt)
    (fault,) = faults("compute", "vm get", spoilt)
    assert fault.startswith(found), fault


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda file: file.name)
def test_the_data_are_facts_and_no_recordings(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "@" not in text and "BEGIN " not in text and "ssh-rsa" not in text
    assert "subscriptions/0" not in text and "sig=" not in text
