"""What of a host's options a provisioner can't carry."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.options.carry import why_not_alone, why_not_carried
from azext_dockervm.spec.machine import Image

EXTENSION = "docker-extension"


@pytest.mark.parametrize(("image", "carried"), [
    ("Debian13", False), ("Ubuntu2404", True), ("redhat:rhel:9:latest", True), ("/subscriptions/s/image", True)])
def test_images_that_the_extension_does_not_know(image, carried):
    spec = host_spec(image=Image.parse(image))
    reason = why_not_carried(EXTENSION, spec)
    assert (reason is None) is carried and reason == why_not_alone(EXTENSION, spec)
    assert carried or str(Image.parse(image)) in reason
    assert why_not_carried("run-command", spec) is None


@pytest.mark.parametrize(("port", "alone"), [(None, True), (22, True), (2222, False)])
def test_another_port_of_sshd_is_moved_by_a_run_command_beside_the_extension(port, alone):
    spec = host_spec(ssh_port=port)
    assert why_not_carried(EXTENSION, spec) is None
    assert (why_not_alone(EXTENSION, spec) is None) is alone
    assert alone or why_not_alone(EXTENSION, spec) == "the Docker VM extension can't move sshd to another port"
    assert why_not_alone("run-command", spec) is None
