"""DockerExtension's handler follows the genuine one's rules, in a folder that stands for a guest."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import replace

import pytest

from localazure.machines.fake import file_system
from localazure.machines.foundation.guest_identity import ovf_environment
from localazure.machines.handlers.context import HandlerContext
from localazure.machines.handlers.dispatch import enable, remove
from localazure.machines.handlers.docker_extension import UBUNTU, docker_settings
from localazure.machines.machine import OF_ITS_TIME, Guise, MachineSpec, RunResult
from localazure.providers.compute import distributions, image_catalog

EXTENSIONS = "Microsoft.Azure.Extensions"
TLS = "--tlsverify --tlscacert=/etc/docker/ca.pem --tlscert=/etc/docker/cert.pem --tlskey=/etc/docker/key.pem"
MODERN = Guise("Ubuntu", "24.04", False, 0.0)
INSTALLER = "executing /bin/sh [-c curl -sSL https://get.docker.com/ | sh] failed: exit status"
COMPOSE = "https://github.com/docker/compose/releases/download/1.6.2/docker-compose-Linux-x86_64"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CERTS = {"certs": {"ca": b64("CA"), "cert": b64("CERT"), "key": b64("KEY")}}


class Guest:
    """Remembers what was run and answers as told."""

    def __init__(self, result: RunResult | None = None, guise: Guise = OF_ITS_TIME) -> None:
        self.result = result or RunResult(0, "", "")
        self.guise = guise
        self.environment: dict[str, str] = {}

    def run(self, script, arguments, timeout):
        self.environment = dict(arguments)
        return self.result

    def enable(self, type_name, public, protected=None):
        return enable(HandlerContext(self.run, self.guise), EXTENSIONS, type_name, public, protected or {})


# settings


def test_port_and_options_become_the_daemons_arguments():
    settings = docker_settings({"docker": {"port": "4243", "options": ["-D", "--dns=8.8.8.8"]}}, CERTS)
    assert settings.arguments(UBUNTU) == f"-H=fd:// {TLS} -H=0.0.0.0:4243 -D --dns=8.8.8.8"
    assert settings.certificates == (b"CA", b"CERT", b"KEY")


def test_a_port_without_all_certificates_is_an_open_door():
    settings = docker_settings({"docker": {"port": "4243"}}, {"certs": {"ca": b64("CA"), "cert": b64("CERT")}})
    assert settings.arguments(UBUNTU) == "-H=fd:// -H=0.0.0.0:4243"
    assert settings.certificates is None


def test_names_are_read_without_regard_to_case_and_unknown_ones_ignored():
    settings = docker_settings({"Docker": {"PORT": "1"}, "other": 1}, {"Certs": None})
    assert settings.port == "1"


def test_text_that_is_no_base64_is_taken_as_it_is():
    settings = docker_settings({}, {"certs": {"ca": "-----BEGIN", "cert": f"{b64('CERT')}\n", "key": "S0V\r\nZ"}})
    assert settings.certificates == (b"-----BEGIN", b"CERT", b"KEY")


@pytest.mark.parametrize(
    ("public", "protected", "said"),
    [
        ({"docker": {"port": 4243}}, {}, "cannot unmarshal number into Go value docker.port of type string"),
        ({"docker": "x"}, {}, "cannot unmarshal string into Go value docker of type object"),
        ({"docker": {"options": "-D"}}, {}, "failed to unmarshal public settings"),
        ({"docker": {"options": [1]}}, {}, "cannot unmarshal number"),
        ({}, {"certs": {"ca": ["x"]}}, "failed to unmarshal protected settings"),
        ({"azure-environment": "Mars"}, {}, "invalid environment name: Mars"),
    ],
)
def test_settings_of_the_wrong_type_fail(public, protected, said):
    guest = Guest()
    result = guest.enable("DockerExtension", public, protected)
    assert result.exit_code == 1 and said in result.stderr and not guest.environment


def test_the_handlers_own_words_are_the_error():
    result = Guest(RunResult(1, "log", "noise\nexit status 1\n")).enable("dockerextension", {})
    assert result.stderr == "Enable Docker failed: ERROR: exit status 1"


def test_login_fails_as_docker_knows_no_email_any_more():
    result = Guest().enable("DockerExtension", {}, {"login": {"username": "u", "password": "hidden"}})
    assert result.exit_code == 1 and result.stderr.endswith("'docker login' failed")

# distributions


def test_distributions_that_the_handler_does_not_know_end_its_install_in_its_own_words():
    for guise, said in (
        (Guise("", "", False), "ERROR: Cannot get distro info: could not determine distro"),
        (Guise('"azurelinux"', "3.0", False), 'ERROR: Distro not supported: "azurelinux" 3.0'),
        (Guise("Ubuntu", "12.04", False), "ERROR: Ubuntu 12 or older not supported. Got: Ubuntu 12.04"),
    ):
        guest = Guest(guise=guise)
        result = guest.enable("DockerExtension", {})
        assert result.exit_code == 1 and result.stderr.endswith(said) and not guest.environment
        assert "Non-zero exit code: 1," in result.stderr
        gone = remove(HandlerContext(guest.run, guise), EXTENSIONS, "DockerExtension")
        assert gone.stderr == f"Disabling Docker failed: {said}" and not guest.environment


@pytest.mark.parametrize(
    ("urn", "distribution", "release", "of_its_time"),
    [
        ("Canonical:UbuntuServer:16.04-LTS", "Ubuntu", "16.04", True),
        ("Canonical:UbuntuServer:18.04-LTS", "Ubuntu", "18.04", True),
        ("Canonical:0001-com-ubuntu-server-focal:20_04-lts-gen2", "Ubuntu", "20.04", False),
        ("Canonical:0001-com-ubuntu-server-jammy:22_04-lts", "Ubuntu", "22.04", False),
        ("Canonical:ubuntu-24_04-lts:minimal", "Ubuntu", "24.04", False),
        ("Canonical:0001-com-ubuntu-pro-noble:pro-lts", "Ubuntu", "24.04", False),
        ("OpenLogic:CentOS:7.5", "CentOS", "7", True),
        ("OpenLogic:CentOS:8_5-gen2", "CentOS", "8", False),
        ("RedHat:RHEL:7_9", "Red Hat Enterprise Linux Server", "7", True),
        ("RedHat:RHEL:10_0", "Red Hat Enterprise Linux Server", "10", False),
        ("almalinux:almalinux-x86_64:9-gen2", "Red Hat Enterprise Linux Server", "9", False),
        ("CoreOS:CoreOS:Stable", '"Container Linux by CoreOS"', "2512.3.0", True),
        ("kinvolk:flatcar-container-linux-free:stable-gen2", '"Flatcar Container Linux by Kinvolk"', "4230.2.1", False),
        ("Debian:debian-12:12-gen2", "", "", False),
        ("SUSE:sles-15-sp6:gen2", "", "", False),
        ("LocalAzure:linux-without-cloud-init:agent-only", "Ubuntu", "24.04", False),
        ("LocalAzure:linux-variants:rpm", "Ubuntu", "24.04", False),
    ],
)
def test_what_an_image_passes_for(urn, distribution, release, of_its_time):
    image = image_catalog.find(*urn.split(":"))
    assert distributions.guise(image, 0.5) == Guise(distribution, release, of_its_time, 0.5)


# in a guest


class Folder:
    """A private folder as fake machines have it, whose systemctl and apt-get are noted, not done."""

    def __init__(self, path):
        spec = MachineSpec("0a1b2c3d", "web1", "azureuser", None, (), None, True, "n", "10.0.0.4", "10.0.0.0/24",
                           "00:0d:3a:00:00:01", 2, 2048)  # fmt: skip
        self.spec = spec
        file_system.make(path, spec)
        self.root, self.tools, self.noted = path / "root", path / "bin", path / "noted"
        file_system.link_tools(path / "harmless")
        self.path = f"{self.tools}:{path / 'harmless'}"
        self.tool("systemctl", "true")
        self.tool("sleep", "true")
        self.tool("apt-get", f"case $* in *update*) exit 1;; esac\n{self.installs()}")

    def installs(self) -> str:
        """What apt-get leaves: the packages' tools and Docker's unit."""
        unit = f"{self.root}/lib/systemd/system/docker.service"
        return (
            f"mkdir -p {self.root}/usr/bin && cp /bin/true {self.root}/usr/bin/docker &&\n"
            f"cp /bin/true {self.root}/usr/bin/docker-compose\n"
            f"[ -e {unit} ] || echo ExecStart=/usr/sbin/dockerd >{unit}\n"
        )

    def tool(self, name, body):
        (self.tools / name).write_text(f"#!/bin/sh\necho {name} \"$*\" >>{self.noted}\n{body}\n")
        (self.tools / name).chmod(0o755)

    def prepare(self, compose="usr/local/bin/docker-compose"):
        """Docker and Compose are there already."""
        subprocess.run(["sh", "-c", self.installs()], check=True)
        (self.root / "usr/bin/docker-compose").unlink()
        if compose:
            (self.root / compose).parent.mkdir(parents=True, exist_ok=True)
            (self.root / compose).write_text("#!/bin/sh\n")

    def run(self, script, arguments, timeout):
        variables = {"PATH": self.path, "LOCALAZURE_ROOT": str(self.root), **dict(arguments)}
        done = subprocess.run(["/bin/sh", "-c", script], env=variables, capture_output=True, text=True, timeout=timeout)
        return RunResult(done.returncode, done.stdout, done.stderr)

    def enable(self, guise=OF_ITS_TIME, public=None, protected=None):
        public = public or {"docker": {"port": "4243"}}
        return enable(HandlerContext(self.run, guise), EXTENSIONS, "DockerExtension", public, protected or CERTS)

    def called(self, name) -> list[str]:
        lines = self.noted.read_text().splitlines() if self.noted.exists() else []
        return [line for line in lines if line.startswith(f"{name} ")]

    def unit(self) -> str:
        return (self.root / "lib/systemd/system/docker.service").read_text()

    def log(self) -> str:
        (file,) = (self.root / "var/log/azure").rglob("docker-extension.log")
        return file.read_text()


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_on_an_image_of_its_time_it_installs_both(folder):
    result = folder.enable()
    assert (result.exit_code, result.stderr) == (0, "Enable Docker succeeded"), result.stdout
    assert len(folder.called("apt-get")) == 2
    assert (folder.root / "usr/local/bin/docker-compose").exists()
    assert folder.unit() == f"ExecStart=/usr/bin/dockerd -H=fd:// {TLS} -H=0.0.0.0:4243\n"
    assert folder.called("systemctl")[-1] == "systemctl restart docker"


def test_on_a_modern_image_it_tries_six_times_and_gives_up(folder):
    result = folder.enable(replace(MODERN, pace=0.02))
    assert result.exit_code == 1
    assert result.stderr == f"Enable Docker failed: ERROR: {INSTALLER} 100"
    assert folder.called("sleep") == ["sleep 1.2"] * 5
    assert "remaining attempts=1." in folder.log() and not folder.called("apt-get")
    assert not (folder.root / "etc/docker").exists()


def test_the_installer_of_red_hats_family_ends_with_a_status_of_its_own(folder):
    result = folder.enable(Guise("CentOS", "8", False))
    assert result.stderr == f"Enable Docker failed: ERROR: {INSTALLER} 1"


def test_a_prepared_host_is_configured_and_nothing_is_installed(folder):
    folder.prepare()
    result = folder.enable(MODERN)
    assert result.exit_code == 0, result.stderr
    assert not folder.called("apt-get")
    log = folder.log()
    assert "docker already installed. not re-installing" in log
    assert "docker-compose is already installed at /usr/local/bin/docker-compose" in log
    assert "-H=0.0.0.0:4243" in folder.unit()


def test_docker_without_compose_is_not_enough_today(folder):
    folder.prepare(compose="")
    result = folder.enable(MODERN)
    why = f"error installing docker-compose: response status code from {COMPOSE}: 404 Not Found"
    assert result.stderr == f"Enable Docker failed: ERROR: {why}"


def test_each_distribution_has_its_own_place_for_compose(folder):
    red_hat = Guise("Red Hat Enterprise Linux Server", "9", False)
    folder.prepare()
    assert "response status code" in folder.enable(red_hat).stderr
    folder.prepare("usr/bin/docker-compose")
    assert folder.enable(red_hat).exit_code == 0
    assert "ExecStart=/usr/bin/dockerd -H=unix:// " in folder.unit()


def test_coreos_gets_a_drop_in_and_compose_in_opt(folder):
    assert folder.enable(Guise("CoreOS", "2512.3.0")).exit_code == 0
    drop_in = folder.root / "etc/systemd/system/docker.service.d/10-docker-extension.conf"
    assert drop_in.read_text() == f'[Service]\nEnvironment="DOCKER_OPTS={TLS} -H=0.0.0.0:4243"\n'
    assert (folder.root / "opt/bin/docker-compose").exists() and folder.unit() == "ExecStart=/usr/sbin/dockerd\n"


def test_a_link_to_compose_means_the_folders_own(folder):
    folder.prepare(compose="usr/bin/docker-compose")
    link = folder.root / "usr/local/bin/docker-compose"
    link.parent.mkdir(parents=True)
    link.symlink_to("/usr/bin/docker-compose")
    assert folder.enable(MODERN).exit_code == 0
    (folder.root / "usr/bin/docker-compose").unlink()
    assert "404 Not Found" in folder.enable(MODERN).stderr


def test_the_user_is_the_one_of_the_provisioning_document_and_must_exist(folder):
    folder.prepare()
    (folder.root / "etc/passwd").write_text("somebody:x:1000:1000::/:/bin/sh\n")
    assert folder.enable(MODERN).stderr == "Enable Docker failed: ERROR: executing usermod failed: exit status 6"
    (folder.root / "var/lib/waagent/ovf-env.xml").unlink()
    assert "failed to get provisioned user: open /var/lib/waagent/ovf-env.xml" in folder.enable(MODERN).stderr


@pytest.mark.parametrize("cloud_init", [True, False])
def test_the_document_is_read_as_cloud_init_and_as_the_agent_leave_it(folder, cloud_init):
    folder.prepare()
    document = ovf_environment(replace(folder.spec, cloud_init=cloud_init))
    (folder.root / "var/lib/waagent/ovf-env.xml").write_text(document)
    assert ("<ns1:UserName>" in document) is cloud_init
    assert folder.enable(MODERN).exit_code == 0


def test_a_host_without_the_packaged_unit_fails(folder):
    folder.prepare()
    (folder.root / "lib/systemd/system/docker.service").unlink()
    assert folder.enable(MODERN).stderr.endswith(
        "failed to update dockeropts: error updating DOCKER_OPTS: error reading /lib/systemd/system/docker.service"
    )


def test_the_same_settings_again_only_start_the_engine(folder):
    folder.prepare()
    folder.enable(MODERN)
    folder.noted.unlink()
    assert "no restart needed" in folder.enable(MODERN).stdout
    assert folder.called("systemctl") == ["systemctl start docker"]


def test_an_engine_that_does_not_start_fails_the_extension(folder):
    folder.prepare()
    folder.tool("systemctl", "[ \"$1\" != restart ]")
    assert folder.enable(MODERN).stderr.endswith("executing systemctl [restart docker] failed: exit status 1")


def test_compose_is_run_from_where_it_was_looked_for(folder):
    folder.prepare()
    tool = folder.root / "usr/local/bin/docker-compose"
    tool.write_text(f"#!/bin/sh\necho $COMPOSE_PROJECT_NAME $* >{folder.root}/composed\n")
    tool.chmod(0o755)
    public = {"docker": {}, "compose": {"web": {"image": "x"}}}
    assert folder.enable(MODERN, public).exit_code == 0
    assert (folder.root / "composed").read_text() == (
        f"compose -f {folder.root}/etc/docker/compose/docker-compose.yml up -d\n"
    )


def test_its_end_stops_docker(folder):
    gone = remove(HandlerContext(folder.run, MODERN), EXTENSIONS, "DockerExtension")
    assert gone.exit_code == 0 and folder.called("systemctl") == ["systemctl stop docker"]
    folder.tool("systemctl", "exit 5")
    gone = remove(HandlerContext(folder.run, MODERN), EXTENSIONS, "DockerExtension")
    assert gone.stderr == "Disabling Docker failed: ERROR: executing systemctl [stop docker] failed: exit status 5"
