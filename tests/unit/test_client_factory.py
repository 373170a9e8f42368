"""What az's own clients get from us: request bodies, which hold passwords and protected settings, never reach the debug
log, not on a retry either; the SDKs' chatter is for --debug; our policies are in place."""

from __future__ import annotations

import ast
import logging
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from azure.cli.core.sdk.policies import SafeNetworkTraceLoggingPolicy
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest

from azext_dockervm import _client_factory
from azext_dockervm._client_factory import CHATTY_LOGGERS, _bodyless_logging_policy

ROOT = Path(__file__).parents[2]
BODY = '{"adminPassword": "Very-secret-1"}'


class Answer:
    """As much of a response as the policies look at."""

    def __init__(self, request, status):
        self.request, self.status_code, self.headers = request, status, {"content-type": "application/json"}
        self.reason, self.http_version = "", 11

    def text(self, encoding=None):
        return '{"id": "/subscriptions/s"}'


class FailsOnce(HttpTransport):
    """The service at the border: 503, then 200."""

    def __init__(self):
        self.sent = 0

    def send(self, request, **_options):
        self.sent += 1
        return Answer(request, 503 if self.sent == 1 else 200)

    def open(self):
        pass

    def close(self):
        pass

    def sleep(self, duration):
        pass

    def __exit__(self, *_details):
        pass


@pytest.fixture(name="log")
def debug_log():
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    handler, root = Keep(), logging.getLogger("cli")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


def send(policies):
    transport = FailsOnce()
    with Pipeline(transport, [RetryPolicy(), *policies]) as pipeline:
        pipeline.run(HttpRequest("PUT", "https://localhost/vm", content=BODY, headers={"Authorization": "Bearer x"}))
    assert transport.sent == 2


def test_az_s_own_policy_would_write_the_body(log):
    send([SafeNetworkTraceLoggingPolicy()])
    assert "Very-secret-1" in "\n".join(log)


def test_ours_keeps_it_out_also_when_the_request_is_sent_again(log):
    send([_bodyless_logging_policy(), SafeNetworkTraceLoggingPolicy()])
    text = "\n".join(log)
    assert "Very-secret-1" not in text and "Bearer x" not in text
    assert text.count("PUT https://localhost/vm") == 2
    assert "/subscriptions/s" in text       # the answer is logged
    assert text.count(f"Request body: {len(BODY)} bytes") == 2


def test_also_with_our_own_retries_in_threads_of_their_own(log):
    from azext_dockervm.azure.pipeline import DeadlineRetryPolicy

    transport = FailsOnce()
    policies = [DeadlineRetryPolicy(), _bodyless_logging_policy(), SafeNetworkTraceLoggingPolicy()]
    with Pipeline(transport, policies) as pipeline:
        pipeline.run(HttpRequest("PUT", "https://localhost/vm", content=BODY, headers={"Authorization": "Bearer x"}))
    text = "\n".join(log)
    assert transport.sent == 2 and "Very-secret-1" not in text and "Bearer x" not in text
    assert text.count("PUT https://localhost/vm") == 2 and "/subscriptions/s" in text


@pytest.mark.parametrize("name", CHATTY_LOGGERS)
def test_what_the_sdks_warn_of_is_for_debug_only(name, caplog):
    from azext_dockervm._client_factory import _quieten_the_sdk

    _quieten_the_sdk()
    with caplog.at_level(logging.DEBUG, logger=name):
        try:
            raise ValueError("Expecting value")
        except ValueError:
            logging.getLogger(name).warning("Ran into a deserialization error.", exc_info=True)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


class CliContext:
    """As much of az as making a client needs."""

    def __init__(self):
        from types import SimpleNamespace

        self.data = {"headers": {}, "command": "dockervm create", "completer_active": False}
        self.cloud = SimpleNamespace(endpoints=SimpleNamespace(
            resource_manager="https://localhost:1", active_directory_resource_id="https://localhost"))


@pytest.fixture(name="cli_ctx")
def az_without_login(monkeypatch):
    from azure.cli.core import _profile

    class Profile:
        def __init__(self, cli_ctx):
            pass

        def get_login_credentials(self, **_options):
            return object(), "the-id", "tenant"

        def get_subscription(self, subscription):
            return {"id": f"id of {subscription}"}

    monkeypatch.setattr(_profile, "Profile", Profile)
    return CliContext()


@pytest.mark.parametrize("make", [_client_factory.compute_client, _client_factory.network_client,
                                  _client_factory.resource_client], ids=lambda make: make.__name__)
def test_az_s_clients_have_our_policies_in_their_order(cli_ctx, make):
    from azext_dockervm.azure.pipeline import client_options

    client = make(cli_ctx, **client_options())
    policies = [getattr(node, "_policy", node) for node in client._client._pipeline._impl_policies]
    order = [type(policy).__name__ for policy in policies]
    ours = [name for name in order if name in ("ApiVersionPolicy", "PagesPolicy", "DeadlineRetryPolicy",
                                               "BodylessLoggingPolicy", "RetryPolicy")]
    assert ours == ["ApiVersionPolicy", "PagesPolicy", "DeadlineRetryPolicy", "BodylessLoggingPolicy"]
    assert order.index("BodylessLoggingPolicy") < order.index("SafeNetworkTraceLoggingPolicy")


def test_the_subscription_is_an_id_also_where_it_was_named(cli_ctx):
    cli_ctx.data["subscription_id"] = "My subscription"
    assert _client_factory.subscription_id(cli_ctx) == "id of My subscription"
    del cli_ctx.data["subscription_id"]
    assert _client_factory.subscription_id(cli_ctx) == "id of None"


def test_azure_for_the_command_line_is_made_of_them(cli_ctx):
    from azext_dockervm.azure.calls import Azure

    azure = Azure.for_cli(cli_ctx)
    azure.connect("compute", "network", "resources")
    made = azure.sdk.shared.made
    assert [type(made[name]).__name__ for name in ("compute", "network", "resources")] == [
        "ComputeManagementClient", "NetworkManagementClient", "ResourceManagementClient"]
    retries = [node for client in made.values() for node in client._client._pipeline._impl_policies
               if type(node).__name__ == "DeadlineRetryPolicy"]
    assert len(set(map(id, retries))) == 3      # a policy belongs to one pipeline


def test_az_s_login_speaks_in_its_own_class():
    from azure.cli.core.azclierror import AuthenticationError
    from knack.util import CLIError

    for error in (AuthenticationError("x"), CLIError("x")):
        assert isinstance(error, _client_factory.login_errors())


# What comes with the wheel


def imported_sdks() -> set[str]:
    """The distributions of azure.mgmt that the extension imports."""
    found = set()
    for path in (ROOT / "azext_dockervm").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("azure.mgmt."):
                found.add("-".join(node.module.split(".")[:3]))
    return found


def required() -> dict[str, tuple[str, str]]:
    """Distribution → the oldest version that will do, and the first that was not tried, by setup.py."""
    text = (ROOT / "setup.py").read_text(encoding="utf-8").partition("install_requires=[")[2].partition("]")[0]
    return {name: (least, most) for name, least, most in re.findall(r'"(azure-[a-z-]+)>=([\d.]+),<([\d.]+)"', text)}


def test_each_sdk_that_is_imported_comes_with_the_wheel_within_bounds():
    """az has some of them, and is giving them up."""
    assert imported_sdks() == required().keys() == {"azure-mgmt-compute", "azure-mgmt-network", "azure-mgmt-resource"}


@pytest.mark.parametrize("name", required())
def test_the_newest_sdk_that_was_tried_is_the_upper_bound(name):
    """What pip gives the tests' environment is the newest; where this fails, a newer one can be tried."""
    least, most = (int(bound.partition(".")[0]) for bound in required()[name])
    assert least <= int(version(name).partition(".")[0]) == most - 1
