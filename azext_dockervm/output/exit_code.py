"""How az ends a command: with an exit code of our own beside the result, or without printing anything."""

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


def print_nothing(cli_ctx: Any) -> None:
    """For a handler without a result: with several --ids az collects the results and would print ``[null, null]``."""
    from knack.events import EVENT_INVOKER_FILTER_RESULT

    def drop(_cli: Any, event_data: dict[str, Any]) -> None:
        event_data["result"] = None

    cli_ctx.register_event(EVENT_INVOKER_FILTER_RESULT, drop)
