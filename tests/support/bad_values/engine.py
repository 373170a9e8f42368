"""Settings of the Docker engine."""

from __future__ import annotations

from bad_values.row import bad, pair

_PROXY = "--http-proxy http://proxy.corp:3128"
_SECRET = "a setting of the engine looks like a password"
# An image that the Docker VM extension was made for.
ERA = "Canonical:UbuntuServer:18.04-LTS:latest"

VALUES = (
    bad("daemon_json", ("--daemon-json", '{"debug": true,\n "mtu": }'), "--daemon-json", "line 2, column 9"),
    bad("daemon_json", ("--daemon-json", '{"debug": [}'), "--daemon-json", "line 1, column 12"),
    bad("daemon_json", "--daemon-json no-such-file.json", "--daemon-json", "no-such-file.json", "No such file"),
    bad("daemon_json", ("--daemon-json", '{"mtu": NaN}'), "--daemon-json", "NaN is no number"),
    bad("daemon_json", ("--daemon-json", '{"mtu": 1, "mtu": 2}'), "--daemon-json", "'mtu' stands there twice"),
    bad("daemon_json", ("--daemon-json", '{"hosts": ["tcp://0.0.0.0:2375"]}'), "--daemon-json", "'hosts' can't be set",
        "--docker-port"),
    bad("daemon_json", ("--daemon-json", '{"tlsverify": false}'), "--daemon-json", "'tlsverify' can't be set"),
    bad("daemon_json", ("--daemon-json", '{"a": ' * 3000 + "1" + "}" * 3000), "--daemon-json", "characters"),
    bad("daemon_json", ("--daemon-json", ""), "--daemon-json", "empty"),
    bad("engine_options", "--engine-options debug", "--engine-options", "'debug' is not KEY=VALUE"),
    bad("engine_options", "--engine-options Debug=true", "--engine-options", "key of daemon.json"),
    bad("engine_options", "--engine-options tls=false", "--engine-options", "'tls' can't be set"),
    bad("engine_options", "--engine-options hosts.x=1", "--engine-options", "'hosts' can't be set"),
    bad("engine_options", "--engine-options mtu=1 mtu=2", "--engine-options", "'mtu' is set twice"),
    bad("engine_options", "--engine-options builder=1 builder.gc=2", "--engine-options", "as a whole and in parts"),
    bad("engine_labels", "--engine-labels build", "--engine-labels", "'build' is not KEY=VALUE"),
    bad("engine_labels", "--engine-labels com.docker.x=1", "--engine-labels", "Docker's own names"),
    bad("engine_labels", "--engine-labels a=1 a=2", "--engine-labels", "'a' has two values"),
    bad("registry_mirrors", "--registry-mirrors mirror.corp", "--registry-mirrors", "'mirror.corp' is no URL"),
    bad("registry_mirrors", "--registry-mirrors ftp://mirror.corp", "--registry-mirrors", "http:// or https://"),
    bad("registry_mirrors", "--registry-mirrors https://me:secret@mirror.corp", "--registry-mirrors",
        "USER:PASSWORD@mirror.corp"),
    bad("insecure_registries", "--insecure-registries http://r:5000", "--insecure-registries", "HOST:PORT"),
    bad("insecure_registries", "--insecure-registries 10.0.0.0/33", "--insecure-registries", "'10.0.0.0/33'"),
    bad("storage_driver", "--storage-driver 'over lay'", "--storage-driver", "no name of a driver"),
    bad("storage_driver", ("--storage-driver", ""), "--storage-driver", "empty"),
    bad("log_driver", "--log-driver JSON!", "--log-driver", "no name of a driver"),
    bad("log_driver", ("--log-driver", ""), "--log-driver", "empty"),
    bad("log_options", "--log-options max-size", "--log-options", "'max-size' is not KEY=VALUE"),
    bad("log_options", "--log-options max-file=1 max-file=2", "--log-options", "'max-file' has two values"),
    bad("live_restore", "--live-restore maybe", "--live-restore", "'maybe'"),
    bad("live_restore", ("--live-restore", ""), "--live-restore", "''"),
    bad("default_address_pools", "--default-address-pools 172.30.0.0/16", "--default-address-pools",
        "not base=RANGE,size=LENGTH"),
    bad("default_address_pools", "--default-address-pools base=172.30.0.0/16,size=8", "--default-address-pools",
        "/8 don't lie in 172.30.0.0/16"),
    bad("default_address_pools", "--default-address-pools base=172.30.0.0/16,size=24 base=172.30.1.0/24,size=28",
        "--default-address-pools", "overlap"),
    bad("build_cache_gb", "--build-cache-gb 0", "--build-cache-gb", "'0'"),
    bad("build_cache_gb", "--build-cache-gb 10GB", "--build-cache-gb", "'10GB'"),
    bad("http_proxy", "--http-proxy proxy:3128", "--http-proxy", "begins with http://"),
    bad("http_proxy", "--http-proxy http://me:secret@proxy/path", "--http-proxy", "USER:PASSWORD@proxy/path"),
    bad("https_proxy", "--https-proxy socks5://proxy:1080", "--https-proxy", "begins with http://"),
    bad("https_proxy", ("--https-proxy", "http://me:pa$word@proxy"), "--https-proxy", "percent sign and two digits"),
    bad("no_proxy", f"{_PROXY} --no-proxy 'a;b'", "--no-proxy", "'a;b'"),
    bad("no_proxy", "--no-proxy .corp", "--no-proxy", "no proxy that it could be an exception of"),
    bad("no_proxy", ("--http-proxy", "http://p:1", "--no-proxy", ""), "--no-proxy", "empty"),
)

PAIRS = (
    *(pair("engine_options", option, f"--engine-options '{key}={value}' {words}", f"sets '{key}'", words.split()[0],
           "Leave one") for option, key, value, words in (
        ("engine_labels", "labels", "a=b", "--engine-labels a=b"),
        ("registry_mirrors", "registry-mirrors", "https://a", "--registry-mirrors https://b"),
        ("insecure_registries", "insecure-registries", "a", "--insecure-registries b"),
        ("storage_driver", "storage-driver", "vfs", "--storage-driver overlay2"),
        ("log_driver", "log-driver", "local", "--log-driver journald"),
        ("log_options", "log-opts.max-file", "2", "--log-options max-file=3"),
        ("live_restore", "live-restore", "true", "--live-restore false"),
        ("default_address_pools", "default-address-pools", "[]", "--default-address-pools base=172.30.0.0/16,size=24"),
        ("build_cache_gb", "builder.gc.enabled", "true", "--build-cache-gb 20"),
        ("http_proxy", "proxies.http-proxy", "http://a", "--http-proxy http://b")) for key in [key.partition(".")[0]]),
    pair("daemon_json", "http_proxy", f"--daemon-json '{{\"proxies\": {{}}}}' {_PROXY}", "sets 'proxies'"),
    pair("daemon_json", "https_proxy", "--daemon-json '{\"proxies\": {}}' --https-proxy http://p:1", "sets 'proxies'"),
    pair("https_proxy", "engine_options", "--https-proxy http://p:1 --engine-options proxies.https-proxy=http://a",
         "--engine-options sets 'proxies'", "--https-proxy", "Leave one"),
    *(pair(option, "provisioner", (*words, "--provisioner", "cloud-init"), "--provisioner cloud-init: " + why)
      for option, words, why in (
          ("daemon_json", ("--daemon-json", '{"log-opts": {"splunk-token": "x"}}'), _SECRET),
          ("engine_options", ("--engine-options", "log-opts.splunk-token=x"), _SECRET),
          ("log_options", ("--log-driver", "splunk", "--log-options", "splunk-token=x"), _SECRET),
          ("engine_labels", ("--engine-labels", "from=https://me:x@git"), _SECRET),
          ("http_proxy", ("--http-proxy", "http://me:secret@proxy"), "the proxy's URL holds a password"),
          ("https_proxy", ("--https-proxy", "http://me:secret@proxy"), "the proxy's URL holds a password"))),
    *(pair(option, "provisioner", (*words, "--provisioner", "docker-extension", "--image", ERA),
           "--provisioner docker-extension: the Docker VM extension has no settings") for option, *words in (
        ("daemon_json", "--daemon-json", '{"debug": true}'),
        ("engine_options", "--engine-options", "debug=true"),
        ("engine_labels", "--engine-labels", "a=b"),
        ("registry_mirrors", "--registry-mirrors", "https://a"),
        ("insecure_registries", "--insecure-registries", "a"),
        ("storage_driver", "--storage-driver", "overlay2"),
        ("log_driver", "--log-driver", "journald"),
        ("log_options", "--log-options", "max-file=3"),
        ("live_restore", "--live-restore", "false"),
        ("default_address_pools", "--default-address-pools", "base=172.30.0.0/16,size=24"),
        ("build_cache_gb", "--build-cache-gb", "20"),
        ("http_proxy", *_PROXY.split()),
        ("https_proxy", "--https-proxy", "http://proxy.corp:3128"),
        ("no_proxy", *_PROXY.split(), "--no-proxy", ".corp"))),
)
