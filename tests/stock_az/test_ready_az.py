"""An az that is forked instead of started: a command of an extension finds the same world in both, and ends alike."""

from __future__ import annotations

import json

import pytest
from local_azure import cache
from ready_az import ReadyAz
from running import run

PROBE = '''
import gc, importlib, json, os, signal, sys, threading
from azure.cli.core import AzCommandsLoader


def stream(file):
    return file.encoding, file.errors, file.line_buffering, file.isatty(), file.name


def world():
    kinds = [os.readlink(f"/proc/self/fd/{one}").partition(":")[0] for one in (0, 1, 2)]
    masks = [line for line in open("/proc/self/status") if line.startswith(("Sig", "Umask", "Cap", "NoNew"))]
    main = sys.modules["__main__"]
    return {
        "argv": sys.argv, "path": sys.path, "flags": str(sys.flags), "folder": os.getcwd(), "stdin": sys.stdin.read(),
        "environment": dict(os.environ), "streams": [stream(one) for one in (sys.stdin, sys.stdout, sys.stderr)],
        "kinds": kinds, "masks": [line for line in masks if "SigQ" not in line], "threads": threading.active_count(),
        "main": [main.__name__, main.__spec__.name, main.__file__], "interrupt": str(signal.getsignal(signal.SIGINT)),
        "children": str(signal.getsignal(signal.SIGCHLD)), "limit": sys.getrecursionlimit(), "collects": gc.isenabled(),
        "executable": sys.executable, "group": os.getpgrp(), "session": os.getsid(0), "nice": os.nice(0),
    }


def end(how):
    print("so far", flush=True)
    print("and here", file=sys.stderr)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "child":
        print(os.waitstatus_to_exitcode(os.system("exit 7")))
    sys.exit(9)


class Loader(AzCommandsLoader):
    def __init__(self, cli_ctx=None):
        from azure.cli.core.commands import CliCommandType
        super().__init__(cli_ctx=cli_ctx, custom_command_type=CliCommandType(operations_tmpl="azext_probe#{}"))

    def load_command_table(self, args):
        with self.command_group("probe") as group:
            group.custom_command("world", "world")
            group.custom_command("end", "end")
        return self.command_table

    def load_arguments(self, command):
        pass


COMMAND_LOADER_CLS = Loader
'''


@pytest.fixture
def both(azure, tmp_path):
    """both(WORDS) → what az did with them: started, forked, and forked once what it imports was there."""
    extension = tmp_path / "extensions/probe"
    (extension / "azext_probe").mkdir(parents=True)
    (extension / "azext_probe/__init__.py").write_text(PROBE)
    (extension / "probe-1.0.dist-info").mkdir()
    (extension / "probe-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.0\nName: probe\nVersion: 1.0\n")
    environment = {**azure.environment, "AZURE_EXTENSION_DIR": str(extension.parent)}
    program, ready = cache() / "az/bin/az", None

    def call(*words):
        nonlocal ready
        ready = ready or ReadyAz(program, environment)
        # As LocalAzure.start does it.
        started = run(["env", "--default-signal=INT", program, *words], environment, azure.home)
        return started, ready.run(words, azure.home), ready.run(words, azure.home)

    yield call
    if ready:
        ready.close()


def test_a_command_finds_the_same_world(both):
    started, *forked = (done.succeeded().json for done in both("probe", "world", "--only-show-errors"))
    assert started["argv"][1:] == ["probe", "world", "--only-show-errors"] and started["stdin"] == ""
    for one in forked:
        assert one == started, json.dumps({name: [one[name], started[name]] for name in one
                                           if one[name] != started[name]}, indent=1)


@pytest.mark.parametrize("words, code", [
    (("probe", "end", "--how", "exit"), 9), (("probe", "end", "--how", "child"), 9),
    (("probe", "end", "--how", "killed"), -9), (("probe", "end"), 2), (("no", "such"), 2),
    (("group", "show", "-n", "nobody"), 3), (("group", "list", "--query", "[?name=='nobody']"), 0),
    (("vm", "show", "--help"), 0)], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_a_command_ends_alike(both, words, code):
    started, *forked = both(*words)
    assert started.code == code
    for one in forked:
        assert (one.code, one.stdout, one.stderr) == (started.code, started.stdout, started.stderr)
