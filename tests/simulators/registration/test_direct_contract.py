"""Direct contracts (IF-038, IF-039): every refusal beside what is accepted, and the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.clock import message_time
from harness.spec.release import names
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import DirectContract
from simulators.registration.services import Service as Kind
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_METERING,
    SUPPLIER,
)
from tests.simulators.registration.service import Service, named
from tests.simulators.registration.verdicts import code_of, covers

SECOND = timedelta(seconds=1)
END = NOW + timedelta(days=90)
LONGEST = NOW.replace(year=NOW.year + 2)
POINT = {"mpan": MPAN, "supplier": SUPPLIER, "metering_service": METERING, "data_service": DATA}
HELD = {**POINT, "direct_contract_metering": {"dip_id": METERING, "until": message_time(END)}}
LETTERS = {
    METERING: ("MS", "B020", "Metering"),
    OTHER_METERING: ("MS", "B020", "Metering"),
    DATA: ("DS", "B021", "Data"),
}


def add(
    service: Service, sender: str = METERING, until: datetime = END, mpan: str = MPAN, **named_: object
) -> list[Outgoing]:
    """Send a contract; ``holder`` names another service than the sender."""
    letters, block, word = LETTERS[sender]
    custom = {
        f"customerDirectContract{word}ServiceDIPID": named_.get("holder", sender),
        f"customerDirectContract{word}ServiceEffectiveToDate": message_time(until),
    }
    return service.receive("IF-038", f"DirectContract{letters}Add", sender, custom={block: custom}, mpan=mpan)


def remove(service: Service, sender: str = METERING, mpan: str = MPAN) -> list[Outgoing]:
    """Send the removal of a contract."""
    return service.receive("IF-038", f"DirectContract{LETTERS[sender][0]}Remove", sender, mpan=mpan)


def attempt(*, point: Mapping[str, Any] = POINT, removes: bool = False, **request: Any) -> list[Outgoing]:
    """Return what registration sent because of an IF-038."""
    return (remove if removes else add)(Service(point), **request)


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "REG0000": ({"mpan": "1012345678907"}, {}),
    "REG9001": ({"point": {**POINT, "regime": "reverse-migrated"}}, {"point": {**POINT, "regime": "mhhs"}}),
    "REG1076": ({"holder": OTHER_METERING}, {"holder": METERING}),
    "REG1075": ({"sender": OTHER_METERING}, {}),
    "REG1074": ({"removes": True}, {"removes": True, "point": HELD}),
    "REG1071": ({"until": NOW}, {"until": NOW + SECOND}),
    "REG1072": ({"until": LONGEST}, {"until": LONGEST - SECOND}),
    "REG1073": ({"point": HELD}, {}),
}


@pytest.mark.parametrize("code", CASES)
def test_a_code_refuses_a_contract_and_not_its_neighbour(code: str) -> None:
    """The request that breaks the rule gets the code; the one beside it is accepted."""
    broken, sound = CASES[code]
    assert code_of(attempt(**broken)) == code
    assert code_of(attempt(**sound)) is None


def test_a_contract_bars_another_until_its_end() -> None:
    """REG1073 holds while a contract is in force, and no longer once its end is reached."""
    service = Service(POINT)
    assert code_of(add(service)) is None
    service.now = END - SECOND
    assert code_of(add(service, until=END + timedelta(days=9))) == "REG1073"
    service.now = END
    assert code_of(add(service, until=END + timedelta(days=9))) is None
    assert service.point().contract_at(Kind.METERING, END) == DirectContract(
        METERING, END + timedelta(days=9)
    )


def test_every_code_of_direct_contracts_has_its_case() -> None:
    """No rule for direct contracts is without a case, and no case without a rule."""
    covers("direct contract", CASES)


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize("sender", [METERING, DATA])
def test_a_contract_is_recorded_amended_and_removed(release: str, sender: str) -> None:
    """Only the service that asks hears of it; a removed contract leaves room for another."""
    service, letters = Service(POINT, release=release), LETTERS[sender][0]
    kind = Kind.DATA if sender == DATA else Kind.METERING
    later = END + timedelta(days=5)
    for action, end in (("Add", END), ("Remove", None), ("Add", later)):
        sent = add(service, sender, end) if end else remove(service, sender)
        assert named(sent) == [f"IF-039 DirectContract{letters}{action}"]
        assert (sent[0].primary, code_of(sent)) == ((sender,), None)
        assert service.point().contract_at(kind, NOW) == (DirectContract(sender, end) if end else None)
    assert service.point().contract_at(kind, END) is not None
    assert service.point().contract_at(kind, later) is None


def test_a_contract_ends_with_the_time_of_its_service() -> None:
    """A successor can't remove its predecessor's contract, and can record its own beyond that one's end."""
    service = Service({**HELD, "metering_service": OTHER_METERING})
    assert service.point().contract_at(Kind.METERING, NOW) is None
    assert code_of(remove(service, OTHER_METERING)) == "REG1074"
    later = END + timedelta(days=5)
    assert code_of(add(service, OTHER_METERING, later)) is None
    for moment in (NOW, END, later - SECOND):
        assert service.point().contract_at(Kind.METERING, moment) == DirectContract(OTHER_METERING, later)
    assert service.point().contract_at(Kind.METERING, later) is None
