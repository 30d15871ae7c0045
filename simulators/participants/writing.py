"""From what a behaviour wants sent to the message: built from the release around what must stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from harness.messages.build import OMIT, Context, build
from harness.messages.identifiers import sender_unique_reference
from harness.spec.release import Release
from simulators.participants.behaviours import Acting, Outgoing


def compose(release: Release, outgoing: Outgoing, acting: Acting, environment: str) -> dict[str, Any]:
    """Return the payload of a message. Blocks that the release's message lacks are left out.

    The same metering point looks the same in every message: its MPAN is the seed.
    """
    party = acting.party
    reference = sender_unique_reference(
        release.name, outgoing.interface, party.dip_id, party.role, acting.now, uuid4().hex
    )
    context = Context(
        seed=int(outgoing.mpan),
        now=acting.now,
        environment=environment,
        sender_dip_id=party.dip_id,
        sender_role=party.role,
        connection_provider=_carrier(acting),
        sub_text=acting.tag or None,
        mpan=outgoing.mpan,
        distributor_dip_id=outgoing.distributor,
        primary_recipients=outgoing.primary,
        parties={**_first_of_each_role(acting), **outgoing.parties},
        reference=reference,
        correlation=outgoing.correlation,
        segment=outgoing.segment,
    )
    message = release.message_for(outgoing.interface, outgoing.event)
    parts = release.schema(message.name)["properties"] if message else {}
    overrides: dict[str, object] = {}
    for part, blocks in (("CommonBlock", outgoing.common), ("CustomBlock", outgoing.custom)):
        known = parts.get(part, {}).get("properties", {})
        for name in blocks.keys() & known.keys():
            items = blocks[name]
            if items is None:
                overrides[f"/{part}/{name}"] = OMIT
            elif isinstance(items, Mapping):
                overrides.update({f"/{part}/{name}/{item}": value for item, value in items.items()})
            else:
                overrides[f"/{part}/{name}"] = list(items)
    overrides.update(outgoing.places)
    return build(release, outgoing.interface, outgoing.event, context, overrides=overrides)


def _carrier(acting: Acting) -> str | None:
    """Return the connection provider whose certificate opens the party's connections, None for its own."""
    nominated = acting.party.connection_provider
    if nominated is None:
        return None
    return nominated if acting.network.by_dip_id(nominated).tls == acting.party.tls else None


def _first_of_each_role(acting: Acting) -> dict[str, tuple[str, str]]:
    parties = reversed(acting.network.parties)
    return {party.role: (party.dip_id, party.mpid) for party in parties if party.role not in ("DIP", "DCP")}
