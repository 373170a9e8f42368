"""What a host is to run: logins to registries, and a Compose project."""

from __future__ import annotations

from bad_values.row import bad, pair

# As az hands on what @FILE holds.
WEB = "services:\n  web: {image: busybox, ports: ['8080:80']}\n"
LOGIN = "--registry-login a.azurecr.io=me"
ALONE = "this one file is all that the host gets"


def compose(text: str, *says: str):
    return bad("compose_file", ("--compose-file", text + "\n"), "--compose-file", *says)


def service(members: str, *says: str):
    return compose(f"services:\n  web: {members}", "'web'", *says, ALONE)


def variables(text: str, *says: str):
    return bad("compose_env_file", ("--compose-file", WEB, "--compose-env-file", text), "--compose-env-file", *says)


VALUES = (
    bad("registry_login", "--registry-login a.azurecr.io", "--registry-login", "'a.azurecr.io' is not SERVER=USER"),
    bad("registry_login", "--registry-login a.azurecr.io=", "--registry-login", "names no user"),
    bad("registry_login", "--registry-login _hub=me", "--registry-login", "Docker Hub's is docker.io"),
    bad("registry_login", "--registry-login a.io/team=me", "--registry-login", "is not SERVER=USER"),
    bad("registry_login", "--registry-login a.io=me A.io=you", "--registry-login", "named twice"),
    bad("registry_login", ("--registry-login", ""), "--registry-login", "empty"),
    bad("registry_login", ("--registry-login", "a.io=m\te"), "--registry-login", "names no user"),
    bad("registry_login", "--registry-login a.io=me:s3cret", "the user for a.io has a colon", "it is asked for"),
    bad("registry_login", LOGIN, "--registry-password", "no terminal", "--registry-password @file"),
    bad("registry_password", f"{LOGIN} --registry-password one two", "2 passwords for 1", "in the same order"),
    bad("registry_password", (*LOGIN.split(), "--registry-password", " "), "that for a.azurecr.io: it is empty"),
    bad("registry_password", f"{LOGIN} --registry-password @/no/such", "that for a.azurecr.io", "names no file"),
    bad("registry_password", f"{LOGIN} --registry-password {'x' * 16_385}", "more than 16,384 bytes"),
    bad("registry_password", "--registry-password secret", "--registry-password", "no --registry-login"),

    bad("compose_file", "--compose-file /no/such.yaml", "'/no/such.yaml' can't be read: No such file"),
    bad("compose_file", "--compose-file /", "--compose-file", "Is a directory"),
    bad("compose_file", "--compose-file -", "--compose-file", "--compose-file @-"),
    bad("compose_file", "--compose-file @/no/such", "--compose-file", "the file '/no/such' can't be read"),
    bad("compose_file", ("--compose-file", ""), "--compose-file", "empty"),
    compose("services:\n  web:\n   - x\n  db: [", "no YAML: line 5, column 1"),
    compose("services:\n\tweb: {}", "no YAML: line 2, column 1"),
    compose("services: \x01", "no YAML"),
    compose("a: \0", "NUL"),
    compose("- web", "no mapping with services"),
    compose("web:\n  image: busybox", "no services"),
    compose("services: {}", "no services"),
    compose("services:\n  web:", "'web' is no mapping"),
    compose("#" * 65_536, "at most 65,536"),
    compose("[" * 3000, "nested too deeply"),
    service("{build: .}", "is built from the folder '.'"),
    service("{build: {context: ../app}}", "'../app'"),
    service("{build: {dockerfile_inline: FROM busybox}}", "'.'"),
    service("{build: {context: 'https://example.com/a.git', additional_contexts: {lib: ../lib}}}", "'../lib'"),
    service("{image: busybox, env_file: .env}", "env_file '.env'"),
    service("{image: busybox, env_file: [{path: a.env}]}", "env_file 'a.env'"),
    service("{image: busybox, label_file: labels}", "label_file 'labels'"),
    service("{image: busybox, volumes: ['./html:/html:ro']}", "mounts './html:/html:ro'"),
    service("{image: busybox, volumes: ['~/html:/html']}", "mounts '~/html:/html'"),
    service("{image: busybox, volumes: ['C:\\html:/html']}", "mounts"),
    service("{image: busybox, volumes: [{type: bind, source: ./html, target: /html}]}", "mounts './html'"),
    service("{extends: {file: base.yaml, service: web}}", "extends one of 'base.yaml'"),
    compose(f"{WEB}secrets: {{token: {{file: ./token}}}}", "secrets: 'token' is the file './token'", ALONE),
    compose(f"{WEB}configs: {{site: {{file: site.conf}}}}", "configs: 'site' is the file 'site.conf'", ALONE),
    compose(f"include: [db.yaml]\n{WEB}", "includes 'db.yaml'", ALONE),
    compose(f"include: [{{path: [db.yaml]}}]\n{WEB}", "includes 'db.yaml'", ALONE),
    compose(WEB.replace("8080", "4243"), "'web' publishes 4243, which is Docker's port", "another port"),
    compose(WEB.replace("8080", "127.0.0.1:22"), "'web' publishes 22, which is SSH's port"),
    compose(WEB.replace("8080:80", "4000-5000:4000-5000"), "publishes 4243"),
    compose(WEB.replace("'8080:80'", "{target: 80, published: 4243}"), "publishes 4243"),
    compose(WEB.replace("'8080:80'", "22:22"), "publishes 22"),
    compose(WEB.replace("8080", "${PORT:-4243}"), "publishes 4243"),

    bad("compose_env_file", ("--compose-file", WEB, "--compose-env-file", "/no/such"), "'/no/such' can't be read"),
    variables("NAME value\n", "line 1 is not NAME=VALUE"),
    variables("A=1\n# b\n\n1B=2\n", "line 4 is not NAME=VALUE"),
    variables("A=1\nB=\"never\nends\n", "line 2 begins a value with \" that has no end"),
    variables("# nothing\n\n", "no variable in it"),
    variables(f"A={'x' * 65_536}\n", "at most 65,536"),
    variables("A=\0\n", "NUL"),
)

PAIRS = (
    pair("registry_password", "registry_login", f"{LOGIN} b.io=me --registry-password one", "1 passwords for 2"),
    pair("compose_env_file", "provisioner", ("--compose-env-file", "A=1\n", "--provisioner", "run-command"),
         "--compose-env-file", "no --compose-file", "Add --compose-file"),
    pair("compose_file", "docker_port", ("--compose-file", WEB, "-dp", "8080"), "--compose-file", "8080",
         "Docker's port"),
    pair("compose_file", "ssh_port", ("--compose-file", WEB, "-e", "8080"), "--compose-file", "8080", "SSH's port"),
    pair("compose_file", "compose_env_file", ("--compose-file", WEB.replace("8080", "${PORT}"),
                                              "--compose-env-file", "PORT=4243\n"), "--compose-file", "4243"),
)
