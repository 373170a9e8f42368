"""Docker's packages: whose they are, and which version."""

from __future__ import annotations

from bad_values.row import asked, bad, pair

ERA = "--image Canonical:UbuntuServer:18.04-LTS:latest"

VALUES = (
    bad("docker_channel", "--docker-channel stable", "--docker-channel", "'stable'", "distribution, docker"),
    bad("docker_channel", ("--docker-channel", ""), "--docker-channel"),
    asked("docker_channel", "--docker-channel docker --image SUSE:sles-15-sp6:gen2:latest", "--docker-channel",
          "Docker's own repository has no packages for SLES", "Leave --docker-channel out"),
    bad("docker_version", "--docker-version latest", "--docker-version", "'latest'", "--docker-version 28.5"),
    bad("docker_version", "--docker-version 28.x", "--docker-version", "'28.x'"),
    bad("docker_version", ("--docker-version", "28;reboot"), "--docker-version", "'28;reboot'"),
    bad("docker_version", ("--docker-version", "28\n5"), "--docker-version"),
    bad("docker_version", ("--docker-version", ""), "--docker-version"),
)
PAIRS = (
    pair("docker_channel", "provisioner", f"--docker-channel docker --provisioner docker-extension {ERA}",
         "--provisioner docker-extension", "installs Docker itself"),
    pair("docker_version", "provisioner", f"--docker-version 28 --provisioner docker-extension {ERA}",
         "--provisioner docker-extension", "installs Docker itself"),
)
