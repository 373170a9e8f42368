"""One booted host with a zone, identities, user data, a daily end, and a login by key and by password."""

from __future__ import annotations

import base64
import json

import pytest
from fleet import PASSWORD, Host
from local_azure import GROUP, eventually
from running import run
from test_access import ssh, with_key, with_password

pytestmark = pytest.mark.machines

NAME, REGION, RESOURCE = "everything", "northeurope", "https://management.azure.com/"
SCHEDULE = f"Microsoft.DevTestLab/schedules/shutdown-computevm-{NAME}"
METADATA = "http://169.254.169.254/metadata"


@pytest.fixture(scope="module")
def builder(local_azure):
    """An identity that is there already."""
    return local_azure.query("identity", "create", "-g", GROUP, "-n", "builder", "-l", REGION)


@pytest.fixture(scope="module")
def host(local_azure, fleet, builder, tmp_path_factory):
    folder, data = tmp_path_factory.mktemp("everything"), fleet.files / "user data"
    data.write_text("role=build\n")
    created = local_azure.az(
        "dockervm", "create", "-g", GROUP, "-n", NAME, "-l", REGION, "-dc", folder, "-e", "-u", "skipper",
        "--zone", "2", "--assign-identity", "[system]", builder["id"], "--user-data", data,
        "--boot-diagnostics-storage", "", "--auto-shutdown", "1900",
        "--auto-shutdown-time-zone", "W. Europe Standard Time", "--authentication-type", "all",
        "-p", f"@{fleet.password_file}", "--ssh-key-values", f"{fleet.ssh_key}.pub").succeeded()
    yield Host(local_azure, NAME, created, created.json)
    local_azure.az("dockervm", "delete", "-g", GROUP, "-n", NAME, "-dc", folder, "--yes")


def metadata(host, path: str) -> str:
    return host.run(f"curl -s -H Metadata:true '{METADATA}/{path}'")


def test_docker_works_on_it(host):
    assert host.docker("version", "--format", "{{.Server.Version}}").succeeded().stdout.strip() == (
        host.result["engineVersion"])


def test_the_guest_knows_its_zone_and_reads_its_user_data(host):
    compute = json.loads(metadata(host, "instance/compute?api-version=2021-02-01"))
    assert (compute["zone"], compute["location"]) == ("2", REGION)
    assert base64.b64decode(compute["userData"]) == b"role=build\n"


def test_key_and_password_open_it(host, fleet, tmp_path):
    assert ssh(host, 22, *with_key(fleet.ssh_key)).succeeded().stdout.strip() == "skipper"
    options, environment = with_password(tmp_path, PASSWORD)
    assert ssh(host, 22, *options, **environment).succeeded().stdout.strip() == "skipper"


def test_a_container_gets_a_token_that_azure_takes(host, local_azure, builder):
    """As tools with a managed identity ask for it."""
    url = f"identity/oauth2/token?api-version=2018-02-01&resource={RESOURCE}"
    own = json.loads(metadata(host, url))
    other = json.loads(metadata(host, f"{url}&client_id={builder['clientId']}"))
    vm = local_azure.query("vm", "show", "-g", GROUP, "-n", NAME)
    for told, principal in ((own, vm["identity"]["principalId"]), (other, builder["principalId"])):
        payload = told["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert (claims["oid"], claims["aud"]) == (principal, RESOURCE)
        endpoint = local_azure.environment["LOCALAZURE_ENDPOINT"]
        asked = run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                     "--cacert", local_azure.folder / "tls/ca.pem",
                     "-H", f"Authorization: Bearer {told['access_token']}",
                     f"{endpoint}{vm['id']}?api-version=2024-11-01"])
        assert asked.stdout == "200", asked


def test_its_console_is_kept(host, local_azure):
    shown = local_azure.az("vm", "boot-diagnostics", "get-boot-log", "-g", GROUP, "-n", NAME)
    assert "cloud-init.target" in shown.stdout


def test_what_can_be_changed_is_told_for_the_host_that_exists(host, local_azure):
    again = local_azure.az("dockervm", "create", "-g", GROUP, "-n", NAME, "-l", REGION, "-dc", host.folder,
                           "--zone", "3", "--user-data", "other", "--assign-identity").succeeded()
    assert "Not applied: -z: the host is in zone 2, and a VM keeps its zone." in again.stderr
    assert "az vm update -g" in again.stderr and "--assign-identity" not in again.stderr


def test_at_its_time_it_is_deallocated_and_comes_back_and_it_goes_with_its_schedule(host, local_azure):
    group = local_azure.group_path(GROUP)
    shown = local_azure.arm("GET", f"{group}/providers/{SCHEDULE}", "2018-09-15")["properties"]
    assert (shown["dailyRecurrence"], shown["timeZoneId"]) == ({"time": "1900"}, "W. Europe Standard Time")
    local_azure.arm("POST", f"{group}/providers/{SCHEDULE}/execute", "2018-09-15")

    def power() -> str:
        return str(local_azure.query("dockervm", "show", "-g", GROUP, "-n", NAME)["powerState"])

    eventually(lambda: power() == "deallocated", "the schedule is carried out", 60)
    local_azure.az("vm", "start", "-g", GROUP, "-n", NAME).succeeded()
    eventually(lambda: host.docker("info").code == 0, "Docker answers again", 60)
    local_azure.az("dockervm", "delete", "-g", GROUP, "-n", NAME, "-dc", host.folder, "--yes").succeeded()
    left = local_azure.query("resource", "list", "--tag", f"dockervm-host={NAME}")
    assert left == []
    assert local_azure.query("identity", "show", "-g", GROUP, "-n", "builder")["principalId"]
