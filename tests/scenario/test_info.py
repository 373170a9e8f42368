"""az dockervm info: of a host that runs, that can't be reached, that is off."""

from __future__ import annotations

from scenario import Scenario


class InfoTest(Scenario):
    def test_info(self):
        made = self.create("--provisioner", "run-command").json
        shown = self.info().succeeded().json
        assert {key: shown[key] for key in made if key in shown and key != "reachable"} == {
            key: made[key] for key in made if key in shown and key != "reachable"}
        assert shown["engine"]["version"] == made["engineVersion"] and shown["engineUnreachable"] is None
        assert shown["powerState"] == "running"

        strangers = self.home / "strangers"
        self.az("dockervm", "cert", "create", "-dc", strangers).succeeded()
        seen = self.info("-dc", strangers).succeeded().json
        assert seen["engine"] is None and seen["cause"] == "other-authority"
        assert f"'{self.name}' trusts the certificate authority with the fingerprint" in seen["engineUnreachable"]

        vm = f"/resourceGroups/{self.group}/providers/Microsoft.Compute/virtualMachines/{self.name}"
        self.behind_the_scenes(lambda live: live.act(f"{vm}/deallocate", "2024-07-01", vm, "deallocated"))
        off = self.info().succeeded().json
        assert off["powerState"] == "deallocated" and "is deallocated" in off["engineUnreachable"]
        assert any("az vm start" in one for one in off["advice"])
