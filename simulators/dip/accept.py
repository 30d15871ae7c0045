"""Accept: D0 and the resolved A0 are filled, and the message gets the bytes that it keeps for good.

`accept` is pure: the moment, the row and the token come from outside. Every recipient and every retry gets
the same bytes.
"""

from __future__ import annotations

import orjson

from simulators.dip.model import Accepted, Addressing, Draft


def accept(draft: Draft, addressing: Addressing, *, at: str, number: int, token: str) -> Accepted:
    """Fill D0 and A0 of a valid message.

    ``at`` has 25 characters, ``number`` is the message's row, ``token`` is hexadecimal and never repeats.
    """
    day = at[:10].replace("-", "")
    transaction = f"T-{draft.interface}-{draft.sender}-{draft.role}-{day}-{token}"
    correlation = draft.correlation or f"CI-{day}-{token}"
    tiers: dict[str, list[str]] = {"primary": [], "secondary": [], "always": []}
    for recipient in addressing.recipients:
        tiers[recipient.tier].append(recipient.dip_id)
    common = dict(draft.common)
    common["A0"] = {
        "primaryRecipients": tiers["primary"],
        "secondaryRecipients": tiers["secondary"],
        "always": tiers["always"],
    }
    common["D0"] = {
        "transactionID": transaction,
        "transactionTimestamp": at,
        "publicationID": publication(draft.interface),
        "initialCorrelationID": correlation,
        "replayIndicator": False,
        "serviceTicketURL": None,
    }
    payload: dict[str, object] = {"CommonBlock": common}
    if draft.custom is not None:
        payload["CustomBlock"] = orjson.Fragment(draft.custom)
    body = orjson.dumps({"payload": payload})
    return Accepted(number, transaction, correlation, draft, addressing, body)


def publication(interface: str) -> str:
    """Return the id of the publication: PUB-nnn of IF-nnn; a report keeps its own (assumed)."""
    return f"PUB-{interface[3:]}" if interface.startswith("IF-") else interface
