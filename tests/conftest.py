"""Tests marked ``long`` run with ``--long`` only; a run without it says how many it left out."""

from __future__ import annotations

import pytest

_left_out = pytest.StashKey[set]()
LEFT_OUT = "long_tests_left_out"


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run the tests that are marked long")


def pytest_configure(config):
    config.stash[_left_out] = set()


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if not item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    config.stash[_left_out].update(item.nodeid for item in left_out)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[LEFT_OUT] = sorted(session.config.stash[_left_out])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Under xdist only the processes that run the tests know what was left out; each knows all."""
    node.config.stash[_left_out].update(getattr(node, "workeroutput", {}).get(LEFT_OUT, ()))


def pytest_terminal_summary(terminalreporter, config):
    count = len(config.stash[_left_out])
    if count:
        tests = "1 long test" if count == 1 else f"{count} long tests"
        terminalreporter.line(f"Left out: {tests}; script/test --long runs them too.")
