"""How a host is reached: ports, who may knock, its name."""

from __future__ import annotations

from bad_values.row import asked, bad, pair

VALUES = (
    bad("docker_port", "-dp 0", "--docker-port", "1 to 65535"),
    bad("docker_port", "-dp abc", "--docker-port", "1 to 65535"),
    bad("docker_port", "-dp 22", "--docker-port", "SSH server"),
    bad("ssh_port", "-e 70000", "--ssh-port", "1 to 65535"),
    bad("ssh_port", ("-e", ""), "--ssh-port"),
    bad("sources", "--sources 10.0.0.0/33", "--source-address-prefixes", "10.0.0.0/33"),
    bad("sources", "--sources example.com", "--source-address-prefixes", "example.com"),
    bad("sources", "--sources me Internet", "--source-address-prefixes", "'Internet' can't be combined"),
    bad("public_ip_address_dns_name", "--dns-name Web1", "--public-ip-address-dns-name", "lower-case"),
    bad("public_ip_address_dns_name", ("--dns-name", ""), "--public-ip-address-dns-name", "empty"),
    bad("idle_timeout", "--idle-timeout 3", "--idle-timeout", "from 4 to 30"),
    bad("idle_timeout", "--idle-timeout 31", "--idle-timeout", "from 4 to 30"),
    bad("idle_timeout", "--idle-timeout 4.5", "--idle-timeout", "'4.5'"),
    bad("idle_timeout", ("--idle-timeout", ""), "--idle-timeout", "from 4 to 30"),
    asked("public_ip_address_dns_name", "--dns-name taken", "--public-ip-address-dns-name", "'taken'",
          there=lambda cloud: cloud.taken_labels.add("taken")),
)

PAIRS = (
    pair("docker_port", "ssh_port", "-dp 2222 -e 2222", "--docker-port", "--ssh-port", "2222"),
)
