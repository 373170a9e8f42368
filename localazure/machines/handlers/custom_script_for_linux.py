"""The older extension CustomScriptForLinux (github.com/Azure/azure-linux-extensions, CustomScript).

Some clients still use it. It runs a program with its arguments, not a shell. There are no files out of storage accounts
here.
"""

from __future__ import annotations

import shlex
from typing import Any

from localazure.machines.handlers.context import ENABLE_TIMEOUT_S, HandlerContext, Reader, SettingsError, handler_script
from localazure.machines.handlers.custom_script import QUOTED_BYTES
from localazure.machines.machine import RunResult


def enable(context: HandlerContext, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    """Run the program; what it said is quoted in the handler's status message, as CustomScript does."""
    command, files = checked_settings(public, protected)
    environment = [("HANDLER_COMMAND", command), ("HANDLER_SCRIPT", ""), ("HANDLER_FILES", "\n".join(files))]
    result = context.run(handler_script("custom-script.sh"), environment, ENABLE_TIMEOUT_S)
    said = "Script is finished." if result.exit_code == 0 else "Script returned an error."
    streams = (result.stdout[-QUOTED_BYTES:], result.stderr[-QUOTED_BYTES:])
    message = f"{said}\n---stdout---\n{streams[0]}\n---errout---\n{streams[1]}\n"
    return RunResult(1 if result.exit_code else 0, result.stdout, message, result.timed_out)


def checked_settings(public: dict[str, Any], protected: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The command, written so that a shell does nothing but start the program, and the files' addresses."""
    if protected.get("storageAccountName") or protected.get("storageAccountKey"):
        raise SettingsError("Enable failed: Local Azure has no storage accounts")
    shown, hidden = Reader("public", public), Reader("protected", protected)
    command = shown.text("commandToExecute") or hidden.text("commandToExecute")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SettingsError(f"Lanch script failed: {error}") from error  # the handler's own spelling
    if not words:
        raise SettingsError("Enable failed: CommandToExecute is empty or invalid.")
    return shlex.join(words), shown.texts("fileUris")
