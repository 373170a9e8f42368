"""az dockervm create where it can't: what it says, what it undoes, what it leaves alone."""

from __future__ import annotations

from scenario import HOST, Scenario

NETWORK = "2024-05-01"


class Refused(Scenario):
    def test_label_that_is_taken(self):
        """Before anything is made."""
        self.given(f"Microsoft.Network/publicIPAddresses/{self.name}", NETWORK, {
            "sku": {"name": "Standard"}, "properties": {
                "publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": self.name}}})
        failed = self.create("--dns-name", self.name)
        assert failed.code == 1 and failed.stdout == "" and "Undoing" not in failed.stderr, failed
        assert f"'{self.name}' is taken in westus" in failed.stderr
        assert self.left() == {f"publicIPAddresses/{HOST}"}

    def test_allocation_failed(self):
        """When its network is there already. Azure leaves a VM in Failed, which goes too, and keeps its interface
        reserved for a while."""
        self.needs_local_azure()
        failed = self.create("--provisioner", "run-command", "--size", "Standard_L8s_v3")
        assert failed.code == 1 and failed.stdout == "", failed
        assert "AllocationFailed" in failed.stderr and f"undone: create the VM '{self.name}'" in failed.stderr
        assert "What was made has been undone" in failed.stderr
        assert self.left() == {"virtualNetworks/dockervm-westus-vnet"}      # later hosts share it


class Unreachable(Scenario):
    def test_unreachable_by_run_command(self):
        self.out_of_reach()
        made = self.create("--provisioner", "run-command")
        assert made.code == 4 and made.json["reachable"] is False and made.json["engineVersion"] is None
        assert "as the host itself has checked" in made.stderr and "a firewall" in made.stderr
