"""The door of a new host: a small server on the engine's port that gives its signing request away and takes one
certificate, over mutual TLS, before the engine serves there.

It runs on the host, unprivileged, on any Python from 3.6 on: `python3 -I door.py`. All that it has comes by standard
input, a line each (`WORD ARGUMENT`, PEM in base64), and all that it gives goes by standard output; the script beside it
is root and believes nothing of it. When its input ends, it ends.

    run ID | seconds N | authority B64 | certificate B64 | key B64 | open PORT [ADDRESS] | close
    csr B64 | state WORD | reason WORD B64
    → open PORT | cannot WHY | closed | certificate B64

A client sends one line of JSON a connection, {"v": 1, "run": ID, "op": "state"} or {..., "op": "certificate",
"csr_sha256": HEX, "cert": PEM}, and is answered with the state. There is nothing else to be asked.
"""

import base64
import hashlib
import ipaddress
import json
import os
import re
import socket
import ssl
import sys
import tempfile
import threading
import time
from typing import Any, Dict, List, Optional

CONNECTION_SECONDS = 10
MOST_AT_ONCE = 32
MOST_OF_ONE = 4
MOST_BYTES = 16384
# For a port that somebody else is just giving up.
BIND_SECONDS = 3
NO_CHECK_TIME = 0x200000    # X509_V_FLAG_NO_CHECK_TIME: a new machine's clock may be anywhere
STRICT = 0x20               # X509_V_FLAG_X509_STRICT, which Python 3.13 sets: many an authority is not that strict
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n){1,200}-----END CERTIFICATE-----\n?")
QUESTIONS = {"state": {"v", "run", "op"}, "certificate": {"v", "run", "op", "csr_sha256", "cert"}}


class Refusal(Exception):
    """Why a message is turned away, in one word."""


class Door:
    def __init__(self) -> None:
        self.given: Dict[str, str] = {}     # what came by standard input
        self.state = "waiting"
        self.failure: Dict[str, Any] = {}
        self.accepted: Optional[str] = None     # the certificate, as it was handed in
        self.lock = threading.Lock()
        self.listener: Optional[socket.socket] = None
        self.acceptor = threading.Thread()
        # Of [socket, source, whether it has shown a good certificate], the oldest first.
        self.connections: List[List[Any]] = []

    # What the script says

    def obey(self, line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        if word == "open":
            self.open(rest.split())
        elif word == "close":
            self.close()
            say("closed")
        elif word == "state":
            self.state = rest
        elif word == "reason":
            reason, _, details = rest.partition(" ")
            self.failure = {"reason": reason, "details": decoded(details).splitlines()[:60]}
        elif word == "seconds":
            timer = threading.Timer(int(rest), os._exit, (0,))
            timer.daemon = True
            timer.start()
        elif word == "run":
            self.given["run"] = rest
        elif word in ("authority", "certificate", "key", "csr"):
            self.given[word] = decoded(rest)

    def open(self, where: List[str]) -> None:
        port, address = int(where[0]), where[1] if len(where) > 1 else "0.0.0.0"
        until = time.monotonic() + BIND_SECONDS
        while True:
            try:
                context = secured(self.given)
                self.listener = listener(address, port)
                break
            except OSError as error:    # ssl.SSLError is one
                if time.monotonic() > until:
                    say("cannot " + " ".join(str(error).split()))
                    return
                time.sleep(0.2)
        self.acceptor = threading.Thread(target=self.accept, args=(self.listener, context), daemon=True)
        self.acceptor.start()
        say("open " + where[0])

    def close(self) -> None:
        """The port is free afterwards, for somebody who binds it in the next moment."""
        if self.listener is None:
            return
        end(self.listener)
        self.acceptor.join()
        self.listener.close()
        self.listener = None
        with self.lock:
            for connection in self.connections:
                end(connection[0])

    # What clients say

    def accept(self, listening: socket.socket, context: ssl.SSLContext) -> None:
        while True:
            try:
                plain, peer = listening.accept()
            except OSError:
                if self.listener is None or listening.fileno() < 0 or not is_listening(listening):
                    return
                time.sleep(0.1)     # no more descriptors, say
                continue
            connection = [plain, source_of(peer[0]), False]
            if self.admit(connection):
                try:
                    threading.Thread(target=self.serve, args=(connection, context), daemon=True).start()
                    continue
                except RuntimeError:    # no more threads
                    self.forget(connection)
            plain.close()

    def admit(self, connection: List[Any]) -> bool:
        """Who comes when all places are taken gets that of the one who has been silent for the longest time."""
        with self.lock:
            if sum(one[1] == connection[1] for one in self.connections) >= MOST_OF_ONE:
                return False
            if len(self.connections) >= MOST_AT_ONCE:
                silent = next((one for one in self.connections if not one[2]), None)
                if silent is None:
                    return False
                end(silent[0])
                self.connections.remove(silent)
            self.connections.append(connection)
            return True

    def forget(self, connection: List[Any]) -> None:
        with self.lock:
            if connection in self.connections:
                self.connections.remove(connection)

    def serve(self, connection: List[Any], context: ssl.SSLContext) -> None:
        plain, until = connection[0], time.monotonic() + CONNECTION_SECONDS
        try:
            plain.settimeout(CONNECTION_SECONDS)
            with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as secure:
                connection[0] = secure      # it has taken the descriptor over
                secure.do_handshake()
                connection[2] = True
                answer = json.dumps(self.answer(read_line(secure, until))).encode() + b"\n"
                secure.settimeout(max(0.1, until - time.monotonic()))
                secure.sendall(answer)
                secure.unwrap()
        except (OSError, ValueError):   # strangers, scans, clients that go away
            pass
        finally:
            self.forget(connection)
            plain.close()

    def answer(self, line: bytes) -> Dict[str, Any]:
        head = {"v": 1, "run": self.given.get("run")}
        try:
            message = parsed(line)
            if message["run"] != head["run"]:
                raise Refusal("other-run")
            with self.lock:
                if message["op"] == "certificate":
                    self.take(message["csr_sha256"], message["cert"])
                certified = digest(self.accepted) if self.accepted else None
                return dict(head, state=self.state, csr=self.given.get("csr"), certified=certified, **self.failure)
        except Refusal as refusal:
            return dict(head, error=str(refusal))

    def take(self, csr_sha256: str, certificate: str) -> None:
        """The first stays; the same again is what a client sends whose answer got lost."""
        csr = self.given.get("csr")
        if csr is None:
            raise Refusal("no-request")
        if csr_sha256 != digest(csr):
            raise Refusal("other-request")
        if self.accepted is None:
            self.accepted = certificate
            if self.state in ("waiting", "installing"):
                self.state = "certified"
            say("certificate " + base64.b64encode(certificate.encode()).decode())
        elif certificate != self.accepted:
            raise Refusal("other-certificate")


def parsed(line: bytes) -> Dict[str, Any]:
    """A message whose members and types are right; raises Refusal."""
    try:
        message = json.loads(line.decode("ascii"), object_pairs_hook=members, parse_constant=refuse)
        texts = [value for name, value in message.items() if name != "v"]
        if line.count(b"\n") == 1 and type(message["v"]) is int and message["v"] == 1 and (
                set(map(type, texts)) == {str} and set(message) == QUESTIONS.get(message["op"])):
            if message["op"] == "state" or CERTIFICATE.fullmatch(message["cert"]):
                return dict(message)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        pass
    raise Refusal("bad-request")


def members(pairs: List[Any]) -> Dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


def refuse(constant: str) -> None:
    raise ValueError(constant)


def read_line(secure: ssl.SSLSocket, until: float) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or len(line) >= MOST_BYTES:
            raise ValueError("too slow or too long")
        secure.settimeout(left)
        part = secure.recv(MOST_BYTES - len(line))
        if not part:
            raise ValueError("no whole line")
        line += part
    return line


def secured(given: Dict[str, str]) -> ssl.SSLContext:
    """Shows the certificate of this run, and takes clients of the one authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if hasattr(context, "minimum_version"):     # from Python 3.7 on
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:
        context.options |= ssl.OP_NO_SSLv3 | ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    context.options |= ssl.OP_NO_TICKET
    if hasattr(context, "num_tickets"):         # those of TLS 1.3, from Python 3.8 on
        context.num_tickets = 0
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= NO_CHECK_TIME
    context.verify_flags &= ~STRICT
    context.load_verify_locations(cadata=given["authority"])
    # The module takes files only. This one is 0600, in the unit's own /tmp, and gone with the block.
    with tempfile.NamedTemporaryFile() as file:
        file.write((given["certificate"] + given["key"]).encode())
        file.flush()
        context.load_cert_chain(file.name)
    return context


def listener(address: str, port: int) -> socket.socket:
    """No SO_REUSEPORT: nobody shares the port. SO_REUSEADDR: connections of before do not hold it."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if made.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((address, port))
        made.listen(64)
    except OSError:
        made.close()
        raise
    return made


def is_listening(listening: socket.socket) -> bool:
    try:
        return bool(listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False


def source_of(address: str) -> str:
    """Of IPv6 the network that one customer has, else one of them could come from everywhere."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or int(found) >> 64)


def end(connection: socket.socket) -> None:
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)    # that of TLS would take its thread's object away
    except OSError:
        pass


def decoded(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def say(line: str) -> None:
    with saying:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


saying = threading.Lock()

if __name__ == "__main__":
    door = Door()
    for order in sys.stdin:
        door.obey(order)
    os._exit(0)     # connections that are still served are nobody's any more
