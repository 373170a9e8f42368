"""The program behind ``ready_az``: az that has imported what its commands import, and forks for each of them.

Run by the Python of az's environment, which has nothing of ours: ``python ready_az_server.py SOCKET``, a descriptor.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading

MOST_BYTES = 1 << 20


def main(calls: socket.socket) -> None:
    """Serve until the other end closes; returns in a process that is to end as az ends."""
    del sys.path[0]     # this file's folder
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)   # nobody waits for those that watch a command
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)      # Ctrl-C is for the commands
    learned, tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    while True:
        ready, _, _ = select.select([calls, learned], [], [])
        if learned in ready:
            learn(learned.recv(MOST_BYTES).decode().split())
            continue
        message, descriptors, _, _ = socket.recv_fds(calls, MOST_BYTES, 4)
        if not message:
            return
        assert threading.active_count() == 1, "a thread does not survive a fork"
        if os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            continue
        calls.close()
        learned.close()
        if watched(descriptors.pop()):
            signal.signal(signal.SIGINT, interrupted)
            run_az(json.loads(message), descriptors, tell)


def learn(names: list[str]) -> None:
    """Import what a command has imported, for those to come."""
    for name in names:
        with contextlib.suppress(Exception):    # the command that needs it will tell
            importlib.import_module(name)
    gc.collect()
    gc.freeze()     # or each command's collections would copy all pages of these objects


def watched(report: int) -> bool:
    """Fork; True in the child. The parent reports the child's id, then how it ended, and is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if not child:
        os.close(report)
        return True
    os.write(report, f"{child}\n".encode())
    for descriptor in range(3):     # of the server's, which is not to be kept open
        os.close(descriptor)
    os.write(report, str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    os._exit(0)


def run_az(call: dict, descriptors: list[int], tell: socket.socket) -> None:
    """What ``python -m azure.cli WORDS`` does, in this process; SystemExit ends it."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(call["environment"])
    os.chdir(call["folder"])
    sys.path.insert(0, call["folder"])
    sys.argv[:] = ["az", *call["words"]]
    atexit.register(tell_what_is_new, set(sys.modules), tell)
    runpy.run_module("azure.cli", run_name="__main__", alter_sys=True)


def tell_what_is_new(known: set[str], tell: socket.socket) -> None:
    """The modules of az's environment that this command imported; an extension's stay its own."""
    own = (sys.prefix, sys.base_prefix)
    specs = {name: getattr(module, "__spec__", None) for name, module in list(sys.modules.items())}
    new = [name for name, spec in specs.items() if name not in known and spec and spec.name == name
           and (spec.origin or "").startswith(own) and not name.endswith("__main__")]
    with contextlib.suppress(OSError):
        if new:
            tell.send("\n".join(new).encode())


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
