"""What to type about the image of a host's operating system."""

from __future__ import annotations

from azext_dockervm.advice import image_commands


def test_an_image_is_an_option_and_the_rest_are_whole_commands():
    assert image_commands.use("Ubuntu2404") == "--image Ubuntu2404"
    assert image_commands.list_images() == "az vm image list --publisher Canonical --all -o table"
    assert image_commands.create_from_disk() == (
        "az image create -g GROUP -n IMAGE --os-type Linux --source ADDRESS")
