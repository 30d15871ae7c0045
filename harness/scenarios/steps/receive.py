"""The steps ``receive`` and ``expect_none``: publications, judged from the bytes that arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.evidence.events import DeliveryAnswered
from harness.evidence.verdicts import Blame, BlameClass
from harness.scenarios.blame import HUB, of_missing, of_party
from harness.scenarios.correlation import BY_HUB, asked
from harness.scenarios.instance import Sent
from harness.scenarios.matching import holds, in_words, shown
from harness.scenarios.model import ExpectNone, Receive
from harness.scenarios.play import Play
from harness.scenarios.publications import Publication, differences, value_at
from harness.scenarios.settling import settle, settled_until
from harness.scenarios.steps import performs
from harness.transport.network import Party

_CENTRAL = Blame(BlameClass.CENTRAL_SYSTEM, HUB)


@performs(Receive)
def receive(step: Receive, play: Play) -> None:
    """Each named party gets the publication: once, whole, valid, signed, and answers it well."""
    publications = settled_until(play, lambda found: _arrived(step, play, found))
    if step.by == ("addressed",):
        _receive_addressed(step, play, publications)
    else:
        for alias in step.by:
            _receive_one(step, play, publications, play.cast.party(alias))


def _arrived(step: Receive, play: Play, publications: list[Publication]) -> bool:
    """Say whether each party that the harness plays has something of what the step awaits."""
    if step.by == ("addressed",):
        wanted = {(dip_id, sent.reference) for sent in _sendings(play) for dip_id in sent.expected}
        played = {each for each in wanted if play.bench.target.network.by_dip_id(each[0]).simulated}
        return played <= {(each.party, each.reference) for each in publications}
    interface, event = step.interface or play.cast.case.interface, step.event or play.cast.case.event
    explained = set(play.instance.explained)
    fresh = {
        each.party
        for each in publications
        if (each.interface, each.event_code) == (interface, event)
        and (each.transaction, each.party) not in explained
    }
    parties = [play.cast.party(alias) for alias in step.by]
    return {party.dip_id for party in parties if party.simulated} <= fresh


@performs(ExpectNone)
def expect_none(step: ExpectNone, play: Play) -> None:
    """Nobody has a publication of this scenario, or of the kind that the step names, that is unexplained."""
    explained = set(play.instance.explained)
    parties = {play.cast.party(alias).dip_id for alias in step.by}
    strays = [
        p
        for p in settle(play)
        if (p.transaction, p.party) not in explained
        and (not parties or p.party in parties)
        and step.interface in ("", p.interface)
        and step.event in ("", p.event_code)
        and _names_point(p, play, step.point)
    ]
    shown = ", ".join(
        sorted(
            {f"{p.publication_id or p.interface} [{p.event_code}] at {_name(play, p.party)}" for p in strays}
        )
    )
    play.check(
        _none_in_words(step, play),
        not strays,
        expected="no unexplained publication",
        actual=shown or "none",
        rule=step.rule or "recipients are chosen by sender, metering point and interface alone",
        blame=_stray_blame(play, strays),
        key="unexplained publication",
        hint="Someone was sent what was not meant for them, or a message was published twice.",
    )


def _none_in_words(step: ExpectNone, play: Play) -> str:
    what = (
        f"{step.interface}{f' [{step.event}]' if step.event else ''}" if step.interface or step.event else ""
    )
    who = ", ".join(play.cast.party(alias).name for alias in step.by)
    about = f" about {step.point}" if step.point else ""
    if not (what or who or about):
        return "Nobody else receives anything"
    return f"{who or 'Nobody else'} receives {'no ' if who else ''}{what or 'anything'}{about}"


def _names_point(publication: Publication, play: Play, alias: str) -> bool:
    point = play.cast.point(alias) if alias else None
    return point is None or publication.mpan == point.mpan


def _stray_blame(play: Play, strays: list[Publication]) -> Blame:
    """A stray copy of what the scenario sent is the hub's; a message that a party made up is that party's."""
    ours = {sent.reference for sent in play.instance.sent}
    made = next((stray for stray in strays if stray.reference not in ours), None)
    if made is None:
        return _CENTRAL
    party = _sender_of(play, made)
    return of_party(party) if party is not None else _CENTRAL


def _sendings(play: Play) -> list[Sent]:
    """Return what the last step that sent anything sent; all of the scenario where there is none."""
    return play.instance.sent if play.last is None else [play.instance.sent[i] for i in play.last.indexes]


def _receive_addressed(step: Receive, play: Play, publications: list[Publication]) -> None:
    for sent in _sendings(play):
        play.instance.explained += _answers_of_hub(play, publications, sent)
        for dip_id in sent.expected:
            party = play.bench.target.network.by_dip_id(dip_id)
            got = [p for p in publications if p.party == dip_id and p.reference == sent.reference]
            _judge(step, play, party, sent.interface, sent.event, got, sent)
            if play.failed is not None:
                return


def _answers_of_hub(play: Play, publications: list[Publication], sent: Sent) -> list[tuple[str, str]]:
    """Return what the DIP itself answers to a request that is addressed to it.

    Whether and when it does is its own matter, so that nobody has to wait for it.
    """
    answer = BY_HUB.get(sent.interface)
    hubs = {party.dip_id for party in play.bench.target.network.with_role(HUB)}
    return [
        (each.transaction, each.party)
        for each in publications
        if each.interface == answer and each.party == sent.sender and each.sender in hubs
    ]


def _receive_one(step: Receive, play: Play, publications: list[Publication], party: Party) -> None:
    interface = step.interface or play.cast.case.interface
    event = step.event or play.cast.case.event
    explained = set(play.instance.explained)
    ours = {sent.reference: sent for sent in play.instance.sent}
    got = [
        p
        for p in publications
        if p.party == party.dip_id
        and (p.interface, p.event_code) == (interface, event)
        and (p.transaction, p.party) not in explained
        and _names_point(p, play, step.point)
    ]
    wanted = play.words.value(step.where)
    if len({p.transaction for p in got}) > step.count:
        fitting = [p for p in got if all(holds(value_at(p.payload, path), wanted[path]) for path in wanted)]
        got = fitting or got[:1]
    _judge(step, play, party, interface, event, got, ours.get(got[0].reference) if got else None)
    if play.failed is None:
        for publication in {p.transaction: p for p in got}.values():
            _judge_content(step, wanted, play, party, publication)


def _judge(
    step: Receive,
    play: Play,
    party: Party,
    interface: str,
    event: str,
    got: list[Publication],
    sent: Sent | None,
) -> None:
    what = f"{interface} [{event}]"
    rule = step.rule or "swagger/routing.yaml"
    if not got and _judge_by_journal(step, play, party, interface, event, sent):
        return
    if not got:
        blame, hint = _missing(play, party, interface, event, sent)
        play.check(
            f"{party.name} receives {what}",
            False,
            expected="one publication",
            actual="none",
            rule=rule,
            blame=blame,
            key=f"{interface} not received by {party.role}",
            hint=hint,
        )
        return
    publication = got[0]
    for each in got:
        play.instance.explained.append((each.transaction, each.party))
    different = {each.transaction for each in got}
    if not play.check(
        f"{party.name} receives {what} {_how_often(step)}",
        len(different) == step.count and (bool(play.cast.case.twin) or len(got) == step.times * step.count),
        expected=_expected(step),
        actual=str(len(got)) if len(got) == len(different) else f"{len(different)}, in all {len(got)} times",
        rule=rule,
        blame=_surplus_blame(step, play, got),
        key=f"{interface} received more than once",
    ):
        return
    problems = _problems(play, publication, sent)
    play.check(
        f"What {party.name} receives is whole, valid and signed",
        not problems,
        expected="valid under the release, signature verified, content as sent, D0 filled",
        actual="; ".join(problems[:3]) or "as expected",
        rule=f"API release {play.release.name}",
        blame=_CENTRAL,
        key=f"{interface} published wrongly",
    )
    _judge_correlation(play, publication)
    play.check(
        f"{party.name} answers the publication",
        publication.answered in (201, 207),
        expected="201 or 207",
        actual=str(publication.answered),
        rule=f"webhook answers of API release {play.release.name}",
        blame=of_party(party),
        key=f"{party.role} refuses {interface}",
        hint=publication.answer.decode("utf-8", "replace")[:300],
    )


def _judge_by_journal(
    step: Receive, play: Play, party: Party, interface: str, event: str, sent: Sent | None
) -> bool:
    """Judge what a real party answered, by the journal of the DIP; says whether the journal has an answer.

    The bytes that the party's own system took in aren't seen, so nothing else is judged of them. A message
    that an earlier step was about is not counted again.
    """
    if party.simulated:
        return False
    answers = {
        report["transaction_id"]: DeliveryAnswered(
            case=play.cast.case.key,
            party=party.dip_id,
            role=party.role,
            interface=interface,
            event_code=event,
            reference=report["reference"],
            answered=recipient["http_status"],
            status=recipient["status"],
        )
        for report in (play.settled or {}).get("messages", [])
        if (report["interface"], report["event"].strip("[]")) == (interface, event)
        and (sent is None or report["reference"] == sent.reference)
        and (report["transaction_id"], party.dip_id) not in play.instance.explained
        for recipient in report["recipients"]
        if recipient["dip_id"] == party.dip_id and recipient["http_status"] is not None
    }
    if not answers:
        return False
    for transaction, answer in answers.items():
        play.instance.explained.append((transaction, party.dip_id))
        play.event(answer)
    play.lean_on(
        "journal", "what a real party received and answered is taken from the DIP's journal", "assumed"
    )
    refused = [each.answered for each in answers.values() if each.answered not in (201, 207)]
    what = f"{interface} [{event}]"
    told = "By the DIP's journal: what the party's own system took in is not seen."
    if play.check(
        f"{party.name} takes {what}",
        not refused,
        expected="201 or 207",
        actual=", ".join(map(str, refused)) or "201 or 207",
        rule=f"webhook answers of API release {play.release.name}",
        blame=of_party(party),
        key=f"{party.role} refuses {interface}",
        hint=told,
    ):
        play.check(
            f"{party.name} receives {what} {'once' if step.count == 1 else f'{step.count} times'}",
            len(answers) == step.count,
            expected=_expected(step),
            actual=str(len(answers)),
            rule=step.rule or "swagger/routing.yaml",
            blame=_CENTRAL,
            key=f"{interface} received {'too seldom' if len(answers) < step.count else 'more than once'}",
            hint=told,
        )
    return True


def _judge_correlation(play: Play, publication: Publication) -> None:
    """An answer names the correlation id of something that its sender had received."""
    ids = asked(play.publications, publication.sender, publication.interface, publication.mpan)
    sender = _sender_of(play, publication)
    if not ids or sender is None:
        return
    actual = value_at(publication.payload, "S1.senderCorrelationID")
    play.lean_on("correlation", "an answer names the correlation id of what it answers", "assumed")
    play.check(
        f"{publication.interface} [{publication.event_code}] names what it answers",
        actual in ids,
        expected=" or ".join(dict.fromkeys(ids)),
        actual=shown(actual),
        rule="S1.senderCorrelationID of an answer is D0.initialCorrelationID of what it answers (assumed)",
        blame=of_party(sender),
        key=f"{publication.interface} uncorrelated",
    )


def _how_often(step: Receive) -> str:
    number = step.times * step.count
    return "once" if number == 1 else f"{number} times"


def _expected(step: Receive) -> str:
    what = "one publication" if step.count == 1 else f"{step.count} publications"
    return what if step.times == 1 else f"the same {what.removeprefix('one ')} {step.times} times"


def _judge_content(
    step: Receive, wanted: Mapping[str, Any], play: Play, party: Party, publication: Publication
) -> None:
    for path, condition in wanted.items():
        actual = value_at(publication.payload, path)
        sender = _sender_of(play, publication)
        play.check(
            f"{publication.interface} [{publication.event_code}] at {party.name} says {path}",
            holds(actual, condition),
            expected=in_words(condition),
            actual=shown(actual),
            rule=step.rule or "the scenario's choreography",
            blame=of_party(sender) if sender is not None else _CENTRAL,
            key=f"{publication.interface} {path}",
            hint=_reasons(publication),
        )


def _reasons(publication: Publication) -> str:
    """Return the reasons that a publication gives for a refusal, so that nobody has to look them up."""
    given = value_at(publication.payload, "R0.responseMessages")
    answer = value_at(publication.payload, "B007.proposedAppointmentResponseCode")
    texts = [*given, answer] if isinstance(given, list) else [answer]
    said = "; ".join(str(text) for text in texts if text)
    return f"It says: {said}." if said else ""


def _problems(play: Play, publication: Publication, sent: Sent | None) -> list[str]:
    seen = play.seen[(publication.transaction, publication.party)]
    problems = list(seen["findings"])
    if not seen["signature_valid"]:
        problems.append(f"signature: {seen['reason']}")
    if sent is not None:
        problems.extend(differences(sent.payload, publication, play.release))
    expected_id = publication.interface.replace("IF-", "PUB-")
    if publication.interface.startswith("IF-") and publication.publication_id != expected_id:
        problems.append(f"publication id is {publication.publication_id!r}, not {expected_id!r}")
    header = publication.common.get("D0")
    if isinstance(header, dict) and header.get("replayIndicator") is not False:
        problems.append("replayIndicator is not false")
    return problems


def _surplus_blame(step: Receive, play: Play, got: list[Publication]) -> Blame:
    """A transaction that comes too often is the hub's; a message that a party made too often that party's."""
    if len({each.transaction for each in got}) <= step.count:
        return _CENTRAL
    return _stray_blame(play, got)


def _missing(play: Play, party: Party, interface: str, event: str, sent: Sent | None) -> tuple[Blame, str]:
    reports: Iterable[dict[str, Any]] = (play.settled or {}).get("messages", [])
    for report in reports:
        if (report["interface"], report["event"].strip("[]")) != (interface, event):
            continue
        if sent is not None and report["reference"] != sent.reference:
            continue
        for recipient in report["recipients"]:
            if recipient["dip_id"] == party.dip_id:
                return of_missing(
                    party,
                    listed=True,
                    delivery_status=recipient["status"],
                    http_status=recipient["http_status"],
                    provider=play.bench.target.network.by_dip_id(party.connection_provider)
                    if party.connection_provider
                    else None,
                )
        sender = play.bench.target.network.by_dip_id(report["sender"])
        if sent is None and any(
            row.role == party.role and row.tier == "primary"
            for row in play.bench.routing.receivers(interface, event, sender=sender.role)
        ):
            return of_party(sender), f"{sender.name} did not name {party.name} as a recipient."
        return of_missing(party, listed=False, delivery_status="", http_status=None)
    if sent is not None:
        return of_missing(party, listed=False, delivery_status="", http_status=None)
    roles = {row.role for row in play.bench.routing.senders(interface, event)}
    owes = _likeliest(play, [p for p in play.cast.parties.values() if p.role in roles])
    if owes is None:
        return _CENTRAL, ""
    return of_party(owes), f"{owes.name} did not send {interface} [{event}]."


def _likeliest(play: Play, able: list[Party]) -> Party | None:
    """Of those who could have sent it: one of the case's role, of several the last that heard something."""
    acting = [party for party in able if party.role == play.cast.case.role] or able
    by_id = {party.dip_id: party for party in acting}
    heard = (by_id[each.party] for each in reversed(play.publications) if each.party in by_id)
    return next(heard, acting[0] if acting else None)


def _sender_of(play: Play, publication: Publication) -> Party | None:
    return next((p for p in play.bench.target.network.parties if p.dip_id == publication.sender), None)


def _name(play: Play, dip_id: str) -> str:
    return next((p.name for p in play.bench.target.network.parties if p.dip_id == dip_id), dip_id)
