"""The requests that the participant's system signed, recorded or sent now, each verified once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from harness.errors import ConfigurationError
from harness.security.trust import Trust
from harness.security.verifying import Verification, verify
from harness.selfcheck import captures
from harness.selfcheck.captures import Captured
from harness.selfcheck.check import Finding, Omit, failed, held
from harness.selfcheck.conduct.sending import any_sent, send
from harness.selfcheck.context import Context

_ORDER = ("header", "certificate", "key-type", "content-hash", "signature", "date")
"""Faults in the order of verifying."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A signed request and what verifying it came to."""

    request: Captured
    verification: Verification


_JUDGED: WeakKeyDictionary[Context, tuple[Judged, ...]] = WeakKeyDictionary()


def judged(context: Context) -> tuple[Judged, ...]:
    """Return every request that was recorded or sent, verified; the same for every check.

    Raises Omit where there is none, ConfigurationError for a capture that can't be read.
    """
    found = _JUDGED.get(context)
    if found is None:
        trust = Trust.load(context.trust_files())
        found = _JUDGED[context] = tuple(
            Judged(
                each,
                verify(
                    each.method,
                    each.url,
                    each.body,
                    each.headers,
                    trust=trust,
                    now=context.clock.now() if each.live else None,
                    depth=3,
                ),
            )
            for each in _requests(context)
        )
    return found


def _requests(context: Context) -> list[Captured]:
    recorded = [each for path in context.profile.captures for each in captures.read(path)]
    if context.offline:
        if not recorded:
            raise Omit("no captures are named, and nothing is sent offline")
        return recorded
    try:
        return [*recorded, *_sent(context)]
    except Omit:
        if recorded:
            return recorded
        raise


def _sent(context: Context) -> Iterator[Captured]:
    """Have the participant send one message, and yield what came."""
    sending = send(context, *any_sent(context))
    if not sending.asked:
        raise Omit("nothing was sent: the profile has no send hook and no captures, and nobody was asked")
    if sending.trouble:
        raise ConfigurationError(sending.trouble, where="hooks.send", mend="Run the command by hand.")
    heard = sending.heard
    if heard is not None:
        yield Captured(
            f"{sending.interface} as received",
            heard.method,
            heard.url,
            heard.headers,
            heard.body,
            heard.client,
            live=True,
        )


def of_faults(
    context: Context, faults: tuple[str, ...], title: str, *, expected: str, hint: str
) -> Iterator[Finding]:
    """Judge every request for some faults of its verification; others are other checks' business."""
    for each in judged(context):
        found = each.verification
        name = f"{each.request.where}: {title}"
        if found.fault not in faults:
            if _rank(found.fault) > max(map(_rank, faults)):
                yield held(name)
            continue
        wanted, actual, mend = expected, found.reason, found.hint or hint
        if found.actual_string_to_sign is not None and found.first_difference is not None:
            wanted = f"string to sign: {found.expected_string_to_sign}"
            actual = f"{found.reason}; signed was: {found.actual_string_to_sign}"
            place = found.first_difference
            theirs = found.actual_string_to_sign[place : place + 12] or "its end"
            ours = found.expected_string_to_sign[place : place + 12] or "the end"
            mend = (
                f"{mend} The first difference is at character {place + 1}: '{theirs}' was signed "
                f"where '{ours}' is expected."
            )
        elif found.fault == "header":
            mend = hint
        yield failed(name, expected=wanted, actual=actual, hint=mend, key=found.cause or found.fault)


def _rank(fault: str) -> int:
    """Return the place of a fault in the order of verifying: what comes before it is right."""
    if not fault:
        return len(_ORDER) + 1
    return _ORDER.index(fault) if fault in _ORDER else len(_ORDER)
