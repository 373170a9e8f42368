"""The action compose: logins and a Compose project, files that only root reads, and no secret in its answer."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re

import pytest
from script_machine import Answer, Machine, encoded, mode, needs_tools
from small_disk import in_own_view

pytestmark = needs_tools

FILE = "services:\n  web:\n    image: busybox\n    command: [\"echo\", \"$(touch /tmp/x)\", \"ü '\\\"\"]\n"
ENVIRONMENT = "TOKEN=s3cret $(id) `id` '\nOTHER=\"two\n lines\"\n"
PASSWORD = "it's $(id) \"pass\" wörd\\n"
PROJECT = {"PROJECT": "app"}
FOLDER = "/var/lib/dockervm/compose/app"
RUNS = "web|running|Up 2 seconds|0.0.0.0:8080->80/tcp, [::]:8080->80/tcp\n"

# It notes what it was given, and in which surroundings.
DOCKER = """
case "$1" in
login)
    env >"$root/environment"
    cat >>"$root/passwords"
    if [ -s "$root/switch/login-fails" ]; then
        sed -n 1p "$root/switch/login-fails" >&2
        sed -i 1d "$root/switch/login-fails"
        exit 1
    fi ;;
ps)
    cat "$root/switch/services" 2>/dev/null
    # The next look may see something else.
    [ ! -e "$root/switch/services.later" ] || mv "$root/switch/services.later" "$root/switch/services" ;;
*) [ -e "$root/run/up" ] && echo 26.1.5 ;;
esac
"""
COMPOSE = """
env >"$root/environment"
case "$*" in
*' config '*) [ ! -s "$root/switch/config-bad" ] || { cat "$root/switch/config-bad" >&2; exit 15; } ;;
*' up '*) [ ! -s "$root/switch/up-fails" ] || { cat "$root/switch/up-fails" >&2; exit 1; } ;;
esac
"""


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode())).decode()


def logins(*given: tuple[str, str, str]) -> str:
    return encoded(" ".join(f"{server} {encoded(user)} {encoded(password)}" for server, user, password in given))


def ready(machine: Machine) -> Machine:
    machine.install_docker()
    machine.add_tool("docker", DOCKER)
    plugins = machine.file("/usr/libexec/docker/cli-plugins")
    plugins.mkdir(parents=True)
    machine.add_tool("docker-compose", COMPOSE, plugins)
    machine.switch("services", RUNS)
    return machine


@pytest.fixture
def docker_host(dash_machine: Machine) -> Machine:
    """A host that has the client's plugin."""
    return ready(dash_machine)


def up(machine: Machine, file: str = FILE, **values: str) -> Answer:
    return machine.run("compose", **{"COMPOSE_FILE": packed(file), **PROJECT, **values})


def of_compose(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if call.startswith("docker-compose ")]


# Logins


def test_each_password_reaches_the_client_unchanged_and_no_command_line(machine: Machine):
    ready(machine)
    answer = machine.run("compose", LOGINS=logins(("a.example.com:5000", "robot$one two", PASSWORD),
                                                  ("docker.io", "me", "x")))
    assert (answer.status, answer.facts["logins"]) == (0, "a.example.com:5000 docker.io")
    assert (machine.root / "passwords").read_text() == PASSWORD + "x"
    assert [call for call in machine.calls() if call.startswith("docker login")] == [
        "docker login --username robot$one two --password-stdin a.example.com:5000",
        "docker login --username me --password-stdin docker.io"]
    assert f"HOME={machine.root}/root" in (machine.root / "environment").read_text().splitlines()
    assert not of_compose(machine) and "apt-get" not in str(machine.calls())


@pytest.mark.parametrize("words", [
    "Error response from daemon: Get \"https://a/v2/\": unauthorized: authentication required",
    "Error response from daemon: login attempt to https://a/v2/ failed with status: 401 Unauthorized",
    "denied: requested access to the resource is denied"])
def test_a_login_that_is_refused_is_told_at_once_with_the_servers_words(docker_host: Machine, words: str):
    docker_host.switch("login-fails", f"{words}\n")
    answer = up(docker_host, LOGINS=logins(("b.io", "you", "y"), ("a.io", "me", "x")))
    assert answer.reason == "login-refused" and "b.io refuses the login of you" in answer.details[0]
    assert words in "\n".join(answer.details) and not of_compose(docker_host)
    assert len([call for call in docker_host.calls() if "login" in call]) == 1 and "logins" not in answer.facts


def test_a_registry_that_does_not_answer_is_asked_three_times(docker_host: Machine):
    docker_host.switch("login-fails", "dial tcp: i/o timeout\n" * 2)
    assert docker_host.run("compose", LOGINS=logins(("a.io", "me", "x"))).facts["logins"] == "a.io"
    docker_host.switch("login-fails", "dial tcp: i/o timeout\n" * 3)
    answer = docker_host.run("compose", LOGINS=logins(("a.io", "me", "x")))
    assert answer.reason == "login-failed" and "i/o timeout" in str(answer.details)


def test_what_was_logged_in_to_before_is_told_too(docker_host: Machine):
    refuses = 'login)\ncase "$*" in *b.io) echo denied >&2; exit 1 ;; esac'
    docker_host.add_tool("docker", DOCKER.replace("login)", refuses))
    answer = docker_host.run("compose", LOGINS=logins(("a.io", "me", "x"), ("b.io", "me", "x")))
    assert answer.facts["logins"] == "a.io" and answer.reason == "login-refused"


# The project


def test_the_files_reach_the_host_unchanged_and_only_root_reads_them(machine: Machine):
    ready(machine)
    answer = up(machine, COMPOSE_ENV=packed(ENVIRONMENT))
    assert answer.status == 0, answer.stderr
    folder = machine.file(FOLDER)
    assert (folder / "compose.yaml").read_text() == FILE and (folder / "compose.env").read_text() == ENVIRONMENT
    assert [mode(folder / name) for name in ("compose.yaml", "compose.env")] == [0o600, 0o600]
    assert [mode(folder), mode(folder.parent)] == [0o700, 0o700]
    assert of_compose(machine)[-1] == (
        f"docker-compose --project-name app --file {folder}/compose.yaml --env-file {folder}/compose.env up --detach "
        "--quiet-pull")
    assert answer.facts["services"] == "web|running|0.0.0.0:8080->80/tcp,[::]:8080->80/tcp"
    assert answer.facts["containers"] == "1"


def test_compose_takes_no_variable_from_this_script(docker_host: Machine):
    up(docker_host, COMPOSE_ENV=packed(ENVIRONMENT), LOGINS=logins(("a.io", "me", PASSWORD)), HIDDEN=encoded("s3cret"))
    given = (docker_host.root / "environment").read_text()
    assert not re.search(r"^DOCKERVM_(LOGINS|COMPOSE|HIDDEN)", given, re.M)


def test_the_same_again_is_the_same_and_without_variables_there_are_none(docker_host: Machine):
    first = up(docker_host, COMPOSE_ENV=packed(ENVIRONMENT))
    again = up(docker_host)
    assert (again.status, again.facts) == (0, first.facts)
    assert [path.name for path in docker_host.file(FOLDER).iterdir()] == ["compose.yaml"]
    assert "--env-file" not in of_compose(docker_host)[-1]


def test_a_file_that_compose_does_not_take_takes_the_earlier_one_not_away(docker_host: Machine):
    up(docker_host)
    docker_host.switch("config-bad", "services.web.volumes.0 must be a string\n")
    answer = up(docker_host, "services: {web: {volumes: [1]}}\n")
    assert answer.reason == "compose-invalid" and "volumes.0 must be a string" in str(answer.details)
    assert docker_host.file(f"{FOLDER}/compose.yaml").read_text() == FILE


def test_a_failure_is_told_in_composes_words_with_the_state_of_the_services(docker_host: Machine):
    docker_host.switch("up-fails", "Error response from daemon: manifest for nobody/none:latest not found\n")
    docker_host.switch("services", "web|created|Created|\n" + RUNS.replace("web", "db"))
    answer = up(docker_host)
    assert answer.reason == "compose-failed" and "nobody/none:latest not found" in str(answer.details)
    assert re.fullmatch(r"db\|running\|.*;web\|created\|", answer.facts["services"])


def test_what_does_not_end_in_time_is_told_so(docker_host: Machine):
    slow = COMPOSE.replace("*' up '*)", "*' up '*) /bin/sleep 5;")
    docker_host.add_tool("docker-compose", slow, docker_host.file("/usr/libexec/docker/cli-plugins"))
    answer = docker_host.run("compose", **PROJECT, COMPOSE_FILE=packed(FILE), TIMEOUT="1")
    assert answer.reason == "compose-timeout" and "within 1 seconds" in answer.details[0]


@pytest.mark.parametrize(("seen", "state"), [
    ("web|exited|Exited (1) 2 seconds ago|", "exited (1)"),
    ("web|restarting|Restarting (1) 1 second ago|", "restarting"),
    ("web|running|Up 9 seconds (unhealthy)|80/tcp", "unhealthy"), ("web|dead|Dead|", "dead")])
def test_a_service_that_does_not_run_is_named(docker_host: Machine, seen: str, state: str):
    docker_host.switch("services", f"{seen}\n{RUNS.replace('web', 'db')}")
    answer = up(docker_host)
    assert answer.reason == "compose-unhealthy" and answer.details[1].startswith(f"web|{state}|")
    assert answer.facts["services"].split(";")[1].startswith(f"web|{state}|")


@pytest.mark.parametrize("now", ["web|created|Created|", "web|running|Up 1 second (health: starting)|",
                                 "web|restarting|Restarting (1) 1 second ago|"])
def test_what_is_still_coming_up_is_waited_for(docker_host: Machine, now: str):
    docker_host.switch("services", f"{now}\n")
    docker_host.switch("services.later", RUNS)
    assert up(docker_host).facts["services"].startswith("web|running|")


def test_what_breaks_a_moment_after_its_start_is_no_service_that_runs(docker_host: Machine):
    docker_host.switch("services.later", "web|exited|Exited (3) 1 second ago|\n")
    assert up(docker_host).facts["services"] == "web|exited (3)|"


def test_a_task_that_has_done_its_work_is_fine(docker_host: Machine):
    docker_host.switch("services", "task|exited|Exited (0) 2 seconds ago|\n" + RUNS)
    answer = up(docker_host)
    assert (answer.status, answer.facts["containers"]) == (0, "2")


def test_of_very_many_containers_as_many_are_told_as_there_is_room_for(docker_host: Machine):
    docker_host.switch("services", "".join(RUNS.replace("web", f"web{number:03}") for number in range(300)))
    answer = up(docker_host)
    told = answer.facts["services"].split(";")
    assert (answer.status, answer.facts["containers"]) == (0, "300") and 20 < len(told) < 60
    assert told[-1].endswith("[::]:8080->80/tcp")


# Secrets


@pytest.mark.parametrize("reason", ["config-bad", "up-fails", "login-fails"])
def test_no_answer_holds_what_is_to_be_hidden(machine: Machine, reason: str):
    """Not even a part of it: lines are cut only once it is gone."""
    ready(machine)
    secrets = ["s3cret", 'quo"ted', "wörd * [a-z]? \\", "x" * 300]
    text = " and ".join(f"{secret}{secret}" for secret in secrets)
    words = "denied " if reason == "login-fails" else ""
    machine.switch(reason, f"{words}{text}\n")
    answer = up(machine, LOGINS=logins(("a.io", "me", PASSWORD)), HIDDEN=encoded("\n".join(secrets)))
    assert answer.reason and "****** and ******" in str(answer.details)
    for secret in secrets:
        assert secret not in answer.stdout and secret not in answer.stderr
    assert "xxxx" not in answer.stdout


# What it needs


@pytest.mark.parametrize(("offered", "chosen"), [
    ("docker-compose\ndocker-buildx", ["docker-compose", "docker-buildx"]),                            # Debian
    ("docker-compose-v2\ndocker-buildx", ["docker-compose-v2", "docker-buildx"]),                      # Ubuntu
    ("docker-compose-plugin\ndocker-buildx-plugin\ndocker-compose-v2",
     ["docker-compose-plugin", "docker-buildx-plugin"]),                                               # Docker's own
    ("docker-compose", ["docker-compose"])])
def test_compose_and_buildx_are_installed_by_whichever_name_they_have(
        dash_machine: Machine, offered: str, chosen: list[str]):
    dash_machine.install_docker()
    dash_machine.add_tool("docker", DOCKER)
    dash_machine.switch("offered", offered + "\n")
    dash_machine.switch("services", RUNS)
    assert up(dash_machine).status == 0
    [installed] = [call for call in dash_machine.calls() if "apt-get" in call and " install " in call]
    assert installed.endswith(" ".join(["ca-certificates", *chosen])) and "docker.io" not in installed
    assert up(dash_machine).status == 0
    assert len([call for call in dash_machine.calls() if " install " in call]) == 1


def test_azure_linux_has_names_of_its_own(dash_machine: Machine):
    dash_machine.install_docker()
    dash_machine.add_tool("docker", DOCKER)
    dash_machine.switch("services", RUNS)
    (dash_machine.tools / "apt-get").rename(dash_machine.root / "stock" / "apt-get")
    dash_machine.add_tool("tdnf", 'case "$*" in *"list moby-compose" | *"list moby-buildx") '
                          'for name; do :; done; echo "$name.x86_64 1" ;;\n'
                          '*install*) shift; "$root/stock/apt-get" "$@" ;; esac\n')
    assert up(dash_machine).status == 0
    assert dash_machine.file("/usr/libexec/docker/cli-plugins/docker-buildx").exists()


def test_suse_has_them_too(dash_machine: Machine):
    dash_machine.install_docker()
    dash_machine.add_tool("docker", DOCKER)
    dash_machine.switch("services", RUNS)
    (dash_machine.tools / "apt-get").rename(dash_machine.root / "stock" / "apt-get")
    dash_machine.add_tool("zypper", 'case "$*" in *search*" docker-compose" | *search*" docker-buildx") ;;\n'
                          '*search*) exit 104 ;; *install*) "$root/stock/apt-get" "$@" ;; esac\n')
    assert up(dash_machine).status == 0
    assert dash_machine.file("/usr/bin/docker-compose").exists()


def test_no_package_of_compose_is_a_reason_and_comes_before_all(dash_machine: Machine):
    dash_machine.install_docker()
    dash_machine.add_tool("docker", DOCKER)
    answer = up(dash_machine, LOGINS=logins(("a.io", "me", "x")))
    assert answer.reason == "no-compose-package" and "docker-compose-plugin" in answer.details[0]


def test_buildx_is_added_to_a_compose_that_is_there_only_for_builds(docker_host: Machine):
    docker_host.switch("offered", "docker-buildx\n")
    assert up(docker_host).status == 0 and "apt-get" not in str(docker_host.calls())
    assert up(docker_host, BUILDS="1").status == 0
    assert docker_host.file("/usr/libexec/docker/cli-plugins/docker-buildx").exists()


@pytest.mark.parametrize("values", [
    {"PROJECT": "App"}, {"PROJECT": "-app"}, {"PROJECT": "a/../b"}, {"COMPOSE_FILE": "!"},
    {"COMPOSE_FILE": encoded("plain")}, {"COMPOSE_ENV": "!"}, {"LOGINS": "!"},
    {"LOGINS": encoded("a.io $(id) x")}, {"HIDDEN": "!"}])
def test_wrong_input_is_refused_before_anything_is_done(docker_host: Machine, values: dict[str, str]):
    before = docker_host.files("/etc", "/usr", "/var")
    assert up(docker_host, **values).reason == "bad-input"
    assert docker_host.files("/etc", "/usr", "/var") == before and not docker_host.calls()


@pytest.mark.usefixtures("mounts")
def test_a_full_disk_is_told_by_its_name_and_the_earlier_files_stay(docker_host: Machine):
    assert up(docker_host).status == 0
    other = FILE + "".join(f"# {hashlib.sha256(bytes([one])).hexdigest()}\n" for one in range(200))
    answer = in_own_view(docker_host, 0, "compose", "/var/lib/dockervm", **PROJECT, COMPOSE_FILE=packed(other))
    assert answer.reason == "disk-full"
    assert f"{FOLDER}/compose.yaml" in answer.details[0] and answer.details[-1] == "0 KB are free there"
    assert "No space left on device" in str(answer.details)
    assert docker_host.file("/after/compose/app/compose.yaml").read_text() == FILE
    assert [path.name for path in docker_host.file("/after/compose/app").iterdir()] == ["compose.yaml"]


# What it builds, behind a proxy

PROXIES = {"HTTP_PROXY": "http://me:s3cret@a.test:1", "HTTPS_PROXY": "http://b.test:2", "NO_PROXY": "localhost,.corp"}
BUILDING = COMPOSE.replace('env >"$root/environment"', """
case "$*" in
*' config --images') echo app-web ;;
*' build '*)
    env >"$root/built-with"
    [ ! -s "$root/switch/build-fails" ] || { cat "$root/switch/build-fails" >&2; exit 17; } ;;
*' up '*) env >"$root/up-with" ;;
esac""")


@pytest.fixture
def behind_proxy(machine: Machine) -> Machine:
    """Without the image that is to be built."""
    ready(machine)
    machine.add_tool("docker", DOCKER.replace("*)", 'image) [ -e "$root/switch/built" ] ;;\n*)'))
    machine.add_tool("docker-compose", BUILDING, machine.file("/usr/libexec/docker/cli-plugins"))
    machine.add_tool("docker-buildx", "", machine.file("/usr/libexec/docker/cli-plugins"))
    return machine


def builds(machine: Machine) -> list[str]:
    return [call for call in of_compose(machine) if " build" in call]


def test_a_build_gets_the_host_s_proxies_and_containers_get_none(behind_proxy: Machine):
    machine = behind_proxy
    answer = up(machine, BUILDS="1", **PROXIES)
    assert answer.status == 0, answer.stderr
    [call] = builds(machine)
    names = [*PROXIES, *(name.lower() for name in PROXIES)]
    assert call.endswith("compose.yaml build " + " ".join(f"--build-arg {name}" for name in names))
    given = (machine.root / "built-with").read_text().splitlines()
    assert {f"{name}={PROXIES[name.upper()]}" for name in names} <= set(given)
    assert of_compose(machine)[-1].endswith(" up --detach --quiet-pull")
    assert "HTTP_PROXY=" not in (machine.root / "up-with").read_text()
    assert "s3cret" not in str(machine.calls()) + answer.stdout + answer.stderr
    left = machine.files("/etc", "/root", "/run", "/var")
    assert not [name for name, state in left.items() if "s3cret" in str(state[0])]


@pytest.mark.parametrize("values", [{"BUILDS": "1"}, PROXIES], ids=["no proxy", "no build"])
def test_without_a_build_or_a_proxy_compose_does_all_by_itself(behind_proxy: Machine, values: dict[str, str]):
    assert up(behind_proxy, **values).status == 0 and builds(behind_proxy) == []


def test_what_is_built_is_not_built_again(behind_proxy: Machine):
    behind_proxy.switch("built")
    assert up(behind_proxy, BUILDS="1", **PROXIES).status == 0 and builds(behind_proxy) == []


def test_a_later_project_takes_the_proxies_that_the_host_has(behind_proxy: Machine):
    kept = behind_proxy.file("/etc/docker/dockervm/proxy.env")
    kept.parent.mkdir(parents=True)
    kept.write_text('HTTP_PROXY=http://a.test:1\nHTTPS_PROXY="http://b.test:2"\nNO_PROXY=localhost\n')
    assert up(behind_proxy, BUILDS="1").status == 0
    given = (behind_proxy.root / "built-with").read_text().splitlines()
    assert {"HTTP_PROXY=http://a.test:1", "HTTPS_PROXY=http://b.test:2", "NO_PROXY=localhost"} <= set(given)


def test_a_build_that_fails_is_told_in_its_words_without_the_password(behind_proxy: Machine):
    behind_proxy.switch("build-fails", f"proxy {PROXIES['HTTP_PROXY']} says 407\n")
    answer = up(behind_proxy, BUILDS="1", **PROXIES)
    assert answer.reason == "compose-failed" and "proxy http://***@a.test:1 says 407" in str(answer.details)
    assert "s3cret" not in answer.stdout + answer.stderr
    assert not [call for call in of_compose(behind_proxy) if " up " in call]
