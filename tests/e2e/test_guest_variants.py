"""The set-up script on guests as other distributions have them: firewalls, sshd's socket, RPM's managers, locks."""

from __future__ import annotations

import time

import pytest
from guests import on_booted_guests
from local_azure import GROUP, eventually

pytestmark = on_booted_guests("docker", "openssl")


def on(*variants: str):
    return pytest.mark.parametrize("guest", variants, indirect=True)


@on("ssh-socket")
def test_a_socket_with_a_generator_listens_on_the_new_port_alone_now_and_after_the_next_boot(guest):
    assert guest.takes_connections(22)
    guest.says("mkdir -p /etc/systemd/system/ssh.socket.d && cd /etc/systemd/system/ssh.socket.d && "
               "printf '[Socket]\\nListenStream=22\\n' >override.conf && systemctl daemon-reload")
    answer = guest.run("ssh", SSH_PORT="2222")
    assert answer.ok, answer.details
    for _ in range(2):
        assert guest.takes_connections(2222)
        assert guest.listening() & {22, 2222} == {2222}
        assert "ListenStream=0.0.0.0:2222" in guest.says("cat /run/systemd/generator/ssh.socket.d/addresses.conf")
        assert guest.guest_status("systemctl is-active ssh.socket") == 0
        guest.restart()
        eventually(lambda: guest.takes_connections(2222), "sshd is back")
    assert guest.run("ssh", SSH_PORT="22").ok
    assert guest.listening() & {22, 2222} == {22}


# Long: each boots a guest, and some wait as long as the genuine thing does


SAVED = "cat /etc/systemd/scripts/ip4save /etc/systemd/scripts/ip6save"


@pytest.mark.long
@on("azure-linux-iptables")
def test_iptables_that_drop_let_the_ports_through_now_and_after_the_next_boot(guest):
    eventually(lambda: guest.guest_status("systemctl is-active iptables") == 0, "rules are loaded")
    assert guest.takes_connections(22) and "-P INPUT DROP" in guest.says("iptables -S")
    guest.says("systemd-run -q openssl s_server -accept 5555 -nocert -www")
    asked = guest.becomes_a_host(SSH_PORT="2222")
    assert asked["ssh-port"] == "2222"
    assert guest.takes_connections(2222) and not guest.takes_connections(5555)
    again = guest.request(SSH_PORT="2222")
    assert again.ok and guest.serve(again["csr"]).ok
    for port in ("2222", "4243"):
        assert guest.says(SAVED).count(f"--dport {port} -j ACCEPT") == 2
        for tool in ("iptables", "ip6tables"):
            assert guest.says(f"{tool} -S").count(f"--dport {port} -j ACCEPT") == 1
    guest.restart()
    eventually(lambda: guest.takes_connections(4243), "the engine is back")
    assert guest.docker("info", "--format", "{{.ServerVersion}}")
    assert guest.takes_connections(2222) and not guest.takes_connections(22)
    # The rules were loaded before the engine, whose own for containers they would have taken away.
    rules = guest.says("iptables -S")
    assert "-P INPUT DROP" in rules and "-N DOCKER" in rules


@pytest.mark.long
@on("firewalld")
def test_firewalld_lets_the_ports_through_now_and_after_the_next_boot(guest):
    eventually(lambda: guest.guest_status("firewall-cmd --state") == 0, "firewalld runs")
    guest.says("systemd-run -q openssl s_server -accept 5555 -nocert -www")
    guest.becomes_a_host(SSH_PORT="2222")
    assert guest.takes_connections(2222) and not guest.takes_connections(5555)
    assert set(guest.says("firewall-cmd --permanent --list-ports").split()) == {"2222/tcp", "4243/tcp"}
    guest.restart()
    eventually(lambda: guest.takes_connections(4243), "the engine is back")
    assert guest.guest_status("firewall-cmd --state") == 0
    assert guest.docker("info", "--format", "{{.ServerVersion}}")
    assert guest.takes_connections(2222) and not guest.takes_connections(22)


OWN_RULES = """table inet own {
    chain in { type filter hook input priority filter; policy drop; iif lo accept; ct state established accept; }
}"""


@pytest.mark.long
@on("firewalld")    # which has nft
def test_rules_that_are_kept_nowhere_we_know_end_the_set_up_with_the_command_that_opens_the_port(guest):
    eventually(lambda: guest.guest_status("firewall-cmd --state") == 0, "firewalld runs")
    guest.says("systemctl disable --now firewalld")
    asked = guest.request()
    for shut, opened in (("iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT", "iptables -P INPUT ACCEPT"),
                         (f"nft '{OWN_RULES}'", "nft delete table inet own")):
        guest.says(shut)
        refused = guest.serve(asked["csr"])
        assert refused.reason == "firewall-shut"
        tool, port = shut.split()[0], guest.port
        assert refused.details[0].startswith(tool) and f"shuts port {port}" in refused.details[0]
        # As it says.
        guest.says(refused.details[1].partition(": ")[2])
        assert guest.serve(asked["csr"]).ok and guest.takes_connections(port)
        guest.says(opened)


@pytest.mark.long
@on("dnf-docker-ce", "dnf-moby")
def test_dnf_installs_docker_from_its_own_repository_and_from_the_distribution_s(guest):
    guest.becomes_a_host(USER="azureuser")
    names = guest.says("rpm -qa --queryformat '%{NAME} '").split()
    wanted = {"docker-ce": ["docker-ce", "docker-ce-cli", "containerd.io"], "moby": ["moby-engine", "moby-cli"]}
    assert set(wanted["docker-ce" if "docker-ce" in names else "moby"]) <= set(names)
    assert "docker" in guest.says("id -Gn azureuser").split()
    assert "/usr/bin/dockerd" in guest.says("systemctl cat docker.service")
    guest.restart()
    eventually(lambda: guest.takes_connections(guest.port), "the engine is back")
    assert guest.docker("info", "--format", "{{.ServerVersion}}")


@pytest.mark.long
@on("dnf-docker-ce")
def test_dnf_s_lock_is_waited_for_and_named(guest):
    guest.says("systemd-run -q --unit=holder sleep 600 && mkdir -p /var/cache/dnf && "
               "printf %s $(systemctl show -p MainPID --value holder) >/var/cache/dnf/metadata_lock.pid")
    refused = guest.request(TIMEOUT="15")
    assert refused.reason == "lock-timeout"
    assert any("locked by" in line for line in refused.details)
    guest.says("systemd-run -q --on-active=10 systemctl stop holder")
    assert guest.request().ok


@pytest.mark.long
@on("dnf-without-docker")
def test_repositories_without_docker_say_where_it_is(guest):
    begun = time.monotonic()
    refused = guest.request()
    assert refused.reason == "no-docker-package" and time.monotonic() - begun < 60
    assert refused.details[0] == "no package repository of this host offers docker-ce or moby-engine"
    assert "https://docs.docker.com/engine/install" in refused.details[1]


@pytest.mark.long
def test_what_a_host_says_of_its_repositories_is_told_and_doing_so_makes_it_a_host(local_azure, fleet):
    words = ("dockervm", "create", "-g", GROUP, "-n", "without-docker", "--image",
             "LocalAzure:linux-variants:dnf-without-docker:latest", "--ssh-key-values", f"{fleet.ssh_key}.pub")
    failed = local_azure.az(*words)
    assert failed.code == 1 and "Traceback" not in failed.stderr
    assert "failed: there is no package of Docker. The host says:" in failed.stderr
    assert "no package repository of this host offers docker-ce or moby-engine" in failed.stderr
    assert "the same command again with --docker-channel docker adds it" in failed.stderr
    local_azure.in_guest("without-docker", "printf '[docker]\\nname=Docker\\nbaseurl=file:///srv/rpm/docker-ce\\n"
                         "gpgcheck=0\\n' >/etc/yum.repos.d/docker.repo")
    made = local_azure.az(*words).succeeded().json
    assert local_azure.docker("--tlsverify", "-H", made["dockerHost"], "version",
                              DOCKER_CERT_PATH=made["certDir"]).succeeded()


@pytest.mark.long
@on("dnf-selinux")
def test_under_selinux_what_labels_ports_is_installed_or_named(guest):
    hidden = "/etc/yum.repos.d/docker-ce.repo"
    guest.says(f"mv {hidden} /root/")
    refused = guest.run("ssh", SSH_PORT="2222", timeout=10)
    assert refused.reason == "selinux-tools-missing"
    assert "policycoreutils-python-utils" in "".join(refused.details)
    assert guest.takes_connections(22)
    guest.says(f"mv /root/docker-ce.repo {hidden}")
    assert guest.run("ssh", SSH_PORT="2222").ok
    assert guest.says("cat /var/lib/semanage.calls") == "port -a -t ssh_port_t -p tcp 2222"
    assert guest.takes_connections(2222) and not guest.takes_connections(22)


@pytest.mark.long
@on("zypper-late")
def test_zypper_waits_for_the_repositories_that_come_with_the_registration(guest):
    assert guest.guest_status("zypper repos") == 6
    guest.becomes_a_host()
    names = guest.says("rpm -qa --queryformat '%{NAME} '").split()
    assert {"docker", "containerd"} <= set(names)


@pytest.mark.long
@on("rpm")
def test_repositories_that_never_come_are_named(guest):
    for manager in ("dnf", "zypper"):
        refused = guest.run("request", timeout=20)
        assert refused.reason == "no-repositories", (manager, refused.details)
        guest.says(f"rm -f /usr/bin/{manager}*")


@pytest.mark.long
@on("late-packages")
def test_locks_of_apt_are_waited_for_and_named(guest):
    refused = guest.run("request", timeout=10)
    assert refused.reason == "lock-timeout"
    assert any("hold-package-lo" in line or "It is held by process" in line for line in refused.details)
    guest.becomes_a_host()
