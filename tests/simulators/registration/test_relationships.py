"""Relationships (IF-019, IF-020): every refusal beside what is accepted, and what each member holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendars.local_time import clock_midnight, local_date
from harness.messages.identifiers import mpan
from harness.spec.release import names
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import Item, Linked, Related
from simulators.registration.switching import Switch
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    NOW,
    OTHER_DATA,
    OTHER_METERING,
    OTHER_SUPPLIER,
    SUPPLIER,
)
from tests.simulators.registration.service import Service, named
from tests.simulators.registration.verdicts import code_of, covers

IMPORT, IMPORT_2, IMPORT_3, EXPORT, EXPORT_2, EXPORT_3 = (mpan("10", number) for number in range(500, 506))
NOBODY = mpan("10", 999)


def point(number: str, **items: Any) -> dict[str, Any]:
    """Return a point; what is not given is the first supplier's and services'."""
    direction = "E" if number in (EXPORT, EXPORT_2, EXPORT_3) else "I"
    return {
        "mpan": number, "supplier": SUPPLIER, "metering_service": METERING, "data_service": DATA,
        "energy_direction": direction, "market_segment": "S", "connection_type": "W", **items,
    }  # fmt: skip


ALL = (IMPORT, IMPORT_2, IMPORT_3, EXPORT, EXPORT_2, EXPORT_3)


def send(
    event: str,
    principal: str,
    subsidiaries: Sequence[str],
    *,
    points: Mapping[str, Mapping[str, Any]] | None = None,
    sender: str = SUPPLIER,
    switching: str | None = None,
    release: str = "2.1.0",
) -> tuple[Service, list[Outgoing]]:
    """Return a registration service and what it sent because of an IF-019; ``points`` changes some points."""
    service = Service(
        *({**point(number), **(points or {}).get(number, {})} for number in ALL), release=release
    )
    if switching:
        switch = Switch("SWITCH-1", OTHER_SUPPLIER, "SUPB", NOW + timedelta(days=5), release, NOW)
        service.register.keep(service.point(switching).with_switch(None, switch))
    return service, ask(service, event, principal, subsidiaries, sender=sender)


def ask(
    service: Service, event: str, principal: str, subsidiaries: Sequence[str], *, sender: str = SUPPLIER
) -> list[Outgoing]:
    """Return what a registration service sent because of an IF-019."""
    listed = [{"subsidiaryMPAN": number} for number in subsidiaries]
    return service.receive(
        "IF-019", event, sender, common={"M1": {"principalMPAN": principal}}, custom={"B090List": listed},
        mpan=principal,
    )  # fmt: skip


def asked(event: str, principal: str, *subsidiaries: str, **around: Any) -> dict[str, Any]:
    """Return the arguments of `send`."""
    return {"event": event, "principal": principal, "subsidiaries": subsidiaries, **around}


LINKED = {"linked": {"principal": IMPORT, "subsidiaries": [EXPORT]}}
LINKED_2 = {"linked": {"principal": IMPORT_2, "subsidiaries": [EXPORT_2]}}
RELATED = {"related": {"primary": IMPORT, "secondaries": [IMPORT_2]}}
HELD = {IMPORT: LINKED, EXPORT: LINKED, IMPORT_2: LINKED_2, EXPORT_2: LINKED_2}
KIN = {IMPORT: RELATED, IMPORT_2: RELATED}
CREATE, ADD, REMOVE = (f"LinkedImportExport{action}" for action in ("Create", "Add", "Remove"))
FORM, JOIN, LEAVE = (f"Related{action}" for action in ("Create", "Add", "Remove"))
LINK = asked(CREATE, IMPORT, EXPORT)
RELATE = asked(FORM, IMPORT, IMPORT_2)
THEIRS = {"supplier": OTHER_SUPPLIER}

EITHER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "REG0000": (asked(CREATE, IMPORT, NOBODY), LINK),
    "REG1059": (asked(CREATE, IMPORT, EXPORT, EXPORT), asked(CREATE, IMPORT, EXPORT, EXPORT_2)),
    "REG9010": (
        {**LINK, "points": {EXPORT: {"regime": "legacy"}}},
        {**LINK, "points": {EXPORT: {"regime": "mhhs"}}},
    ),
    "REG0007": ({**LINK, "switching": EXPORT}, {**LINK, "switching": EXPORT_2}),
    "REG1051": (
        {**LINK, "points": {EXPORT: {"market_segment": "U"}}},
        {**LINK, "points": {EXPORT: {"market_segment": "A"}}},
    ),
}
LINKED_CASES = {
    **EITHER,
    "REG1050": ({**LINK, "points": {IMPORT: THEIRS, EXPORT: THEIRS}}, {**LINK, "points": {IMPORT: THEIRS}}),
    "REG1053": (asked(CREATE, EXPORT_2, EXPORT), LINK),
    "REG1054": (asked(CREATE, IMPORT, IMPORT_2), LINK),
    "REG1052": (asked(CREATE, IMPORT, EXPORT_3, points=HELD), asked(CREATE, IMPORT_3, EXPORT_3, points=HELD)),
    "REG1055": (asked(ADD, IMPORT_3, EXPORT_3, points=HELD), asked(ADD, IMPORT, EXPORT_3, points=HELD)),
    "REG1057": (asked(ADD, IMPORT, EXPORT, points=HELD), asked(ADD, IMPORT, EXPORT_3, points=HELD)),
    "REG1056": (asked(ADD, IMPORT, EXPORT_2, points=HELD), asked(ADD, IMPORT, EXPORT_3, points=HELD)),
    "REG1058": (asked(REMOVE, IMPORT, EXPORT_3, points=HELD), asked(REMOVE, IMPORT, EXPORT, points=HELD)),
}
RELATED_CASES = {
    "REG0000": (asked(FORM, IMPORT, NOBODY), RELATE),
    "REG1059": (asked(FORM, IMPORT, IMPORT), RELATE),
    "REG9010": ({**RELATE, "points": {IMPORT: {"regime": "legacy"}}}, RELATE),
    "REG0007": ({**RELATE, "switching": IMPORT_2}, RELATE),
    "REG1051": (
        {**RELATE, "points": {IMPORT: {"connection_type": "U"}}},
        {**RELATE, "points": {IMPORT: {"connection_type": "L"}}},
    ),
    "REG1060": ({**RELATE, "points": {IMPORT: THEIRS}}, RELATE),
    "REG1066": (asked(FORM, IMPORT_3, IMPORT, points=HELD), asked(FORM, IMPORT, IMPORT_3, points=HELD)),
    "REG1068": (asked(FORM, IMPORT_3, EXPORT, points=HELD), RELATE),
    "REG1067": (asked(FORM, EXPORT, IMPORT), RELATE),
    "REG1061": (asked(FORM, IMPORT, IMPORT_3, points=KIN), asked(JOIN, IMPORT, IMPORT_3, points=KIN)),
    "REG1062": (asked(JOIN, IMPORT_2, IMPORT_3, points=KIN), asked(JOIN, IMPORT, IMPORT_3, points=KIN)),
    "REG1063": (asked(JOIN, IMPORT, IMPORT_2, points=KIN), asked(JOIN, IMPORT, IMPORT_3, points=KIN)),
    "REG1064": (asked(FORM, IMPORT_3, IMPORT_2, points=KIN), asked(FORM, IMPORT_3, IMPORT_2)),
    "REG1065": (asked(LEAVE, IMPORT, IMPORT_3, points=KIN), asked(LEAVE, IMPORT, IMPORT_2, points=KIN)),
}


@pytest.mark.parametrize("code", LINKED_CASES)
def test_a_code_refuses_a_link_and_not_its_neighbour(code: str) -> None:
    """The request for an import/export relationship gets the code; the one beside it is accepted."""
    broken, sound = LINKED_CASES[code]
    assert code_of(send(**broken)[1]) == code
    assert code_of(send(**sound)[1]) is None


@pytest.mark.parametrize("code", RELATED_CASES)
def test_a_code_refuses_a_relation_and_not_its_neighbour(code: str) -> None:
    """The request for a related relationship gets the code; the one beside it is accepted."""
    broken, sound = RELATED_CASES[code]
    assert code_of(send(**broken)[1]) == code
    assert code_of(send(**sound)[1]) is None


def test_every_code_of_relationships_has_its_case() -> None:
    """No rule for relationships is without a case above, and no case without a rule."""
    covers("import/export relationship", LINKED_CASES)
    covers("related relationship", RELATED_CASES)


@pytest.mark.parametrize("release", names())
def test_a_link_is_held_by_both_and_answered_to_both_suppliers(release: str) -> None:
    """IF-020 repeats the request for both suppliers; a refusal goes to the one that asked."""
    theirs = {EXPORT: THEIRS}
    service, sent = send(**LINK, points=theirs, release=release)
    assert named(sent) == [f"IF-020 {CREATE}"]
    assert sent[0].primary == (SUPPLIER, OTHER_SUPPLIER)
    assert sent[0].common["M1"]["principalMPAN"] == IMPORT
    assert sent[0].custom["B090List"] == [{"subsidiaryMPAN": EXPORT}]
    assert [each["existingMeter"]["linkedImportExportMPAN"] for each in sent[0].custom["B907List"]] == [
        EXPORT
    ]
    for number in (IMPORT, EXPORT):
        assert service.point(number).at(Item.LINKED, NOW) == Linked(IMPORT, (EXPORT,))
    again = ask(service, CREATE, IMPORT, [EXPORT_2], sender=SUPPLIER)
    assert (code_of(again), again[0].primary) == ("REG1052", (SUPPLIER,))


def test_members_come_and_go_and_the_last_one_ends_it() -> None:
    """Every member holds the same value after each step, and none once the last export has left."""
    service, _ = send(**LINK)
    ask(service, ADD, IMPORT, [EXPORT_2, EXPORT_3])
    both = Linked(IMPORT, (EXPORT, EXPORT_2, EXPORT_3))
    assert {service.point(n).at(Item.LINKED, NOW) for n in (IMPORT, EXPORT, EXPORT_2, EXPORT_3)} == {both}
    ask(service, REMOVE, IMPORT, [EXPORT, EXPORT_3])
    assert {service.point(n).at(Item.LINKED, NOW) for n in (IMPORT, EXPORT_2)} == {
        Linked(IMPORT, (EXPORT_2,))
    }
    assert {service.point(n).at(Item.LINKED, NOW) for n in (EXPORT, EXPORT_3)} == {None}
    ask(service, REMOVE, IMPORT, [EXPORT_2])
    assert {service.point(n).at(Item.LINKED, NOW) for n in (IMPORT, EXPORT_2)} == {None}


@pytest.mark.parametrize("release", names())
def test_the_points_that_join_get_the_principals_services(release: str) -> None:
    """Both services of the export change to the import's, by scenario ALG and reason IMPEXP, at midnight."""
    other = {EXPORT: {"metering_service": OTHER_METERING, "data_service": OTHER_DATA}}
    service, sent = send(**LINK, points=other, release=release)
    assert named(sent) == [
        f"IF-020 {CREATE}",
        "IF-036 MSAppActive",
        "IF-037 MSDeApp",
        "IF-036 DSAppActive",
        "IF-037 DSDeApp",
    ]
    assert {message.mpan for message in sent[1:]} == {EXPORT}
    assert sent[1].custom["B014"]["appointmentScenario"] == "ALG"
    assert sent[2].custom["B008"]["deAppointmentReasonCode"] == "IMPEXP"
    midnight = clock_midnight(local_date(NOW))
    assert service.point(EXPORT).since(Item.METERING_SERVICE, NOW) == midnight
    assert service.point(EXPORT).at(Item.DATA_SERVICE, NOW).dip_id == DATA
    assert service.point(EXPORT).at(Item.LINKED, NOW) == Linked(IMPORT, (EXPORT,))


def test_a_secondary_follows_its_primary() -> None:
    """A related secondary gets the primary's data service, with the reason RELATED."""
    service, sent = send(**RELATE, points={IMPORT_2: {"data_service": OTHER_DATA}})
    assert named(sent) == [f"IF-020 {FORM}", "IF-036 DSAppActive", "IF-037 DSDeApp"]
    assert sent[2].custom["B009"]["deAppointmentReasonCode"] == "RELATED"
    assert service.point(IMPORT_2).at(Item.RELATED, NOW) == Related(IMPORT, (IMPORT_2,))


_ACTION = st.sampled_from((CREATE, ADD, REMOVE, FORM, JOIN, LEAVE))
_STEP = st.tuples(_ACTION, st.sampled_from(ALL), st.lists(st.sampled_from(ALL), min_size=1, max_size=3))


@given(st.lists(_STEP, max_size=12))
@settings(max_examples=40, deadline=None)
def test_whatever_is_asked_a_relationship_is_held_alike_by_its_members(
    steps: list[tuple[str, str, list[str]]],
) -> None:
    """A point that holds a relationship is its member, and every member holds the same one."""
    service = Service(*(point(number) for number in ALL))
    for event, principal, subsidiaries in steps:
        ask(service, event, principal, subsidiaries)
        for number in ALL:
            linked = service.point(number).at(Item.LINKED, NOW)
            related = service.point(number).at(Item.RELATED, NOW)
            for item, held, members in (
                (Item.LINKED, linked, (linked.principal, *linked.subsidiaries) if linked else (number,)),
                (Item.RELATED, related, (related.primary, *related.secondaries) if related else (number,)),
            ):
                assert number in members
                assert len(members) == len(set(members))
                assert {service.point(member).at(item, NOW) for member in members} == {held}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked(CREATE, IMPORT, EXPORT, IMPORT_2), "REG1054"),
        (asked(ADD, IMPORT, EXPORT_3, EXPORT_2, points=HELD), "REG1056"),
        (asked(REMOVE, IMPORT, EXPORT, EXPORT_3, points=HELD), "REG1058"),
        (asked(FORM, IMPORT_3, IMPORT_2, IMPORT, points=HELD), "REG1066"),
        (asked(CREATE, IMPORT, EXPORT, NOBODY), "REG0000"),
    ],
)
def test_one_subsidiary_that_breaks_a_rule_is_enough(request_: dict[str, Any], code: str) -> None:
    """The others being sound helps nobody, and nothing is changed for them."""
    service, sent = send(**request_)
    assert code_of(sent) == code
    assert service.point(EXPORT_3).at(Item.LINKED, NOW) is None
