"""az dockervm create: each provisioner, and the same command again."""

from __future__ import annotations

from pathlib import Path

from scenario import HOST, Scenario

PARTS = {f"virtualMachines/{HOST}", f"networkInterfaces/{HOST}VMNic", f"publicIPAddresses/{HOST}PublicIP",
         f"networkSecurityGroups/{HOST}NSG", "virtualNetworks/dockervm-westus-vnet"}


class CreateTest(Scenario):
    REGIONS = {"test_create_auto_falls_back": "centralus"}

    def test_create_by_run_command(self):
        made = self.create("--provisioner", "run-command", "-e", "2222", "--tags", "env=test").succeeded()
        host = made.json
        assert host["provisioner"] == "run-command" and host["reachable"] is True
        assert host["dockerHost"] == f"tcp://{host['fqdn']}:4243" and host["name"] == self.name
        assert {path.name for path in Path(host["certDir"]).glob("*.pem")} == {
            "ca.pem", "ca-key.pem", "cert.pem", "key.pem"}
        assert "issue the server's certificate" not in made.stderr      # the host made its own key
        assert self.parts() == PARTS

        again = self.create("--provisioner", "run-command", "-e", "2222", "--tags", "env=test").succeeded()
        assert f"The host '{self.name}' exists" in again.stderr and "create the" not in again.stderr
        assert again.json == host

    def test_create_by_docker_extension(self):
        self.needs_docker_extension("westus")
        made = self.create("--provisioner", "docker-extension").succeeded()
        assert made.json["provisioner"] == "docker-extension" and made.json["reachable"] is True
        # Today's image: what its handler can't install is put in place before.
        assert "install Docker and Compose, which the extension then finds" in made.stderr
        assert "install the Docker VM extension" in made.stderr
        # As one who reads its tags sees it.
        assert self.info().succeeded().json["provisioner"] == "docker-extension"
        assert self.parts() == {*PARTS, "extensions/DockerExtension"}

    def test_create_auto_falls_back(self):
        """The region publishes the extension, whose handler fails."""
        self.needs_local_azure()
        made = self.create("-l", "Central US", "--image", "Canonical:UbuntuServer:18.04-LTS:latest").succeeded()
        assert "Provisioner: docker-extension (centralus publishes" in made.stderr
        assert "The Docker VM extension failed" in made.stderr and "run-command takes over" in made.stderr
        assert made.json["provisioner"] == "run-command" and made.json["location"] == "centralus"
        assert not any("extensions/" in one for one in self.left())
