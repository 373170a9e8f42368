"""Request bodies, which hold passwords and protected settings, never reach az's debug log; not on a retry either."""

from __future__ import annotations

import logging

import pytest
from azure.cli.core.sdk.policies import SafeNetworkTraceLoggingPolicy
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest

from azext_dockervm._client_factory import _bodyless_logging_policy

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
