"""The participant goes on sending while something changes; the DIP is shown the very credentials it uses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from harness.selfcheck.check import Omit
from harness.selfcheck.conduct.sending import Sending, any_sent, send
from harness.selfcheck.context import Context
from harness.selfcheck.inbox import inbox
from harness.transport.network import CertificateSet
from harness.transport.signature import API_KEY

_LONGEST_SECONDS = 600.0


class Traffic:
    """Sends one message after the other in a thread until the block of `going_on` ends."""

    def __init__(self, context: Context) -> None:
        self.party, self._interface, self._event = any_sent(context)
        self.sent: list[Sending] = []
        """What was sent so far, in order."""
        self._context = context
        self._changed, self._over = threading.Condition(), threading.Event()
        self._trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def more(self, count: int) -> tuple[Sending, ...]:
        """Wait until ``count`` more messages were begun and sent; return them. Raises what sending raised."""
        with self._changed:
            first = len(self.sent) + 1  # the one that is on its way may have begun before
            self._changed.wait_for(
                lambda: self._trouble is not None or len(self.sent) >= first + count, _LONGEST_SECONDS
            )
            if self._trouble is not None:
                raise self._trouble
            return tuple(self.sent[first:])

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Send what is on its way, and no more."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                found = send(self._context, self.party, self._interface, self._event)
                with self._changed:
                    self.sent.append(found)
                    self._changed.notify_all()
        except BaseException as trouble:
            with self._changed:
                self._trouble = trouble
                self._changed.notify_all()


@contextmanager
def going_on(context: Context, *sets: CertificateSet) -> Iterator[Traffic]:
    """Let the participant send for as long as the block runs, known by any of these certificate sets.

    Raises Omit without a send hook: nobody is asked to send all the time.
    """
    if not context.profile.hooks.send:
        raise Omit("the profile has no send hook")
    box, traffic = inbox(context), Traffic(context)
    box.vouch(*sets)
    box.as_heard = True
    try:
        traffic.start()
        yield traffic
    finally:
        traffic.close()
        box.as_heard = False


def key_in_use(context: Context) -> str:
    """Return the API key that the participant sends with now; raises Omit where nothing came."""
    found = send(context, *any_sent(context)).heard
    if found is None:
        raise Omit("the participant sent nothing")
    return found.headers.get(API_KEY.lower(), "")
