"""What the set-up script answers, as values, and how it is given texts of many lines."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from azext_dockervm.errors import HostFailed
from azext_dockervm.printable import printable

BEGIN, END = "dockervm-begin", "dockervm-end"
# Characters of one line; a whole answer has 3,500 bytes at most.
LONGEST_LINE = 3500


def encoded(text: str | bytes) -> str:
    """A value of many lines as one word, so that no handler trips over its line ends."""
    data = text.encode() if isinstance(text, str) else text
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class Answer:
    """One run of the script: ``values`` by key (csr is PEM text), ``details`` its evidence after a failure. All but the
    csr is printable: whoever is root on the host can write it."""

    ok: bool
    values: dict[str, str]
    details: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it failed, as a word."""
        return self.values.get("reason", "unknown reason")

    def __getitem__(self, key: str) -> str:
        try:
            return self.values[key]
        except KeyError:
            raise HostFailed(f"The host's answer lacks '{key}'.") from None


def parse_answer(output: str, run_id: str) -> Answer:
    """Read the block that ends the script's output; raises ``HostFailed`` where there is none, or an older run's."""
    lines = [line.rstrip("\r") for line in output.splitlines()]
    if BEGIN not in lines or END not in lines[lines.index(BEGIN):]:
        shown = printable(" ".join(" ".join(lines).split())[-300:], LONGEST_LINE)
        raise HostFailed(f"The host did not answer as the set-up script does. It said: {shown or 'nothing'}")
    start = len(lines) - 1 - lines[::-1].index(BEGIN)
    values: dict[str, str] = {}
    details: list[str] = []
    pem: list[str] | None = None
    for line in lines[start + 1:lines.index(END, start)]:
        if pem is not None:
            pem.append(line)
            if line.startswith("-----END"):
                values["csr"], pem = "\n".join(pem) + "\n", None
            continue
        key, _, value = line.partition(":")
        if key == "csr":
            pem = []
        elif key == "detail":
            details.append(printable(value.strip(), LONGEST_LINE))
        else:
            values[key] = printable(value.strip(), LONGEST_LINE)
    if values.get("run") != run_id:
        raise HostFailed("The answer on the host belongs to another run.")
    return Answer(values.get("result") == "ok", values, tuple(details))
