"""The calls of Azure over real HTTPS, with azure-mgmt-compute as it is installed here and with az's own older one: what
is sent and returned, when operations are polled, which error becomes which."""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import pytest

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.errors import AzureRefused, AzureUnreachable, DeadlinePassed, Interrupted, NotFound
from azext_dockervm.plan import arm
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.deadline import Deadline

SDK = "azure.mgmt.compute"
BODY = {"location": "westus", "properties": {"osProfile": {"adminUsername": "me"}, "newerThanTheSdk": {"a": [1]}}}
VM = {"name": "web1", "location": "westus", "properties": {"provisioningState": "Succeeded", "alsoNew": 1}}
IN_PROGRESS, DONE = {"status": "InProgress"}, {"status": "Succeeded"}


@dataclass
class Reply:
    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


HANG_UP = Reply(0)      # the connection ends without an answer


class Service:
    """An HTTPS server that gives the replies it was told to give, and remembers what it was asked."""

    def __init__(self, folder: Path) -> None:
        authority = Authority.create()
        (folder / "ca.pem").write_bytes(authority.certificate_pem)
        self.ca = str(folder / "ca.pem")
        server = authority.issue_server(ServerIdentity.for_host("localhost", "127.0.0.1", "127.0.0.1"))
        (folder / "server.pem").write_bytes(server.certificate_pem + server.key_pem.reveal())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        self.asked: list[tuple[str, str, object]] = []      # method, last part of the path, body
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.endpoint = f"https://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def replies(self, method: str, last: str, *replies: Reply) -> None:
        """One after the other; the last one stays."""
        self._replies[method, last] = list(replies)

    def operation(self, *polls: Reply, method: str = "PUT", status: int = 201) -> None:
        """A VM whose ``method`` starts an operation that is polled with these answers."""
        header = {"Azure-AsyncOperation": f"{self.endpoint}/subscriptions/s/providers/Microsoft.Compute/operations/op"}
        self.replies(method, "web1", Reply(status, VM if status != 202 else None, header))
        self.replies("GET", "op", *polls)
        self.replies("GET", "web1", Reply(200, VM))

    def times(self, method: str, last: str) -> int:
        return sum(asked[:2] == (method, last) for asked in self.asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1       # head and body in one packet: in two, each answer takes 40 ms

            def answer(self) -> None:
                last = self.path.partition("?")[0].rpartition("/")[2]
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.asked.append((self.command, last, json.loads(data) if data else None))
                queue = service._replies[self.command, last]
                reply = queue.pop(0) if len(queue) > 1 else queue[0]
                if reply is HANG_UP:
                    self.close_connection = True
                    return
                text = b"" if reply.body is None else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(text)), **reply.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = answer

            def log_message(self, *_details: object) -> None:
                pass

        return Handler


class Credential:
    def get_token(self, *_scopes, **_options):
        from azure.core.credentials import AccessToken

        return AccessToken("token", int(time.time()) + 3600)


class Impatient(Deadline):
    """Notes how long it should have slept."""

    def __init__(self) -> None:
        super().__init__(600)
        self.slept: list[float] = []

    def sleep(self, seconds: float, state: str) -> None:
        self.check(state)
        self.slept.append(seconds)


def _without_sdk() -> dict:
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name == SDK or name.startswith(f"{SDK}.")}


def _sdk_of_az() -> Path | None:
    cache = os.environ.get("DOCKERVM_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache",
                                                     "az-dockervm")
    return next(Path(cache).glob("az/lib/python3*/site-packages/azure"), None)


@pytest.fixture(scope="module", params=["installed", "of az"])
def sdk(request, tmp_path_factory):
    """azure-mgmt-compute, alone of its environment: the rest is what is installed here."""
    if request.param == "installed":
        yield import_module(SDK)
        return
    found = _sdk_of_az()
    if found is None:
        pytest.skip("az's own environment has not been made yet (script/az makes it)")
    folder = tmp_path_factory.mktemp("az")
    (folder / "azure/mgmt").mkdir(parents=True)
    for name in ("mgmt/compute", "common", "profiles"):     # the latter two: azure-common, which the older ones need
        (folder / "azure" / name).symlink_to(found / name)
    before = _without_sdk()
    sys.path.insert(0, str(folder))
    try:
        module = import_module(SDK)
        assert module.__file__.startswith(str(folder))
        yield module
    finally:
        sys.path.remove(str(folder))
        _without_sdk()
        sys.modules.update(before)


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    service = Service(tmp_path_factory.mktemp("service"))
    yield service
    service.close()


@pytest.fixture
def service(listening):
    listening.asked.clear()
    listening._replies.clear()
    return listening


@pytest.fixture
def azure(sdk, service):
    return azure_for(sdk, service.endpoint, service.ca, Impatient())


def azure_for(sdk, endpoint, ca, deadline, **options):
    def client():
        return sdk.ComputeManagementClient(Credential(), "s", base_url=endpoint, connection_verify=ca, **options)

    def unused():
        raise AssertionError("only Compute is asked")

    return Azure(client, unused, unused, unused, deadline)


def test_bodies_go_out_and_come_back_as_they_are_though_the_sdk_does_not_know_all_of_them(azure, service):
    service.operation(Reply(200, DONE))
    assert azure.create_virtual_machine("g", "web1", BODY) == VM
    assert service.asked[0] == ("PUT", "web1", BODY)


def test_an_operation_is_polled_after_1_2_and_then_4_seconds(azure, service):
    service.operation(*[Reply(200, IN_PROGRESS)] * 5, Reply(200, DONE))
    azure.create_virtual_machine("g", "web1", BODY)
    assert azure.deadline.slept == [1, 2, 4, 4, 4]


@pytest.mark.parametrize("seconds", [7, 30])
def test_where_azure_says_when_to_ask_again_that_counts(azure, service, seconds):
    later = Reply(200, IN_PROGRESS, {"Retry-After": str(seconds)})
    service.operation(later, later, Reply(200, DONE))
    azure.create_virtual_machine("g", "web1", BODY)
    assert azure.deadline.slept == [seconds, seconds]


def test_an_operation_without_content_ends(azure, service):
    service.operation(Reply(200, IN_PROGRESS), Reply(200, DONE), method="DELETE", status=202)
    azure.delete_virtual_machine("g", "web1")
    assert azure.deadline.slept == [1]


def test_a_request_too_many_is_waited_for_and_sent_again(azure, service):
    service.operation(Reply(200, DONE))
    accepted = service._replies["PUT", "web1"][0]
    throttled = Reply(429, {"error": {"code": "OperationNotAllowed", "message": "too many"}}, {"Retry-After": "1"})
    service.replies("PUT", "web1", throttled, accepted)
    began = time.monotonic()
    assert azure.create_virtual_machine("g", "web1", BODY) == VM
    assert service.times("PUT", "web1") == 2 and time.monotonic() - began >= 1
    assert service.asked[1] == ("PUT", "web1", BODY)


def test_what_may_not_be_read_keeps_its_status_by_which_callers_take_it_as_unknown(azure, service):
    service.replies("GET", "web1", Reply(403, {"error": {"code": "AuthorizationFailed", "message": "may not read"}}))
    with pytest.raises(AzureRefused, match="may not read") as caught:
        azure.virtual_machine("g", "web1")
    assert (caught.value.status, caught.value.code) == (403, "AuthorizationFailed")


def test_a_refused_login_says_what_to_type(azure, service):
    service.replies("GET", "web1", Reply(401, {"error": {"code": "InvalidAuthenticationToken", "message": "expired"}}))
    with pytest.raises(AzureRefused) as caught:
        azure.virtual_machine("g", "web1")
    assert caught.value.recommendations == ("az login",)


def test_a_refusal_keeps_code_message_and_details(azure, service):
    details = [{"code": "Inner", "message": "The name has an umlaut."}]
    service.replies("PUT", "web1", Reply(400, {"error": {"code": "InvalidParameter", "message": "computerName is bad.",
                                                         "details": details}}))
    with pytest.raises(AzureRefused) as caught:
        azure.create_virtual_machine("g", "web1", BODY)
    assert (caught.value.code, caught.value.status) == ("InvalidParameter", 400)
    assert caught.value.message == "create the VM: computerName is bad. The name has an umlaut."


def test_an_answer_that_is_no_json_is_a_refusal_too(azure, service):
    service.replies("PUT", "web1", Reply(409, "gateway"))
    with pytest.raises(AzureRefused) as caught:
        azure.create_virtual_machine("g", "web1", BODY)
    assert caught.value.status == 409


def test_an_operation_that_fails_keeps_azure_s_code(azure, service):
    failed = {"status": "Failed", "error": {"code": "AllocationFailed", "message": "no room in this region"}}
    service.operation(Reply(200, IN_PROGRESS), Reply(200, failed))
    with pytest.raises(AzureRefused, match="create the VM: .*no room in this region") as caught:
        azure.create_virtual_machine("g", "web1", BODY)
    assert caught.value.code == "AllocationFailed"


def test_what_is_not_there_is_none_to_a_reader_and_an_error_to_a_writer(azure, service):
    missing = Reply(404, {"error": {"code": "ResourceNotFound", "message": "not there"}})
    service.replies("GET", "web1", missing)
    service.replies("PUT", "web1", missing)
    assert azure.virtual_machine("g", "web1") is None
    with pytest.raises(NotFound, match="not there"):
        azure.create_virtual_machine("g", "web1", BODY)


def test_a_connection_that_is_lost_for_a_while_does_not_end_an_operation(sdk, service):
    service.operation(Reply(200, IN_PROGRESS), HANG_UP, HANG_UP, Reply(200, DONE))
    azure = azure_for(sdk, service.endpoint, service.ca, Impatient(), retry_total=0)
    assert azure.create_virtual_machine("g", "web1", BODY) == VM
    assert azure.deadline.slept == [1, 2, 4]


def test_a_connection_that_stays_lost_ends_it(sdk, service, monkeypatch):
    monkeypatch.setattr(arm, "OUTAGE_SECONDS", 0.0)
    service.operation(Reply(200, IN_PROGRESS), HANG_UP)
    with pytest.raises(AzureUnreachable, match="create the VM: Azure can't be reached"):
        azure = azure_for(sdk, service.endpoint, service.ca, Impatient(), retry_total=0)
        azure.create_virtual_machine("g", "web1", BODY)


def test_ctrl_c_wakes_a_sleeping_poller(sdk, service):
    service.operation(Reply(200, IN_PROGRESS, {"Retry-After": "60"}))
    deadline = Deadline(600)
    threading.Timer(0.3, deadline.cancel).start()
    began = time.monotonic()
    with pytest.raises(Interrupted, match="InProgress"):
        azure_for(sdk, service.endpoint, service.ca, deadline).create_virtual_machine("g", "web1", BODY)
    assert time.monotonic() - began < 10


def test_the_deadline_ends_polling_with_the_last_state_seen(sdk, service):
    service.operation(Reply(200, IN_PROGRESS))
    with pytest.raises(DeadlinePassed, match="InProgress"):
        azure_for(sdk, service.endpoint, service.ca, Deadline(0.5)).create_virtual_machine("g", "web1", BODY)


def test_a_closed_port_and_a_foreign_certificate_are_called_unreachable(sdk, service):
    azure = azure_for(sdk, "https://localhost:1", service.ca, Impatient(), retry_total=0)
    with pytest.raises(AzureUnreachable, match="can't be reached") as caught:
        azure.virtual_machine("g", "web1")
    assert caught.value.recommendations
    with pytest.raises(AzureUnreachable):
        azure_for(sdk, service.endpoint, True, Impatient(), retry_total=0).virtual_machine("g", "web1")


def test_what_az_s_login_can_t_fetch_is_called_unreachable_too():
    """az makes clients with requests of its own, whose errors it lets through."""
    from requests.exceptions import ConnectionError as NoConnection

    def client():
        raise NoConnection("refused")

    with pytest.raises(AzureUnreachable, match="use az's login: .*refused"):
        Azure(client, client, client, client).virtual_machine("g", "web1")


def test_lists_and_the_answers_of_run_commands_come_as_on_the_wire(azure, service):
    service.replies("GET", "versions", Reply(200, [{"name": "24.04.2", "location": "westus"}]))
    service.replies("GET", "vmSizes", Reply(200, {"value": [{"name": "Standard_D2s_v5", "numberOfCores": 2}]}))
    view = {"properties": {"instanceView": {"executionState": "Succeeded", "output": "dockervm-end\n", "new": 1}}}
    service.replies("GET", "dockervm-serve", Reply(200, view))
    service.replies("GET", "web1", Reply(200, VM))
    assert azure.image_versions("westus", "P", "O", "S") == [{"name": "24.04.2", "location": "westus"}]
    assert azure.extension_versions("westus", "P", "T")[0]["name"] == "24.04.2"
    assert azure.sizes("westus") == ["Standard_D2s_v5"]
    assert azure.run_command("g", "web1", "dockervm-serve") == view
    assert azure.virtual_machine("g", "web1") == VM
