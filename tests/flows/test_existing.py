"""A create of a host that exists: what can be applied is, and what can't be is named."""

from __future__ import annotations

from flow_cloud import HOST

from azext_dockervm import _client_factory

NETWORK = "Microsoft.Network"
PARTS = {f"{NETWORK}/networkSecurityGroups": f"{HOST}NSG", f"{NETWORK}/publicIPAddresses": f"{HOST}PublicIP",
         f"{NETWORK}/networkInterfaces": f"{HOST}VMNic"}


def rules(cloud) -> dict:
    found = cloud.get(f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG")["properties"]["securityRules"]
    return {rule["name"]: rule["properties"] for rule in found}


def test_the_same_create_again_changes_nothing(cloud):
    made = cloud.host("--tags", "env=test", "-e", "2222", "--size", "Standard_D4s_v5")
    tags = cloud.tags()
    cloud.mark()
    again = cloud.create("--provisioner", "run-command", "--tags", "env=test", "--size", "Standard_D4s_v5").succeeded()
    assert again.json == made and cloud.tags() == tags
    assert r" (PUT|PATCH|DELETE) \S+" not in cloud.requests


def test_what_can_t_be_changed_is_named_each_with_what_changes_it(cloud):
    cloud.host("-u", "skipper")
    again = cloud.create("--size", "Standard_D4s_v5", "--image", "Ubuntu2204", "-u", "me",
                         "--provisioner", "docker-extension").succeeded()
    told = [line for line in again.stderr.splitlines() if line.startswith("WARNING: Not applied: ")]
    assert [line.split(": ")[2] for line in told] == ["--image", "--size", "-u", "-p", "--provisioner"]
    lines = again.stderr.splitlines()
    assert f"az vm resize -g {cloud.group} -n {HOST} --size Standard_D4s_v5" in lines[lines.index(told[1]) + 1]
    assert f"az vm user update -g {cloud.group} -n {HOST} -u me" in lines[lines.index(told[2]) + 1]


def test_what_was_not_typed_is_not_named(cloud):
    cloud.host("-u", "skipper", "--size", "Standard_D4s_v5", "-dp", "2376")
    again = cloud.az("create", "-g", cloud.group, "-n", HOST).succeeded()
    assert "Not applied" not in again.stderr and again.json["dockerPort"] == 2376


def test_the_address_gets_the_idle_time_out_that_is_typed(cloud):
    def address() -> dict:
        return cloud.get(f"{NETWORK}/publicIPAddresses", f"{HOST}PublicIP")["properties"]

    made = cloud.host()
    assert address()["idleTimeoutInMinutes"] == 30
    cloud.mark()
    again = cloud.az("create", "-g", cloud.group, "-n", HOST, "--idle-timeout", "20").succeeded()
    assert again.json == made and "Not applied" not in again.stderr
    assert (address()["idleTimeoutInMinutes"], address()["ipAddress"]) == (20, made["publicIpAddress"])
    assert cloud.create().succeeded().json == made and address()["idleTimeoutInMinutes"] == 20


def test_tags_go_on_everything(cloud):
    cloud.host("--tags", "env=test")
    assert cloud.get(f"{NETWORK}/virtualNetworks", "dockervm-westus-vnet")["tags"]["env"] == "test"
    again = cloud.create("--tags", "env=prod", "team=a").succeeded()
    assert again.json["reachable"] is True
    for kind, name in [("Microsoft.Compute/virtualMachines", HOST), *PARTS.items()]:
        tags = cloud.get(kind, name)["tags"]
        assert (tags["env"], tags["team"], tags["dockervm-host"]) == ("prod", "a", HOST), kind


def test_a_tag_in_another_case_is_the_same_tag(cloud):
    """Azure refuses a map that has both."""
    cloud.host("--tags", "env=test")
    again = cloud.create("--tags", "Env=prod").succeeded()
    assert "this failed" not in again.stderr
    for kind, name in [("Microsoft.Compute/virtualMachines", HOST), *PARTS.items()]:
        tags = cloud.get(kind, name)["tags"]
        assert tags["Env"] == "prod" and "env" not in tags, kind


def test_a_policy_that_wants_a_tag_everywhere_is_obeyed(cloud):
    cloud.behavior(conditions={"policy": [{"assignment": "tags", "without_tag": "env"}]})
    made = cloud.create("--provisioner", "docker-extension", "--tags", "env=test").succeeded()
    assert made.json["reachable"] is True
    cloud.behavior()
    cloud.az("cert", "create", "-dc", cloud.folder("mine")).succeeded()
    # On a host that exists its own tags go on what is made for it.
    cloud.behavior(conditions={"policy": [{"assignment": "tags", "without_tag": "env"}]})
    cloud.az("enable", "-g", cloud.group, "-n", HOST, "--replace-trust", "--yes", "-dc",
             cloud.folder("mine")).succeeded()


def test_the_docker_port_moves(cloud):
    cloud.host()
    again = cloud.create("-dp", "2376").succeeded()
    assert again.json["dockerHost"].endswith(":2376") and again.json["reachable"] is True
    assert "its Docker port becomes 2376, it was 4243" in again.stderr
    assert rules(cloud)["allow-docker"]["destinationPortRange"] == "2376", "the old one is closed"
    assert cloud.tags()["dockervm-port"] == "2376"
    assert cloud.create().succeeded().json == again.json


def test_a_docker_port_that_can_t_be_had_leaves_the_old_one_open_and_working(cloud):
    cloud.host()
    certificate = cloud.engine_certificate()
    cloud.behavior(conditions={"run_command": [{"command": "dockervm-serve-*", "outcome": "failed"}]})
    assert cloud.create("-dp", "2376").code == 1
    assert cloud.engine_certificate() == certificate
    cloud.behavior()
    assert cloud.create().succeeded().json["dockerPort"] == 4243


def test_the_ssh_port_and_the_sources_are_applied(cloud):
    cloud.host()
    cloud.create("-e", "2222", "--sources", "127.0.0.0/8", "192.0.2.0/24").succeeded()
    found = rules(cloud)
    assert found["allow-ssh"]["destinationPortRange"] == "2222"
    for name in ("allow-docker", "allow-ssh"):
        assert found[name]["sourceAddressPrefixes"] == ["127.0.0.0/8", "192.0.2.0/24"]


def test_a_rule_that_somebody_narrowed_stays_narrow(cloud):
    cloud.host()
    group = cloud.get(f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG")
    group["properties"]["securityRules"][0]["properties"]["sourceAddressPrefix"] = "127.0.0.0/8"
    cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG", group)
    cloud.settled(f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG")
    cloud.create("-e", "22").succeeded()
    assert rules(cloud)["allow-docker"]["sourceAddressPrefix"] == "127.0.0.0/8"


def test_a_rule_of_ours_that_somebody_replaced_is_not_made_again(cloud):
    """Ours would let everybody in beside theirs."""
    cloud.host()
    group = cloud.get(f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG")
    group["properties"]["securityRules"][0]["name"] = "office"
    group["properties"]["securityRules"][0]["properties"]["sourceAddressPrefix"] = "127.0.0.0/8"
    cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG", group)
    cloud.settled(f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG")
    cloud.create().succeeded()
    assert set(rules(cloud)) == {"office"}
    cloud.create("--sources", "127.0.0.0/8", "192.0.2.0/24").succeeded()
    assert rules(cloud)["allow-docker"]["sourceAddressPrefixes"] == ["127.0.0.0/8", "192.0.2.0/24"]


def test_two_services_can_t_share_a_port_of_a_host_that_exists(cloud):
    cloud.host("-dp", "2376")
    cloud.mark()
    refused = cloud.create("-e", "2376")
    assert refused.code == 1 and "two services can't share a port" in refused.stderr
    assert r"PUT \S+" not in cloud.requests


def test_a_host_that_listens_elsewhere_than_its_tag_says_is_believed(cloud):
    """A create -dp that was killed between the engine's start and the tags, or a hand that wrote the tag."""
    made = cloud.host()
    certificate = cloud.engine_certificate()
    cloud.retag(dockervm_port="2376")
    cloud.mark()
    again = cloud.az("create", "-g", cloud.group, "-n", HOST).succeeded()
    assert again.json == made and not cloud.asked("serve")
    assert cloud.tags()["dockervm-port"] == "4243" and cloud.engine_certificate() == certificate


def test_a_host_whose_port_tag_is_lost_is_found_where_it_listens(cloud):
    made = cloud.host("-dp", "2376")
    cloud.retag(dockervm_port=None)
    cloud.mark()
    again = cloud.az("create", "-g", cloud.group, "-n", HOST).succeeded()
    assert again.json == made and not cloud.asked("serve")
    assert cloud.tags()["dockervm-port"] == "2376"


def test_another_region_names_the_command_that_goes_on(cloud, monkeypatch):
    # azure-mgmt-resource as it is in the tests' own environment lacks what az lists the regions with.
    monkeypatch.setattr(_client_factory, "subscription_locations", lambda _cli_ctx: ["eastus", "westus"])
    cloud.host("--tags", "env=test")
    refused = cloud.create("-l", "eastus", "--tags", "env=test")
    assert refused.code == 1 and "is in westus, not in eastus" in refused.stderr
    assert f"az dockervm create -g {cloud.group} -n {HOST} -l westus --tags env=test" in refused.stderr


def test_a_host_in_another_region_than_its_group_s_is_gone_on_with_there(cloud, monkeypatch):
    """Messages name no region, and people forget it."""
    monkeypatch.setattr(_client_factory, "subscription_locations", lambda _cli_ctx: ["eastus", "westus"])
    made = cloud.host("-l", "eastus")
    assert cloud.create().succeeded().json == made and made["location"] == "eastus"
    assert "virtualNetworks/dockervm-westus-vnet" not in cloud.parts()


def test_commands_name_the_subscription_that_was_named(cloud):
    cloud.host()
    named = ("--subscription", cloud.instance.subscription)
    gone = cloud.az("info", "-g", cloud.group, "-n", "nobody", *named)
    assert gone.code == 3 and f"az vm list -o table {' '.join(named)}" in gone.stderr
    cloud.arm("POST", "Microsoft.Compute/virtualMachines", f"{HOST}/deallocate")
    cloud.settled("Microsoft.Compute/virtualMachines", HOST)
    off = cloud.az("info", "-g", cloud.group, "-n", HOST, *named).succeeded()
    assert off.json["cause"] == "off" and off.json["advice"] == [
        f"To start it: az vm start -g {cloud.group} -n {HOST} {' '.join(named)}"]


def test_options_that_go_into_a_security_group_that_is_not_in_force_are_named(cloud):
    cloud.host()
    office = cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", "office", {
        **cloud.get(f"{NETWORK}/networkSecurityGroups", f"{HOST}NSG"), "name": "office", "id": None, "tags": {}})
    cloud.settled(f"{NETWORK}/networkSecurityGroups", "office")
    interface = cloud.get(f"{NETWORK}/networkInterfaces", f"{HOST}VMNic")
    interface["properties"]["networkSecurityGroup"] = {"id": office["id"]}
    cloud.arm("PUT", f"{NETWORK}/networkInterfaces", f"{HOST}VMNic", interface)
    cloud.settled(f"{NETWORK}/networkInterfaces", f"{HOST}VMNic")
    again = cloud.create("--sources", "127.0.0.0/8").succeeded()
    assert "Without effect: --sources" in again.stderr and "stands behind 'office'" in again.stderr
    assert "Without effect" not in cloud.create().succeeded().stderr
