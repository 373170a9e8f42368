"""Options of the Docker engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azext_dockervm.azure import names
from azext_dockervm.options import text_or_file
from azext_dockervm.options.option import Gap, Option, filled, true_or_false
from azext_dockervm.options.tls_names import tls_names
from azext_dockervm.spec import engine_rules as rules
from azext_dockervm.spec import shown
from azext_dockervm.spec.proxy_rules import check_direct, check_proxy, said_again
from azext_dockervm.spec.rules import parse_port

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec

_GROUP = "Docker"


def _not_in_its_era(place: str) -> Callable[[HostSpec], str | None]:
    """On images that it was made for the Docker VM extension installs Docker itself, and starts it without daemon.json.
    ``place`` is where the value is that was asked for."""
    def why(spec: HostSpec) -> str | None:
        from azext_dockervm.spec.extension_era import is_of_extension_era

        part, _, name = place.partition(".")
        asked = getattr(getattr(spec, part), name) not in (None, (), {})
        if not asked or not is_of_extension_era(spec.machine.image):
            return None
        return "the Docker VM extension has no settings of the engine on the images that it was made for"

    return why


def _in_custom_data(spec: HostSpec) -> str | None:
    if rules.is_secret(spec.engine):
        return "a setting of the engine looks like a password, and custom data can be read on the host"
    return None


def _password_in_custom_data(spec: HostSpec) -> str | None:
    if not spec.proxies.has_password:
        return None
    return "the proxy's URL holds a password, and custom data can be read on the host"


def _setting(name: str, flags: str, text: str, *, place: str, gaps: tuple[Gap, ...] = (), **more: Any) -> Option:
    """One that an existing host takes with --apply."""
    return Option(name, flags, text, _GROUP, place=place,
                  gaps=(Gap("docker-extension", _not_in_its_era(place)), *gaps), **more)


def _json_again(value: str) -> tuple[str, ...]:
    is_secret = rules.is_json(value) and shown.looks_secret(value)
    return text_or_file.A_FILE if is_secret else text_or_file.again(value)


_SECRET = (Gap("cloud-init", _in_custom_data),)
_SEVERAL = {"nargs": "+"}

ENGINE = (
    Option("docker_port", "--docker-port -dp", "Port on which Docker listens, with mutual TLS always.",
           _GROUP, default=names.DEFAULT_DOCKER_PORT, example="2376", read=parse_port, place="engine.port"),
    Option("apply", "--apply",
           "On a host that exists: give its engine the settings that this command has, typed or default, and restart "
           "it; containers run on, unless live-restore is off. Without it what would change is told.",
           _GROUP, default=False, place="applies"),
    Option("tls_san", "--tls-san",
           "Names and addresses that the server's certificate names besides the host's own, such as a name in your own "
           "DNS, separated by spaces. A later certificate names what the last one did, but for wildcards and names "
           'that the cloud gives, which are typed each time. Those of an existing host become these, "" none.', _GROUP,
           default_in_words="none", check=tls_names, place="engine.tls_names", parser=_SEVERAL),
    _setting("daemon_json", "--daemon-json",
             "File with settings of the engine in Docker's own format (daemon.json), or the JSON itself. Over it go "
             "--engine-options, over these the options of single settings. Keys of listener, TLS and authorization are "
             "refused; unknown ones are passed on with a warning.",
             default_in_words="none", example='{"debug": true}', read=filled, check=rules.read_daemon_json,
             place="engine.file", again=_json_again, gaps=_SECRET, parser={"completer": "files"}),
    _setting("engine_options", "--engine-options",
             "Settings of the engine by the keys of daemon.json: KEY=VALUE, separated by spaces, as in "
             "'max-concurrent-downloads=6 dns=10.0.0.4 exec-opts=native.cgroupdriver=systemd'. Dots lead to parts of a "
             "value; one that is JSON is read as such. Keys of listener, TLS and authorization are refused, and so are "
             "unknown ones.",
             default_in_words="none", read=filled, check=rules.check_options, place="engine.options",
             again=rules.settings_again, gaps=_SECRET, parser=_SEVERAL),
    _setting("engine_labels", "--engine-labels", "Labels of the engine: KEY=VALUE, separated by spaces.",
             default_in_words="none", read=filled, check=rules.check_labels, place="engine.labels",
             again=rules.settings_again, parser=_SEVERAL),
    _setting("registry_mirrors", "--registry-mirrors",
             "URLs of mirrors of Docker Hub, separated by spaces. One that does not answer the host is warned of, but "
             "not behind a proxy, where nobody looks; Docker then goes to Docker Hub itself.",
             default_in_words="none", example="https://mirror.example.com", read=filled, check=rules.check_mirrors,
             place="engine.registry_mirrors", parser=_SEVERAL),
    _setting("insecure_registries", "--insecure-registries",
             "Registries that are spoken to without verified TLS: HOST, HOST:PORT or ranges of addresses, separated by "
             "spaces.", default_in_words="none", example="registry.corp:5000", read=filled,
             check=rules.check_registries, place="engine.insecure_registries", parser=_SEVERAL),
    _setting("storage_driver", "--storage-driver", "Driver that keeps images and containers on the disk.",
             default_in_words="Docker's choice", example="overlay2", read=filled,
             check=lambda text: rules.check_driver("--storage-driver", text), place="engine.storage_driver"),
    _setting("log_driver", "--log-driver",
             "Where the output of containers goes. json-file and local are rotated: three files of 10 MB each, unless "
             "--log-options says otherwise.", default_in_words="json-file", example="journald", read=filled,
             check=lambda text: rules.check_driver("--log-driver", text), place="engine.log_driver"),
    _setting("log_options", "--log-options",
             "Options of the log driver: KEY=VALUE, separated by spaces, as in 'max-size=50m max-file=5'.",
             default_in_words="max-size=10m max-file=3 for json-file and local", read=filled,
             check=rules.check_log_options, place="engine.log_options", again=rules.settings_again,
             gaps=_SECRET, parser=_SEVERAL),
    _setting("live_restore", "--live-restore",
             "Whether containers run on while the engine is restarted, as for each new certificate: true, which the "
             "bare option means, or false, which Docker Swarm wants.",
             default_in_words="true", example="false", place="engine.live_restore", **true_or_false()),
    _setting("default_address_pools", "--default-address-pools",
             "Ranges that Docker takes the addresses of its networks from: base=RANGE,size=LENGTH, separated by "
             "spaces, as in base=172.30.0.0/16,size=24.", default_in_words="Docker's own",
             example="base=172.30.0.0/16,size=24", read=filled, check=rules.check_pools, place="engine.address_pools",
             parser=_SEVERAL),
    _setting("build_cache_gb", "--build-cache-gb",
             "Size in GB that the cache of builds is kept under, so that it does not fill the disk.",
             default_in_words=str(names.BUILD_CACHE_GB), example="40", check=rules.check_cache,
             place="engine.build_cache_gb"),
    Option("container_metadata", "--container-metadata",
           "Whether containers reach the VM's instance metadata service (169.254.169.254) and WireServer "
           "(168.63.129.16, TCP ports 80 and 32526): true, which the bare option means, lets containers use the VM's "
           "managed identities; false keeps them out, except those with --network host. DNS works either way.",
           _GROUP, default="false", example="true", place="engine.container_metadata", **true_or_false()),
    _setting("http_proxy", "--http-proxy",
             "Proxy for http:// of the engine, the package manager and what --compose-file builds, such as "
             "http://proxy.corp:3128; user and password may stand in it. What is typed on the command line can be read "
             "in the shell's history and in process lists; --http-proxy @file reads it from a file.",
             default_in_words="none", example="http://proxy.corp:3128", read=filled, check=check_proxy,
             again=said_again, place="proxies.http",
             gaps=(Gap("cloud-init", _password_in_custom_data),)),
    _setting("https_proxy", "--https-proxy", "The same for https://, which registries speak.",
             default_in_words="none", example="http://proxy.corp:3128", read=filled, check=check_proxy,
             again=said_again, place="proxies.https",
             gaps=(Gap("cloud-init", _password_in_custom_data),)),
    _setting("no_proxy", "--no-proxy",
             "Names, domains and addresses that are reached without the proxy, separated by spaces; this host and "
             "Azure's own services to VMs always are.", default_in_words="none", example=".corp.example.com",
             check=check_direct, place="proxies.direct", parser=_SEVERAL),
)

# Their names: what daemon.json and the proxies' files are made of.
SETTINGS = frozenset(option.name for option in ENGINE) - {"docker_port", "tls_san", "apply"}
