"""What a lane's messages say: templates cut where one message differs from the next.

A message is built once for each kind of recipient and cut at its reference, its metering point and its
sender's time, so that a request costs no more than joining bytes, and can be made again when it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.clock import SystemClock
from harness.messages.build import Context, build, build_largest_consumption, encode
from harness.messages.identifiers import mpan, sender_unique_reference
from harness.spec.release import load as load_release
from harness.transport.network import Network
from load.plan import Lane, Plan

_SERIAL = "Q" * 24
_TIME = "1999-01-01T01:01:01+00:00"
_UNIQUE = 9_999_999_999
_MPAN, _REFERENCE, _SENT = range(3)


@dataclass(frozen=True, slots=True)
class Wording:
    """One kind of message: the pieces between the places where messages differ, and what stands there."""

    pieces: tuple[bytes, ...]
    places: tuple[int, ...]

    def message(self, mpan: bytes, serial: bytes, sent: bytes) -> bytes:
        """Return a message."""
        values = (mpan, serial, sent)
        parts = [self.pieces[0]]
        for place, piece in zip(self.places, self.pieces[1:], strict=True):
            parts += (values[place], piece)
        return b"".join(parts)


class Speaker:
    """Makes the bodies of a lane's requests."""

    def __init__(self, plan: Plan, lane: Lane, network: Network) -> None:
        self._run, self._lane = plan.run, lane
        self._kinds = tuple(_wording(plan, lane, network, variant) for variant in range(lane.variants))

    def body(self, request: int, date: str) -> bytes:
        """Return the body of a request by its number; ``date`` is that of the signature.

        Its messages have the numbers from ``request * batch`` on. The sender's time is the signature's.
        """
        lane, kinds = self._lane, self._kinds
        sent = f"{date[:19]}+00:00".encode()
        first = request * lane.batch
        return (
            b"["
            + b",".join(
                kinds[number % len(kinds)].message(
                    lane.mpan(number).encode(), lane.serial(self._run, number).encode(), sent
                )
                for number in range(first, first + lane.batch)
            )
            + b"]"
        )


def _wording(plan: Plan, lane: Lane, network: Network, variant: int) -> Wording:
    release = load_release(plan.release)
    party = network.by_dip_id(lane.dip_id)
    prefix = lane.prefixes[variant]
    distributor = next(
        (each for each in network.with_role("LDSO") if each.distributor_id == prefix),
        network.with_role("LDSO")[0],
    )
    marked = mpan(prefix, _UNIQUE)
    recipient = lane.recipients[variant : variant + 1]
    now = SystemClock().now()
    parties = {each.role: (each.dip_id, each.mpid) for each in reversed(network.parties)}
    parties |= {(p := network.by_dip_id(dip_id)).role: (p.dip_id, p.mpid) for dip_id in recipient}
    context = Context(
        seed=lane.number * 1000 + variant,
        now=now,
        environment=plan.environment,
        sender_dip_id=party.dip_id,
        sender_role=party.role,
        connection_provider=None,
        sub_text=plan.tag,
        mpan=marked,
        distributor_dip_id=distributor.dip_id,
        primary_recipients=recipient,
        parties=parties,
        reference=sender_unique_reference(
            release.name, lane.interface, party.dip_id, party.role, now, _SERIAL
        ),
    )
    if lane.largest:
        payload = build_largest_consumption(release, context, lane.event)
    else:
        payload = build(release, lane.interface, lane.event, context, overrides=lane.content)
    payload["CommonBlock"]["S1"]["senderTimestamp"] = _TIME
    return cut(encode([payload])[1:-1], marked)


def cut(text: bytes, marked: str) -> Wording:
    """Cut a message at the marks: the metering point wherever it stands, reference, sender's time."""
    marks = {marked.encode(): _MPAN, _SERIAL.encode(): _REFERENCE, _TIME.encode(): _SENT}
    pieces: list[bytes] = []
    places: list[int] = []
    while True:
        found = [(at, mark) for mark in marks if (at := text.find(mark)) >= 0]
        if not found:
            return Wording((*pieces, text), tuple(places))
        at, mark = min(found)
        pieces.append(text[:at])
        places.append(marks[mark])
        text = text[at + len(mark) :]
