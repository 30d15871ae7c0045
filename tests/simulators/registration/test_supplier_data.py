"""Data that suppliers maintain (IF-025, IF-026): every refusal beside what is accepted, and the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.clock import message_time
from harness.spec.release import names
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import Item
from simulators.registration.processes.supplier_data_rules import (
    CLASSIFICATION,
    CONSENT,
    DISPLAY,
    PARTS,
    SMSO,
)
from simulators.registration.switching import Switch, SwitchStage
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_SUPPLIER,
    RETRIEVER,
    SUPPLIER,
)
from tests.simulators.registration.service import Service, named
from tests.simulators.registration.verdicts import code_of, covers

DAY = timedelta(days=1)
BEFORE = NOW - 100 * DAY
SWITCH = "SWITCH-1"
POINT = {
    "mpan": MPAN, "metering_service": METERING, "data_service": DATA, "mdr": RETRIEVER, "market_segment": "S",
    "supplier": {"dip_id": SUPPLIER, "from": message_time(NOW - 3 * DAY), "reference": "REG-A"},
    "energy_direction": "I",
}  # fmt: skip
KINDS = {"traditional": ("N", None), "smart": ("S2ADE", "0C-A2-F4-00-00-76-21-BC")}


def with_meter(kind: str, **items: object) -> dict[str, Any]:
    """Return the point with one meter, an SSC and a profile class."""
    code, esme = KINDS[kind]
    meter = {"serial": "M1", "kind": code, "esme": esme, "location": "K", "installed": message_time(BEFORE)}
    held = {"ssc": {"value": "0393", "from": message_time(BEFORE)},
            "profile_class": {"value": "01", "from": message_time(BEFORE)}}  # fmt: skip
    return {**POINT, **held, "meters": [meter], **items}


def send(
    event: str,
    *values: tuple[object, datetime | None],
    point: Mapping[str, Any] = POINT,
    sender: str = SUPPLIER,
    registration: str | None = None,
    switch: str | None = None,
    stage: SwitchStage = SwitchStage.PENDING,
    mpan: str = MPAN,
    release: str = "2.1.0",
    accepted: datetime = NOW,
) -> tuple[Service, list[Outgoing]]:
    """Return a registration service and what it sent because of an IF-025.

    ``values`` are the items and their dates, ``switch`` the gaining supplier of a switch that is known.
    """
    service = Service(point, release=release)
    if switch:
        coming = Switch(SWITCH, switch, "SUPB", NOW + 10 * DAY, release, NOW, stage=stage)
        service.register.keep(service.point().with_switch(None, coming))
    block: dict[str, object] = {}
    for part, (value, since) in zip(PARTS[event], values, strict=True):
        block |= {part.value: value, part.since: message_time(since) if since else None}
    custom = {
        PARTS[event][0].block: block,
        "B013": {"CSSRegistrationID": registration} if registration else None,
    }
    return service, service.receive("IF-025", event, sender, custom=custom, mpan=mpan, accepted=accepted)


def asked(event: str, *values: tuple[object, datetime | None], **around: Any) -> dict[str, Any]:
    """Return the arguments of `send`."""
    return {"event": event, "values": values, **around}


def sent(arguments: dict[str, Any]) -> list[Outgoing]:
    """Return what an attempt led to."""
    rest = dict(arguments)
    return send(rest.pop("event"), *rest.pop("values"), **rest)[1]


CONSENTED = asked(CONSENT, ("D", NOW))
OPERATED = asked(SMSO, ("SMSA", NOW))
SHOWN = asked(DISPLAY, ("I", NOW))
CLASSED = asked(CLASSIFICATION, ("0151", NOW), ("03", NOW), point=with_meter("traditional"))
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "REG0000": ({**CONSENTED, "mpan": "1012345678907"}, CONSENTED),
    "REG9002": ({**CONSENTED, "point": {**POINT, "regime": "reverse-migrated"}}, CONSENTED),
    "REG0005": ({**CONSENTED, "registration": "REG-X"}, {**CONSENTED, "registration": "REG-A"}),
    "REG0006": (
        {**CONSENTED, "registration": SWITCH, "switch": OTHER_SUPPLIER},
        {**CONSENTED, "registration": SWITCH, "switch": SUPPLIER},
    ),
    "REG1021": (
        asked(CONSENT, ("D", NOW + 10 * DAY), sender=OTHER_SUPPLIER, switch=OTHER_SUPPLIER),
        asked(
            CONSENT,
            ("D", NOW + 10 * DAY),
            sender=OTHER_SUPPLIER,
            switch=OTHER_SUPPLIER,
            registration=SWITCH,
        ),
    ),
    "REG0003": (
        {**OPERATED, "point": {**POINT, "connection_type": "U"}},
        {**OPERATED, "point": {**POINT, "connection_type": "W"}},
    ),
    "REG0004": ({**OPERATED, "point": {**POINT, "market_segment": "U"}}, OPERATED),
    "REG1088": (
        {**CLASSED, "values": (("0151", None), ("03", NOW))},
        {**CLASSED, "values": ((None, None), ("03", NOW)), "point": with_meter("smart", ssc=None)},
    ),
    "REG0009": (asked(SMSO, (None, NOW)), asked(SMSO, (None, NOW), point={**POINT, "smso": "SMSA"})),
    "REG1019": (
        asked(CONSENT, ("D", NOW - 3 * DAY - timedelta(seconds=1))),
        asked(CONSENT, ("D", NOW - 3 * DAY)),
    ),
    "REG1024": (
        asked(CONSENT, ("D", NOW - 5 * DAY - timedelta(seconds=1)), point={**POINT, "supplier": SUPPLIER}),
        asked(CONSENT, ("D", NOW - 5 * DAY), point={**POINT, "supplier": SUPPLIER}),
    ),
    "REG1020": (asked(DISPLAY, ("I", NOW + timedelta(seconds=1))), SHOWN),
    "REG1023": (asked(SMSO, ("SMSY", NOW)), OPERATED),
    "REG1044": ({**CLASSED, "values": (("9999", NOW), ("03", NOW))}, CLASSED),
    "REG1045": ({**CLASSED, "values": (("0151", NOW), ("99", NOW))}, CLASSED),
    "REG1042": (
        {**CLASSED, "values": ((None, NOW), ("03", NOW))},
        {**CLASSED, "values": ((None, NOW), ("03", NOW)), "point": with_meter("smart")},
    ),
    "REG1043": (
        {**CLASSED, "values": (("0151", NOW), (None, NOW))},
        {**CLASSED, "values": (("0151", NOW), (None, NOW)), "point": with_meter("smart")},
    ),
    "REG1040": (
        {**CLASSED, "point": with_meter("smart", ssc={"value": "0393", "from": message_time(NOW)})},
        {
            **CLASSED,
            "point": with_meter("smart", ssc={"value": "0393", "from": message_time(NOW - DAY)}),
        },
    ),
    "REG1041": (
        {**CLASSED, "point": with_meter("smart", profile_class={"value": "01", "from": message_time(NOW)})},
        {
            **CLASSED,
            "point": with_meter("smart", profile_class={"value": "01", "from": message_time(NOW - DAY)}),
        },
    ),
    "REG1035": (
        {**CONSENTED, "point": {**POINT, "market_segment": "A"}},
        asked(CONSENT, ("H", NOW), point={**POINT, "market_segment": "A"}),
    ),
    "REG1022": (
        {**CONSENTED, "point": {**POINT, "energy_direction": "E"}},
        asked(CONSENT, ("H", NOW), point={**POINT, "energy_direction": "E"}),
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_a_code_refuses_supplier_data_and_not_its_neighbour(code: str) -> None:
    """The change that breaks the rule gets the code; the change beside it is accepted."""
    broken, sound = CASES[code]
    assert code_of(sent(broken)) == code
    assert code_of(sent(sound)) is None


def test_a_change_that_an_outage_held_up_is_not_too_far_back() -> None:
    """How far back it reaches counts from when the DIP took it, and so does what lies ahead."""
    held_up = asked(CONSENT, ("D", NOW - 6 * DAY), point={**POINT, "supplier": SUPPLIER})
    assert code_of(sent(held_up)) == "REG1024"
    assert code_of(sent({**held_up, "accepted": NOW - DAY})) is None
    assert code_of(sent({**SHOWN, "accepted": NOW - DAY})) == "REG1020"


def test_every_code_of_supplier_data_has_its_case() -> None:
    """No rule for supplier data is without a case above, and no case without a rule."""
    covers("supplier data", CASES)


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize("arguments", [CONSENTED, OPERATED, SHOWN, CLASSED], ids=lambda a: a["event"])
def test_the_outcome_of_supplier_data_repeats_the_change(release: str, arguments: dict[str, Any]) -> None:
    """IF-026 has event and block of the IF-025 and is addressed to the supplier, accepted and refused."""
    accepted = sent({**arguments, "release": release})
    refused = sent({**arguments, "release": release, "mpan": "1012345678907"})
    for answer in (accepted, refused):
        assert named(answer) == [f"IF-026 {arguments['event']}"]
        assert answer[0].primary == (SUPPLIER,)
        block = answer[0].custom[PARTS[arguments["event"]][0].block]
        assert arguments["values"][0][0] in block.values()


def test_a_change_holds_from_its_date_on() -> None:
    """A consent for a later date is on record now and in force then."""
    service, _ = send(CONSENT, ("D", NOW + 5 * DAY), point={**POINT, "consent": "H"})
    point = service.point()
    assert [point.at(Item.CONSENT, NOW + n * DAY) for n in (0, 4, 5)] == ["H", "H", "D"]
    assert point.at(Item.CONSENT, NOW + 5 * DAY, known=NOW - DAY) == "H"


def test_an_item_that_is_repeated_is_left_alone() -> None:
    """An SSC that is sent again with its date is no change, however old it is."""
    service, answer = send(CLASSIFICATION, ("0393", BEFORE), ("03", NOW), point=with_meter("traditional"))
    assert code_of(answer) is None
    assert service.point().since(Item.SSC, NOW) == BEFORE
    assert service.point().at(Item.PROFILE_CLASS, NOW) == "03"


def test_an_item_that_was_cleared_is_left_alone_by_null() -> None:
    """Null without a date is no change of an SSC that is null; a value without a date is one, and refused."""
    cleared = [{"value": "0393", "from": message_time(BEFORE)}, {"value": None, "from": message_time(NOW)}]
    point = with_meter("smart", ssc=cleared)
    assert code_of(sent({**CLASSED, "values": ((None, None), ("03", NOW)), "point": point})) is None
    assert code_of(sent({**CLASSED, "values": (("0151", None), ("03", NOW)), "point": point})) == "REG1088"


def test_a_gaining_supplier_may_not_reach_before_its_start() -> None:
    """What the gaining supplier sends by its switch begins with its supply at the earliest."""
    early = asked(
        CONSENT, ("D", NOW + 9 * DAY), sender=OTHER_SUPPLIER, switch=OTHER_SUPPLIER, registration=SWITCH
    )
    assert code_of(sent(early)) == "REG1019"
    cancelled = {**early, "values": (("D", NOW + 10 * DAY),), "stage": SwitchStage.CANCELLED}
    assert code_of(sent(cancelled)) == "REG1021"


def test_a_losing_supplier_does_not_hear_of_the_gaining_one() -> None:
    """What the gaining supplier maintains before its start is not addressed to the supplier in place."""
    _, answer = send(
        CONSENT, ("D", NOW + 10 * DAY), sender=OTHER_SUPPLIER, switch=OTHER_SUPPLIER, registration=SWITCH
    )
    assert answer[0].primary == (OTHER_SUPPLIER,)
