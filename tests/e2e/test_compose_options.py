"""What a host runs by itself: logged in to a registry, a Compose project that answers on its port, no secret astray."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path

import pytest
from fleet import MESSAGE, TOKEN
from local_azure import GROUP, eventually
from secret_search import GUESTS, found_in, holders, journal

pytestmark = pytest.mark.machines

# Whose registry it is has its password.
REGISTRY = r"^registry/"
FILES = "/var/lib/dockervm/compose/app"
# Built on the host, in a folder that is there, from an image that wants a login.
BUILT = """
services:
  job:
    build:
      context: ${{CONTEXT}}
      dockerfile_inline: |
        FROM {server}/busybox
        RUN --mount=type=tmpfs,target=/work echo -n built by buildx >/built
        CMD cat /built
"""
# What a build is told of proxies goes into its image, what its container is told goes to its log.
BEHIND_PROXY = """
services:
  job:
    image: behind-proxy
    build:
      context: ${{CONTEXT}}
      dockerfile_inline: |
        FROM {server}/busybox
        RUN echo "$$http_proxy $$HTTPS_PROXY $$no_proxy" >/built
        CMD cat /built && env
"""
WRONG = "Wrong_password-of.the-registry"


@pytest.fixture
def host(without_cloud_init):
    return without_cloud_init


@pytest.fixture
def password(local_azure) -> str:
    return Path(local_azure.environment["LOCALAZURE_REGISTRY_PASSWORD_FILE"]).read_text()


def page(host) -> str:
    with urllib.request.urlopen(f"http://{host.result['fqdn']}:8080/", timeout=10) as answer:
        return answer.read().decode()


def again(host, *words):
    return host.azure.az("dockervm", "create", "-g", GROUP, "-n", host.name, "-l", "eastus2", *words)


def test_a_project_is_up_from_the_private_registry_and_says_so(host, local_azure):
    registry = local_azure.environment["LOCALAZURE_PRIVATE_REGISTRY"]
    assert host.result["registryLogins"] == [{"server": registry, "user": "localazure", "loggedIn": True}]
    said = host.result["compose"]
    assert (said["project"], said["state"], said["reason"], said["containers"]) == ("app", "running", None, 1)
    [service] = said["services"]
    assert (service["name"], service["state"]) == ("web", "running")
    assert any(port.endswith(":8080->80/tcp") for port in service["ports"])


def test_it_answers_on_its_port_and_its_variables_came_unchanged(host):
    assert page(host) == MESSAGE


def test_an_image_of_docker_hub_comes_from_the_mirror(host):
    """No other way leads out of here."""
    pulled = host.docker("pull", "-q", "busybox").succeeded()
    assert pulled.stdout.strip() == "docker.io/library/busybox:latest"
    assert "does not answer the host" not in host.created.stderr


def test_the_docker_client_sees_the_project_by_its_name(host):
    shown = host.docker("ps", "--filter", "label=com.docker.compose.project=app", "--format", "{{.Names}}").succeeded()
    assert shown.stdout.split() == ["app-web-1"]
    said = host.run("docker compose version && docker buildx version")
    assert "Docker Compose version" in said and "buildx" in said


def test_what_root_keeps_root_alone_reads(host):
    names = f"/root/.docker/config.json {FILES}/compose.yaml {FILES}/compose.env {FILES} /var/lib/dockervm/compose"
    seen = host.run(f"stat -c '%a %U' {names}").splitlines()
    assert seen == ["600 root", "600 root", "600 root", "700 root", "700 root"]


def test_secrets_are_where_they_belong_and_nowhere_else(host, password):
    disk, azure = host.azure.disk(host.name), host.azure
    auth = base64.b64encode(f"localazure:{password}".encode()).decode()
    assert json.loads(host.run("cat /root/.docker/config.json"))["auths"].popitem()[1]["auth"] == auth
    assert holders(disk, auth) == {"root/.docker/config.json"} and holders(disk, password) == set()
    # A container has its variables: the engine's folders, which root alone reads too, hold them.
    assert holders(disk, TOKEN, leave_out=r"^var/lib/(docker|containerd)/") == {f"{FILES}/compose.env".lstrip("/")}
    for secret in (password, auth, TOKEN):
        assert not found_in(journal(disk), secret)
        assert holders(azure.folder, secret, leave_out=f"{GUESTS}|{REGISTRY}") == set()
        assert not found_in(host.created.stdout + host.created.stderr, secret)
    assert "Request body" in host.created.stderr, "--debug was in force"


def test_a_login_that_is_refused_is_told_and_costs_nothing(host, fleet):
    wrong = fleet.files / "wrong-password"
    wrong.write_text(WRONG)
    server = host.result["registryLogins"][0]["server"]
    refused = again(host, "--registry-login", f"{server}=localazure", "--registry-password", f"@{wrong}", "--debug")
    assert refused.code == 5 and refused.json["engineVersion"] and refused.json["compose"] is None
    assert refused.json["registryLogins"][0]["loggedIn"] is False
    assert f"the registry {server} refuses the login of localazure" in refused.stderr
    assert "unauthorized" in refused.stderr.lower() and "Hence exit code 5" in refused.stderr
    assert not found_in(refused.stdout + refused.stderr, WRONG)
    assert holders(host.azure.folder, WRONG, leave_out=GUESTS) == set()
    assert holders(host.azure.disk(host.name), WRONG) == set() and page(host) == MESSAGE


def test_an_absent_image_is_told_in_dockers_words_and_the_same_create_goes_on(host, fleet):
    server = host.result["registryLogins"][0]["server"]
    folder = fleet.write_project("second", f"services:\n  job:\n    image: {server}/none\n    command: {TOKEN}\n")
    words = ("--compose-file", folder / "compose.yaml", "--compose-env-file", folder / "secrets.env")
    failed = again(host, *words)
    assert failed.code == 5 and failed.json["compose"]["state"] == "failed"
    assert f"{server}/none" in failed.json["compose"]["reason"] and not found_in(failed.stderr, TOKEN)
    (folder / "compose.yaml").write_text(BUILT.format(server=server))
    with (folder / "secrets.env").open("a") as variables:
        variables.write("CONTEXT=/srv\n")
    made = again(host, *words).succeeded()
    assert made.json["compose"]["services"] == [{"name": "job", "state": "exited (0)", "ports": []}]
    assert host.docker("logs", "second-job-1").succeeded().stdout == "built by buildx"
    (folder / "compose.yaml").write_text(BEHIND_PROXY.format(server=server))
    again(host, *words, "--http-proxy", "http://127.0.0.1:9", "--https-proxy", "http://127.0.0.1:8",
          "--no-proxy", server.partition(":")[0]).succeeded()
    told, *environment = host.docker("logs", "second-job-1").succeeded().stdout.splitlines()
    assert told.startswith("http://127.0.0.1:9 http://127.0.0.1:8 localhost,")
    assert environment and not [line for line in environment if "proxy" in line.lower()]
    eventually(lambda: page(host) == MESSAGE, "the first project runs on")


@pytest.mark.long
def test_a_service_that_ends_at_once_is_named(host, fleet):
    server = host.result["registryLogins"][0]["server"]
    folder = fleet.write_project("third", f"services:\n  job: {{image: {server}/busybox, command: [sh, -c, exit 3]}}\n")
    failed = again(host, "--compose-file", folder / "compose.yaml")
    assert failed.code == 5 and failed.json["compose"]["services"][0]["state"] == "exited (3)"
    assert "not all services of the project third run" in failed.json["compose"]["reason"]
    assert "compose -p third logs job" in failed.stderr


@pytest.mark.long
def test_a_host_of_the_docker_vm_extension_runs_a_project_too(extension, fleet, local_azure):
    """Its Compose is the one that the handler was given."""
    server = local_azure.environment["LOCALAZURE_REGISTRY"]
    folder = fleet.write_project("fourth", f"services:\n  job: {{image: {server}/busybox, command: [echo, done]}}\n")
    made = extension.azure.az("dockervm", "create", "-g", GROUP, "-n", extension.name, "--compose-file",
                              folder / "compose.yaml", "--compose-env-file", folder / "secrets.env").succeeded()
    assert made.json["provisioner"] == "docker-extension" and made.json["compose"]["project"] == "fourth"
    assert made.json["compose"]["services"] == [{"name": "job", "state": "exited (0)", "ports": []}]
