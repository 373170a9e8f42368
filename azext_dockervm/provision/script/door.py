"""The door of a new host: a small server on Docker's port, by mutual TLS, from first boot until the engine serves.

It runs on the host's own Python, 3.6 or newer, with the standard library alone, as a user without rights, and has no
file. The set-up script tells it by stdin and hears from it by stdout, in lines of words; B64 is base64 of a text:

    run ID, authority B64, certificate B64, key B64     whose door it is, whom it trusts, what it shows: before `open`
    open PORT [ADDRESS]     listen                      -> `open PORT` or `cannot REASON`; may come again
    close        listen no more, end all connections    -> `closed`
    csr B64      the host's request; the first one stays
    state WORD   one of STATES; `reason WORD B64` is the state failed, why, and lines that tell more
    note TEXT    what the client should know, and is no failure
    seconds N    how long it lives from now on (1800)
    patience N   seconds that a connection has in all, and a port that is taken has to come free (10)

The end of stdin ends it. `certificate B64` on stdout, once, is what a client has signed; nothing else is ever taken.
systemd expands dollar signs in what it runs: this text has none.
"""

import base64
import errno
import functools
import hashlib
import json
import os
import re
import selectors
import socket
import ssl
import sys
import time
from collections import Counter

MESSAGE = 16384         # bytes, the line end among them
AT_ONCE = 32            # connections
PER_SOURCE = 4          # connections of an IPv4 address or an IPv6 /64
KNOWN_SOURCES = 4096    # whose failures are kept in mind
LOG_LINES = 100         # nobody fills the host's disk by knocking

STATES = ("waiting", "installing", "certified", "starting", "failed")
MEMBERS = {"state": {"run", "op"}, "certificate": {"run", "op", "csr_sha256", "cert"}}
# One certificate, by its syntax: root reads what it says before it is used.
CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n){3,160}-----END CERTIFICATE-----\n?")

# OpenSSL's numbers, for which not every Python has a name.
NO_RENEGOTIATION = 0x40000000
NO_CHECK_TIME = 0x200000    # the clock of a fresh machine may be anywhere
PARTIAL_CHAIN = 0x80000     # the authority need not be a root, as with the engine


def tell(*words: object) -> None:
    try:
        os.write(1, (" ".join(map(str, words)) + "\n").encode())
    except OSError:     # the script is dead
        sys.exit(1)


def decoded(word: str) -> str:
    return base64.b64decode(word, validate=True).decode("utf-8", "replace")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_message(received: bytes) -> "dict[str, str]":
    """The members of one line of JSON, all of them text but for v; a ValueError or RecursionError for anything else."""
    def members(pairs: "list[tuple[str, str]]") -> "dict[str, str]":
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a member twice")
        return dict(pairs)

    if received.find(b"\n") != len(received) - 1:
        raise ValueError("not one line")
    message = json.loads(received.decode(), object_pairs_hook=members)
    if not isinstance(message, dict) or repr(message.pop("v", None)) != "1":    # neither True nor 1.0
        raise ValueError("not of this version")
    if not all(isinstance(value, str) for value in message.values()):
        raise ValueError("not a text")
    if set(message) != MEMBERS.get(message.get("op", "")):
        raise ValueError("no such op, or not its members")
    if message["op"] == "certificate" and not CERTIFICATE.fullmatch(message["cert"]):
        raise ValueError("not one certificate")
    return message


class Run:
    """What is known of this run, and what a message is answered."""

    def __init__(self) -> None:
        self.name = self.csr = self.certificate = self.reason = ""
        self.state = STATES[0]
        self.details: list[str] = []
        self.notes: list[str] = []

    def answer(self, received: bytes) -> bytes:
        try:
            message = read_message(received)
        except (ValueError, RecursionError):
            return self.line(error="bad-request")
        error = self.refusal(message)
        if error:
            return self.line(error=error)
        if message["op"] == "certificate" and not self.certificate:
            self.certificate = message["cert"]
            tell("certificate", base64.b64encode(self.certificate.encode()).decode())
        return self.shown()

    def refusal(self, message: "dict[str, str]") -> str:
        """Why this is not taken, or nothing. The same certificate again is: an answer may have been lost."""
        if message["run"] != self.name:
            return "other-run"
        if message["op"] == "state":
            return ""
        if not self.csr:
            return "no-request"
        if message["csr_sha256"] != sha256(self.csr):
            return "other-request"
        return "" if self.certificate in ("", message["cert"]) else "other-certificate"

    def shown(self) -> bytes:
        state = "certified" if self.certificate and self.state in ("waiting", "installing") else self.state
        known: dict[str, object] = {"state": state, "csr": self.csr or None,
                                    "certified": sha256(self.certificate) if self.certificate else None}
        if self.notes:
            known["notes"] = self.notes
        if state != "failed":
            return self.line(**known)
        # As many details as a message has room for; the last ones tell most.
        lines = (self.line(reason=self.reason, details=self.details[first:], **known)
                 for first in range(len(self.details) + 1))
        return next(line for line in lines if len(line) <= MESSAGE)

    def line(self, **members: object) -> bytes:
        return json.dumps({"v": 1, "run": self.name, **members}).encode() + b"\n"


def piped(text: str) -> int:
    """A pipe's end that gives this text. OpenSSL takes a key by the name of a file only, and on no disk shall it be."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


def mutual_tls(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 or newer with clients of this authority, without tickets, compression and renegotiation. Before 3.8
    Python can't forbid TLS 1.3 a ticket that names a session, which this process alone knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # pylint takes the options for a number.
    # pylint: disable-next=no-member
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | NO_RENEGOTIATION
    if hasattr(context, "minimum_version"):     # novm
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:
        context.options |= ssl.OP_NO_SSLv3 | ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    if hasattr(context, "num_tickets"):     # novm
        context.num_tickets = 0
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | NO_CHECK_TIME | PARTIAL_CHAIN)
    context.load_verify_locations(cadata=authority)
    ends = [piped(certificate), piped(key)]
    try:
        context.load_cert_chain(*(f"/proc/self/fd/{end}" for end in ends))
    except OSError:     # which tells of the pipe, if anything
        raise ValueError("certificate and key are damaged, or no pair") from None
    finally:
        for end in ends:
            os.close(end)
    return context


def listening(port: int, address: str) -> socket.socket:
    """On one address, or on all of both families, as dockerd does, where it is empty; of IPv4 if there is no IPv6."""
    six = ":" in address or not address
    try:
        listener = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    except OSError:
        if address:
            raise
        listener, six = socket.socket(), False
    try:
        if six:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(128)
        listener.setblocking(False)
    except Exception:
        listener.close()
        raise
    return listener


def source_of(host: str) -> str:
    """Who counts as one: an IPv4 address, mapped into IPv6 or not, or the network of an IPv6 address."""
    if "." in host:
        return host.rpartition(":")[2]
    return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])[:8].hex()


class Connection:
    """One exchange, in steps; each is called again until the socket is ready for all of it."""

    def __init__(self, client: ssl.SSLSocket, host: str, deadline: float, run: Run) -> None:
        self.client, self.host, self.deadline, self.run = client, host, deadline, run
        self.source = source_of(host)
        self.proven = False     # a certificate that is trusted was shown
        self.received = self.answer = b""
        # Closed after the client has closed too: a reset could overtake the answer.
        self.steps = [self.shake_hands, self.receive, self.send, client.unwrap]

    def advance(self) -> int:
        """As far as it goes now -> the event to wait for, 0 at the end."""
        while self.steps:
            try:
                self.steps[0]()
            except ssl.SSLWantReadError:
                return selectors.EVENT_READ
            except ssl.SSLWantWriteError:
                return selectors.EVENT_WRITE
            self.steps.pop(0)
        return 0

    def shake_hands(self) -> None:
        self.client.do_handshake()
        self.proven = True

    def receive(self) -> None:
        while b"\n" not in self.received and len(self.received) < MESSAGE:
            part = self.client.recv(MESSAGE - len(self.received))
            if not part:
                raise EOFError
            self.received += part
        self.answer = self.run.answer(self.received)

    def send(self) -> None:
        while self.answer:
            self.answer = self.answer[self.client.send(self.answer):]


class Door:
    """One thread for what the script says, for who knocks, and for the time."""

    def __init__(self) -> None:
        self.run = Run()
        self.given: dict[str, str] = {}
        self.context: ssl.SSLContext | None = None
        self.listener: socket.socket | None = None
        self.connections: list[Connection] = []   # the oldest first
        self.failures: Counter[str] = Counter()   # source -> how many of its connections showed no certificate
        self.heard, self.noted = b"", 0
        self.patience, self.until = 10.0, time.monotonic() + 1800
        # What is to be opened, until when it is tried: a connection of the host's own may have the port for a moment.
        self.wanted, self.wanted_until = "", 0.0
        self.selector = selectors.PollSelector()
        self.selector.register(0, selectors.EVENT_READ, self.hear)

    def serve(self) -> None:
        while time.monotonic() < self.until:
            end = min([self.until, *(one.deadline for one in self.connections)])
            wait = 0.1 if self.wanted else end - time.monotonic()
            for key, _ in self.selector.select(max(0, wait)):
                key.data()
            for one in [one for one in self.connections if one.deadline <= time.monotonic()]:
                self.end(one, "too slow")
            if self.wanted:
                self.open()
        self.close()

    def note(self, text: str) -> None:
        self.noted += 1
        if self.noted <= LOG_LINES:
            text = text if self.noted < LOG_LINES else "no more is noted"
            try:
                os.write(2, f"door: {text}\n".encode("ascii", "replace"))
            except OSError:
                pass

    def hear(self) -> None:
        part = os.read(0, 65536)
        if not part:
            sys.exit()
        *lines, self.heard = (self.heard + part).split(b"\n")
        for line in lines:
            word, _, argument = line.decode("utf-8", "replace").partition(" ")
            try:
                self.obey(word, argument)
            except Exception as error:      # pylint: disable=broad-except
                # Not what the line says: it may be the key's.
                self.note(f"a line was not understood: {type(error).__name__}")

    def obey(self, word: str, argument: str) -> None:
        run = self.run
        if word == "run":
            run.name = argument
        elif word in ("authority", "certificate", "key"):
            self.given[word] = decoded(argument)
        elif word == "csr":
            run.csr = run.csr or decoded(argument)
        elif word == "state":
            run.state = STATES[STATES.index(argument)]
        elif word == "reason":
            run.reason, _, details = argument.partition(" ")
            run.details = [line[:500] for line in decoded(details).splitlines()[-50:]]
            run.state = "failed"
        elif word == "note":
            run.notes = [*run.notes, argument[:500]][-8:]
        elif word == "seconds":
            self.until = time.monotonic() + float(argument)
        elif word == "patience":
            self.patience = float(argument)
        elif word == "open":
            self.shut()
            self.wanted, self.wanted_until = argument, time.monotonic() + self.patience
            self.open()
        elif word == "close":
            self.close()
        else:
            raise ValueError("no such word")

    def open(self) -> None:
        port, _, address = self.wanted.partition(" ")
        try:
            if self.context is None:
                self.context = mutual_tls(**self.given)
                self.given.clear()
            self.listener = listening(int(port), address)
        # Whatever it is, the set-up script is told, and goes on without a door.
        except Exception as error:      # pylint: disable=broad-except
            if getattr(error, "errno", 0) != errno.EADDRINUSE or time.monotonic() >= self.wanted_until:
                self.wanted = ""
                tell(ascii(f"cannot open port {port}: {error}")[1:-1])
            return
        self.wanted = ""
        self.selector.register(self.listener, selectors.EVENT_READ,
                               functools.partial(self.accept, self.listener, self.context))
        tell("open", port)

    def close(self) -> None:
        self.shut()
        tell("closed")

    def shut(self) -> None:
        self.wanted = ""
        for one in list(self.connections):
            self.end(one)
        if self.listener:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None

    def accept(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        for _ in range(8):      # then those that are here have their turn
            try:
                client, address = listener.accept()
            except OSError:
                return
            try:
                client.setblocking(False)
                # Else the last word of an exchange waits for 40 ms.
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                secured = context.wrap_socket(client, True, do_handshake_on_connect=False)
            except (OSError, ValueError):   # it has gone already
                client.close()
            else:
                self.admit(Connection(secured, address[0], time.monotonic() + self.patience, self.run))

    def admit(self, one: Connection) -> None:
        """Where there are too many, the newest stays for one that has shown no certificate: of a source that has done
        so most often, the oldest. So whoever fills the door with slow connections displaces his own."""
        same = [other for other in self.connections if other.source == one.source]
        for group, most in ((same, PER_SOURCE), (self.connections, AT_ONCE)):
            if len(group) >= most:
                unproven = [other for other in group if not other.proven]
                if not unproven:
                    one.client.close()
                    return
                self.end(max(unproven, key=lambda other: self.failures[other.source]), "one of too many")
        self.connections.append(one)
        self.selector.register(one.client, selectors.EVENT_READ, functools.partial(self.advance, one))

    def advance(self, one: Connection) -> None:
        if one not in self.connections:
            return
        try:
            event = one.advance()
        # Whatever a stranger's connection brings about ends that connection alone.
        except Exception as error:      # pylint: disable=broad-except
            self.end(one, getattr(error, "reason", None) or type(error).__name__)
            return
        if event:
            self.selector.modify(one.client, event, functools.partial(self.advance, one))
        else:
            self.end(one)

    def end(self, one: Connection, why: str = "") -> None:
        self.connections.remove(one)
        self.selector.unregister(one.client)
        if why and not one.proven:
            self.note(f"{one.host}: {why}")
            if len(self.failures) >= KNOWN_SOURCES:
                self.failures.clear()
            self.failures[one.source] += 1
        one.client.close()


if __name__ == "__main__":
    Door().serve()
