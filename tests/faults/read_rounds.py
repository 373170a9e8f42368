"""Who of a create's requests waits for whose answer: all answers are held back until nothing more is asked."""

from __future__ import annotations

import threading

from azext_dockervm.azure.pipeline import DeadlineRetryPolicy

# Seconds without a new request after which all that can be asked without an answer has been asked.
QUIET_SECONDS = 0.4


class Rounds:
    """Lets requests through in rounds, until the first write; each round is of those that wait for no other of it."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.wrote = False
        self._waiting: list[str] = []
        self._changed = threading.Condition()

    def wait_for_turn(self, method: str, path: str) -> None:
        with self._changed:
            if method != "GET":
                self.wrote = True
                self._changed.notify_all()
            if self.wrote:
                return
            self._waiting.append(path)
            this = len(self.rounds)
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self.rounds) > this or self.wrote, 30)

    def conduct(self) -> None:
        with self._changed:
            while not self.wrote:
                something_happened = self._changed.wait(QUIET_SECONDS)
                if self._waiting and not something_happened:
                    self.rounds.append(self._waiting)
                    self._waiting = []
                    self._changed.notify_all()


def conducted(monkeypatch) -> Rounds:
    found = Rounds()
    attempt = DeadlineRetryPolicy._attempt

    def in_turn(self, request, deadline):
        found.wait_for_turn(request.http_request.method, request.http_request.url.partition("?")[0])
        return attempt(self, request, deadline)

    monkeypatch.setattr(DeadlineRetryPolicy, "_attempt", in_turn)
    threading.Thread(target=found.conduct, daemon=True).start()
    return found
