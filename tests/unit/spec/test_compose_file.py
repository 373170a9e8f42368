"""Compose files: what is taken, which ports they publish, and what of a workload no message may hold."""

from __future__ import annotations

import pytest
import real_compose

from azext_dockervm.errors import InvalidValue
from azext_dockervm.secret import Secret
from azext_dockervm.spec import compose_file, env_file
from azext_dockervm.spec.workload import Port, RegistryLogin, Workload


def workload(text: str, variables: str = "") -> Workload:
    return Workload((), compose_file.parse(text, "/app/compose.yaml", "app"),
                    env_file.parse(variables) if variables else None)


def ports(members: str, variables: str = "") -> list[str]:
    asked = workload(f"services: {{web: {{ports: [{members}]}}}}", variables)
    return [str(one) for one in compose_file.published(asked)]


@pytest.mark.parametrize("members", [
    "build: https://example.com/app.git#main:docker", "build: {context: 'git@example.com:app.git'}",
    "build: {context: 'https://example.com/a.tar.gz', additional_contexts: {base: 'docker-image://alpine:3'}}",
    "build: '${CONTEXT}'", "env_file: /etc/app.env", "env_file: [{path: .env, required: false}]",
    "volumes: ['data:/data', '/srv:/srv:ro', '/anonymous', './only/in/the/container']",
    "volumes: [{type: volume, source: data, target: /x}, {type: bind, source: /srv, target: /s}]",
    "extends: {service: base}", "extends: base", "ports: !reset []", "environment: !override {A: 1}", "image: 'ü $$x'"])
def test_what_the_host_has_or_fetches_by_itself_is_taken(members):
    text = f"services:\n  base: {{image: x}}\n  web: {{{members}}}\n"
    taken = compose_file.parse(text, None, "app")
    assert taken.text == text and taken.builds is ("build" in members)


@pytest.mark.parametrize("text", [
    "configs: {site: {content: 'a'}}", "secrets: {token: {environment: TOKEN}}", "secrets: {token: {file: /run/token}}",
    "include: ['https://example.com/app.git']", "x-any: [1, 2]", "volumes: {data: }"])
def test_other_members_are_composes_own_to_judge(text):
    assert compose_file.parse(f"services: {{web: {{image: x}}}}\n{text}\n", None, "app")


def test_anchors_and_merges_are_followed():
    text = "x-base: &base\n  volumes: ['./a:/a']\nservices:\n  web:\n    <<: *base\n    image: x\n"
    with pytest.raises(InvalidValue, match="'web' mounts './a:/a'"):
        compose_file.parse(text, None, "app")


def test_a_file_of_aliases_is_no_bomb():
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 40))
    assert compose_file.parse(f"{bomb}services: {{web: {{image: x}}}}\n", None, "app")


@pytest.mark.parametrize(("members", "published"), [
    ("'8080:80'", ["8080"]), ("8080:80", ["8080"]), ("22:22", ["22"]), ("'80'", []), ("80", []),
    ("'127.0.0.1:8080:80'", ["8080"]), ("'[::1]:8080:80'", ["8080"]), ("'8000-8010:8000-8010'", ["8000-8010"]),
    ("'53:53/udp'", []), ("'53:53/tcp'", ["53"]), ("{target: 80, published: '8080'}", ["8080"]), ("{target: 80}", []),
    ("{target: 80, published: 8080-8090, protocol: udp}", []), ("'${PORT}:80'", []), ("'${PORT:-8080}:80'", ["8080"]),
    ("'127.0.0.1::80'", []), ("'x:80'", [])])
def test_ports_of_the_host(members, published):
    assert ports(members) == published


@pytest.mark.parametrize(("text", "variables", "published"), [
    ("$PORT:80", "PORT=81", "81"), ("${PORT}:80", "PORT=81", "81"), ("${PORT:-90}:80", "PORT=", "90"),
    ("${PORT-90}:80", "PORT=81", "81"), ("${PORT:?x}:80", "PORT=81", "81"), ("${PORT:+92}:80", "PORT=81", "92")])
def test_variables_in_ports_and_ports_themselves_are_read_as_compose_reads_them(text, variables, published, tmp_path):
    (tmp_path / "compose.yaml").write_text(f"services: {{web: {{image: x, ports: ['{text}']}}}}\n")
    (tmp_path / ".env").write_text(f"{variables}\n")
    assert ports(f"'{text}'", variables) == [published]
    assert real_compose.config(tmp_path)["services"]["web"]["ports"][0]["published"] == published


def test_ports_for_the_host_itself_are_known():
    found = compose_file.published(workload("services: {web: {ports: ['127.0.0.1:81:80', '82:80']}}"))
    assert found == [Port("web", 81, 81, True), Port("web", 82, 82)]


@pytest.mark.parametrize(("docker", "ssh", "whose"), [(8080, 22, "Docker's"), (4243, 8080, "SSH's"), (4243, 22, None)])
def test_docker_s_port_and_ssh_s_are_taken(docker, ssh, whose):
    asked = workload("services: {web: {ports: ['8079-8081:80-82']}}")
    if whose is None:
        compose_file.check_ports(asked, docker, ssh)
        return
    with pytest.raises(InvalidValue, match=f"publishes 8080, which is {whose} port"):
        compose_file.check_ports(asked, docker, ssh)


def test_a_name_with_a_variable_in_it_is_left_to_the_folder():
    assert compose_file.parse("name: '${X}'\nservices: {web: {}}", None, "app").name is None
    assert compose_file.parse("name: shop\nservices: {web: {}}", None, "app").name == "shop"


def test_what_is_hidden_is_all_that_is_secret_the_longest_first_and_as_programs_quote_it():
    asked = Workload((RegistryLogin("a.io", "me", Secret('pass "word"')),), None,
                     env_file.parse("A=short\nB=xyz\nC='first line\nsecond line'\n"))
    assert set(compose_file.hidden(asked)) == {
        'pass "word"', 'pass \\"word\\"', "first line", "second line", "first line\\nsecond line", "short"}
    lengths = [len(one) for one in compose_file.hidden(asked)]
    assert lengths == sorted(lengths, reverse=True)
