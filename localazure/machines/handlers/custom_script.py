"""The CustomScript extension (github.com/Azure/custom-script-extension-linux): its settings, and its script's run."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import Any

from localazure.machines.handlers.context import ENABLE_TIMEOUT_S, HandlerContext, Reader, SettingsError, handler_script
from localazure.machines.machine import RunResult

# https://learn.microsoft.com/azure/virtual-machines/extensions/custom-script-linux#property-script
CUSTOM_SCRIPT_LIMIT = 256 * 1024
# What a handler's status message quotes of each stream.
QUOTED_BYTES = 4 * 1024


def enable(context: HandlerContext, public: dict[str, Any], protected: dict[str, Any]) -> RunResult:
    """Run the command or script; what it said is quoted in the handler's status message."""
    command, script, files = checked_settings(public, protected)
    environment = [
        ("HANDLER_COMMAND", command),
        ("HANDLER_SCRIPT", base64.b64encode(script).decode()),
        ("HANDLER_FILES", "\n".join(files)),
    ]
    result = context.run(handler_script("custom-script.sh"), environment, ENABLE_TIMEOUT_S)
    quoted = f"\n[stdout]\n{result.stdout[-QUOTED_BYTES:]}\n[stderr]\n{result.stderr[-QUOTED_BYTES:]}"
    if result.exit_code == 0:
        return RunResult(0, result.stdout, f"Enable succeeded: {quoted}")
    reason = f"failed to execute command: command terminated with exit status={result.exit_code}"
    return RunResult(1, result.stdout, f"Enable failed: {reason}{quoted}", result.timed_out)


def checked_settings(public: dict[str, Any], protected: dict[str, Any]) -> tuple[str, bytes, tuple[str, ...]]:
    """(command, script, files) of both parts. Raises SettingsError."""
    parts = (Reader("public", public), Reader("protected", protected))
    commands = [part.text("commandToExecute") for part in parts]
    scripts = [part.text("script") for part in parts]
    files = [part.texts("fileUris") for part in parts]
    problems = (
        (not any(commands + scripts), "'commandToExecute' is not specified"),
        (all(commands), "'commandToExecute' was specified both in public and protected settings; it must be "
                        "specified only once"),
        (all(scripts), "'script' was specified both in public and protected settings; it must be specified only once"),
        (all(files), "'fileUris' were specified both in public and protected settings; it must be specified only once"),
        (any(commands) and any(scripts), "'commandToExecute' and 'script' were both specified, but only one is "
                                         "validate at a time"),
    )  # fmt: skip
    for wrong, said in problems:
        if wrong:
            raise SettingsError(f"Enable failed: failed to get configuration: invalid configuration: {said}")
    return commands[0] or commands[1], decoded(scripts[0] or scripts[1]), files[0] or files[1]


def decoded(text: str) -> bytes:
    """The script: base64, maybe of gzip, line ends of DOS made those of Unix."""
    if len(text) > CUSTOM_SCRIPT_LIMIT:
        raise SettingsError(
            f"Enable failed: The script's length ({len(text)}) exceeded the maximum allowed length of "
            f"{CUSTOM_SCRIPT_LIMIT}!"
        )
    try:
        script = base64.b64decode(text, validate=True)
        if script.startswith(b"\x1f\x8b"):
            script = gzip.decompress(script)
    except (binascii.Error, OSError, EOFError, zlib.error) as error:
        raise SettingsError(f"Enable failed: failed to decode script: {error}") from error
    return script.replace(b"\r\n", b"\n")
