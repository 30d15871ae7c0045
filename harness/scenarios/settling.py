"""Waiting until nothing of an instance is under way, and taking in what arrived meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from harness.errors import EnvironmentFault
from harness.evidence.events import PublicationReceived
from harness.scenarios.blame import of_party
from harness.scenarios.play import Play
from harness.scenarios.publications import Publication, findings_of, of_receipts, signature_of
from harness.scenarios.twins import after_wait, before_wait
from harness.security.describing import signed_by
from harness.security.signing import CERTIFICATE, CONTENT_HASH, DATE, SIGNATURE

_MOST_PERTURBATIONS = 3
"""How often one wait is perturbed at most, however much comes of it."""


def settled_until(play: Play, enough: Callable[[list[Publication]], bool]) -> list[Publication]:
    """Settle, and where nobody can ask the hub what it still has to deliver, wait until enough has arrived.

    That wait ends after the setting ``scenario.settle_seconds``.
    """
    publications = settle(play)
    if "admin" in play.bench.target.capabilities:
        return publications
    seconds = play.bench.settings.number("scenario.settle_seconds")
    end = time.monotonic() + seconds
    while not enough(publications) and time.monotonic() < end:
        play.settled = None
        publications = settle(play)
    if not enough(publications):
        play.lean_on(
            "setting:scenario.settle_seconds",
            f"scenario.settle_seconds = {seconds:g}: what had not arrived by then counts as missing",
            "assumed",
        )
    return publications


def settle(play: Play) -> list[Publication]:
    """Wait until the hub has nothing more to deliver for this instance, and take in what arrived.

    What arrived between two waits is put into one order, whatever order it was delivered in. Raises
    EnvironmentFault when the target can't say what was received.
    """
    if play.settled is not None:
        return play.publications
    admin = play.bench.target.admin
    if admin is None:
        raise EnvironmentFault(
            "the target can't say what was received", mend="Give it the capability 'parties'."
        )
    wait = play.bench.settings.number("scenario.settle_seconds")
    before_wait(play)
    play.settled = admin.settle(play.cast.tag, timeout=wait)
    for _ in range(_MOST_PERTURBATIONS):
        if not after_wait(play):
            break
        play.settled = admin.settle(play.cast.tag, timeout=wait)
    if not play.settled["settled"]:
        play.lean_on(
            "setting:scenario.settle_seconds",
            f"scenario.settle_seconds = {wait}: deliveries were still under way when the wait ended",
            "assumed",
        )
    _judge_problems(play, play.settled.get("problems", []))
    play.publications = list(of_receipts(play.settled["receipts"], play.cast.tag))
    taken = {message["transaction_id"]: place for place, message in enumerate(play.settled["messages"])}
    fresh = [p for p in play.publications if (p.transaction, p.party) not in play.seen]
    fresh.sort(key=lambda p: (p.interface, p.event_code, p.mpan, p.party, taken.get(p.transaction, 0)))
    for publication in fresh:
        key = (publication.transaction, publication.party)
        if key not in play.seen:
            play.seen[key] = _take_in(play, publication)
    return play.publications


def _judge_problems(play: Play, problems: list[dict[str, str]]) -> None:
    """A simulated party that could not do what it meant to is the reason for much that goes missing."""
    for problem in problems[play.problems :]:
        party = play.bench.target.network.by_dip_id(problem["party"])
        play.check(
            f"{party.name} can do what it means to",
            False,
            expected=f"{problem['message'] or 'a reaction'}, sent and accepted",
            actual=problem["error"],
            rule="behaviours of simulated parties",
            blame=of_party(party),
            key=f"{party.role} could not act",
            hint="The simulated party's behaviour, or what it was told, does not suit the scenario.",
        )
    play.problems = len(problems)


def _take_in(play: Play, publication: Publication) -> dict[str, Any]:
    valid, reason = signature_of(publication, play.bench.trust, play.bench.clock.now())
    findings = findings_of(publication, play.release)
    play.event(
        PublicationReceived(
            case=play.cast.case.key,
            party=publication.party,
            role=publication.role,
            publication=publication.publication_id,
            interface=publication.interface,
            event_code=publication.event_code,
            transaction=publication.transaction,
            reference=publication.reference,
            body=play.bench.store.put(publication.body),
            signature_valid=valid,
            findings=findings,
            answered=publication.answered,
            response_codes=publication.codes,
            headers=_of_signature(publication),
            signature="" if valid else reason,
            signed_by=signed_by(_header(publication, CERTIFICATE)),
        )
    )
    return {"signature_valid": valid, "reason": reason, "findings": findings}


def _of_signature(publication: Publication) -> dict[str, str]:
    return {name: value for name in (SIGNATURE, DATE, CONTENT_HASH) if (value := _header(publication, name))}


def _header(publication: Publication, wanted: str) -> str:
    return next((text for name, text in publication.headers.items() if name.lower() == wanted.lower()), "")
