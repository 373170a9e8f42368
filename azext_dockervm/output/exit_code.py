"""An exit code of our own for a command that has a result: az prints it as it was asked to, and then ends with it."""

from __future__ import annotations

from typing import Any, NoReturn

# Docker works on the host, but can't be reached from here. 1, 2 and 3 are az's own: error, usage, not found.
UNREACHABLE = 4
# The host works, but a registry has refused its login, or the Compose project is not up as it should be.
WORKLOAD_FAILED = 5


def end_with(cli_ctx: Any, code: int) -> None:
    """End az with ``code`` once the result is printed, whatever --output and --query make of it.

    az raises this event after it has printed; what a handler returns can't carry a code (knack's ``CLI.invoke``).
    """
    from knack.events import EVENT_CLI_SUCCESSFUL_EXECUTE

    def leave(_cli: Any, **_details: Any) -> NoReturn:
        raise SystemExit(code)

    cli_ctx.register_event(EVENT_CLI_SUCCESSFUL_EXECUTE, leave)
