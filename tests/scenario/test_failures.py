"""az dockervm create where it can't: what it says, what it undoes, what it leaves alone."""

from __future__ import annotations

from scenario import HOST, Scenario

NETWORK = "2024-05-01"


class RefusedBeforeAnythingIsMade(Scenario):
    REGIONS = {"test_extension_not_published": "eastus2"}

    def refused(self, *words, code: int = 1) -> str:
        """What az prints; nothing was made."""
        failed = self.create(*words)
        assert failed.code == code and failed.stdout == "" and "Undoing" not in failed.stderr, failed
        return failed.stderr

    def test_unknown_group(self):
        failed = self.az("dockervm", "create", "-g", f"{self.group}-nope", "-n", self.name, "-p", self.password)
        assert failed.code == 3 and f"The resource group '{self.group}-nope' does not exist" in failed.stderr
        assert f"az group create -n {self.group}-nope" in failed.stderr

    def test_unknown_image(self):
        said = self.refused("--image", "Canonical:no-such-offer:server:latest")
        assert "westus has no image 'Canonical:no-such-offer:server:latest'" in said
        assert self.left() == set()

    def test_unknown_size(self):
        assert "westus has no size 'Standard_None'" in self.refused("--size", "Standard_None")
        assert self.left() == set()

    def test_label_that_is_taken(self):
        self.given(f"Microsoft.Network/publicIPAddresses/{self.name}", NETWORK, {
            "sku": {"name": "Standard"}, "properties": {
                "publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": self.name}}})
        assert f"'{self.name}' is taken in westus" in self.refused("--dns-name", self.name)
        assert self.left() == {f"publicIPAddresses/{HOST}"}

    def test_parts_of_somebody_else(self):
        self.given(f"Microsoft.Network/networkSecurityGroups/{self.name}NSG", NETWORK, {"properties": {}})
        assert "dockervm did not make it" in self.refused()
        assert self.left() == {f"networkSecurityGroups/{HOST}NSG"}

    def test_extension_not_published(self):
        self.needs_docker_extension("eastus2", published=False)
        assert "eastus2 does not publish DockerExtension" in self.refused("--provisioner", "docker-extension")
        assert self.left() == set()


class RefusedByTheMachine(Scenario):
    """Azure refuses the VM when its network is there already."""

    def undone(self, size: str) -> str:
        self.needs_local_azure()
        failed = self.create("--provisioner", "run-command", "--size", size)
        assert failed.code == 1 and failed.stdout == "", failed
        assert "What was made has been undone" in failed.stderr
        assert self.left() == {"virtualNetworks/dockervm-westus-vnet"}      # later hosts share it
        return failed.stderr

    def test_sku_not_available(self):
        said = self.undone("Standard_NC6s_v3")
        assert "(SkuNotAvailable)" in said and "Near it, and to be had in westus: Standard_" in said
        assert "az vm list-skus --resource-type virtualMachines -l westus" in said

    def test_quota_exceeded(self):
        said = self.undone("Standard_M128s")
        assert "OperationNotAllowed" in said and "az vm list-usage -l westus" in said

    def test_allocation_failed(self):
        """Azure leaves a VM in Failed, which goes too, and keeps its interface reserved for a while."""
        said = self.undone("Standard_L8s_v3")
        assert "AllocationFailed" in said and f"undone: create the VM '{self.name}'" in said


class Unreachable(Scenario):
    def test_unreachable_by_run_command(self):
        self.out_of_reach()
        made = self.create("--provisioner", "run-command")
        assert made.code == 4 and made.json["reachable"] is False and made.json["engineVersion"] is None
        assert "as the host itself has checked" in made.stderr and "a firewall" in made.stderr

    def test_unreachable_by_docker_extension(self):
        """Its handler checks nothing, so the host is asked by a run command."""
        self.needs_docker_extension("westus")
        self.out_of_reach()
        made = self.create("--provisioner", "docker-extension")
        assert made.code == 4 and made.json["reachable"] is False
        assert "as the host itself has checked" in made.stderr


class OthersHost(Scenario):
    def test_host_with_other_certificates(self):
        self.create("--provisioner", "run-command").succeeded()
        strangers = self.home / "strangers"
        self.az("dockervm", "cert", "create", "-dc", strangers).succeeded()
        for folder in (strangers, self.home / "empty"):
            failed = self.create("-dc", folder)
            assert failed.code == 1 and "was set up with other certificates" in failed.stderr
            assert "It was left as it is" in failed.stderr and "az vm delete" not in failed.stderr
            assert f"az dockervm enable -g {self.group} -n {self.name} --replace-trust" in failed.stderr
        assert self.info().succeeded().json["engine"]
