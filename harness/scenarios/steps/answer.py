"""The step ``expect_status``: the hub's answer to the last request."""

from __future__ import annotations

from harness.errors import ConfigurationError
from harness.scenarios.blame import HUB, of_answer
from harness.scenarios.model import ExpectStatus
from harness.scenarios.play import LastSend, Play
from harness.scenarios.steps import performs
from harness.transport.network import Party


@performs(ExpectStatus)
def expect_status(step: ExpectStatus, play: Play) -> None:
    """Judge HTTP status, response codes, or that the handshake refused the connection."""
    last = play.last
    if last is None:
        raise ConfigurationError("nothing was sent yet", where=str(play.cast.case.scenario.file))
    answer = last.answer
    sender = _sender(play, last)
    http = tuple(dict.fromkeys(play.resolve(text) for text in step.http))
    codes = tuple(dict.fromkeys(play.resolve(text) for text in step.codes))
    actual = (
        "refused in the TLS handshake" if answer.refused_in_handshake else _shown(answer.status, answer.error)
    )
    blame, hint = of_answer(
        answer,
        sender=sender,
        should_accept=not last.departs,
        harness_finds_valid=last.valid,
        carrier=last.carrier,
        doubtful=last.doubtful,
    )
    rule = step.rule or f"API release {play.release.name}"
    if step.handshake:
        play.check(
            "The TLS handshake refuses the connection",
            answer.refused_in_handshake,
            expected="refused in the TLS handshake",
            actual=actual,
            rule=step.rule or "mutual TLS on all traffic with the DIP",
            blame=blame,
            key="handshake",
            hint=hint,
        )
        return
    if http:
        right = play.check(
            f"The DIP answers {' or '.join(http)}",
            str(answer.status) in http,
            expected=" or ".join(http),
            actual=actual + (f" {' '.join(answer.codes)}" if answer.codes else ""),
            rule=rule,
            blame=blame,
            key=f"status {'/'.join(http)}, got {answer.status}",
            hint=hint,
        )
        if not right:
            return
    if codes and _carries_codes(answer.status):
        play.check(
            f"The answer names {' or '.join(codes)}",
            bool(set(codes) & set(answer.codes)) and (last.departs or set(answer.codes) <= set(codes)),
            expected=" or ".join(codes),
            actual=", ".join(answer.codes) or "no code",
            rule=rule,
            blame=blame,
            key=f"code {'/'.join(codes)}, got {'/'.join(answer.codes)}",
            hint=hint or f"{HUB} answered with another code.",
        )


def _sender(play: Play, last: LastSend) -> Party:
    """Return who made the last request: of a message its sender."""
    if not last.indexes:
        return play.cast.party("sender")
    return play.bench.target.network.by_dip_id(play.instance.sent[last.indexes[-1]].sender)


def _carries_codes(status: int | None) -> bool:
    """Only 201, 207 and 400 have a StandardResponse body."""
    return status in (201, 207, 400)


def _shown(status: int | None, error: str) -> str:
    return str(status) if status is not None else f"no answer ({error})"
