"""The MPAN address store follows the registration traffic that the hub sees, over real TLS."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.clock import message_time
from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan
from harness.messages.overrides import OMIT
from harness.transport.network import Party
from simulators.dip.model import Member
from simulators.dip.opening import load
from tests.simulators.dip.conftest import Bench

_DAY = timedelta(days=1)


def _secondary(
    bench: Bench, unique: int, event: str = "ReadingRemote", sender: Party | None = None
) -> set[str]:
    """Send a reading for the MPAN and return whom the hub found by it."""
    tag = bench.tag()
    sender = sender or bench.party("SDS", 1)
    message = bench.message("IF-041", event, sender, (), tag=tag, unique=unique)
    answer = bench.send(message, party=sender)
    assert answer.status == 201, answer.body
    found = bench.settle(tag)["messages"][0]["recipients"]
    return {entry["dip_id"] for entry in found if entry["tier"] == "secondary"}


def _register(
    bench: Bench,
    interface: str,
    event: str,
    unique: int,
    blocks: dict[str, Any],
    *,
    without: tuple[str, ...] = (),
) -> None:
    """Send a registration message whose blocks say what is given."""
    sender = bench.party("REGS")
    overrides = {f"{block}.{name}": value for block, names in blocks.items() for name, value in names.items()}
    overrides |= dict.fromkeys(without, OMIT)
    primary = {"IF-001": (bench.party("SUP"),), "IF-037": (bench.party("ADS"),)}.get(interface, ())
    tag = bench.tag()
    message = bench.message(interface, event, sender, primary, tag=tag, unique=unique, overrides=overrides)
    answer = bench.send(message, party=sender)
    assert answer.status == 201, answer.body
    assert bench.settle(tag)["settled"]


def _journal(bench: Bench, stage: str) -> list[tuple[str, str]]:
    return bench.stored("SELECT status, detail FROM journal WHERE stage = ? ORDER BY id", stage)


def test_before_any_registration_traffic_only_the_distributor_is_known(bench: Bench) -> None:
    """The message itself names the distributor; nobody else is found, and the journal says MSG1038."""
    assert _secondary(bench, 500) == {bench.party("LDSO").dip_id}
    troubles = [detail for status, detail in _journal(bench, "Addressing") if status == "Exception"]
    assert any(text.startswith("MSG1038: no supplier is known for MPAN") for text in troubles)
    assert any(text.startswith("MSG1038: no data is known for MPAN") for text in troubles)


def test_a_change_of_supplier_moves_the_address_on_its_date(bench: Bench) -> None:
    """After IF-001 readings go to the outgoing supplier before the date, to the incoming one from it on."""
    first, second = bench.party("SUP"), bench.party("SUP", 1)
    now = bench.admin.now()

    def change(incoming: Party, outgoing: Party, at: str) -> None:
        _register(
            bench,
            "IF-001",
            "ChangeOfSupplier",
            501,
            {
                "B002": {"incomingSupplierDIPID": incoming.dip_id, "supplierEffectiveFromDate": at},
                "B003": {"outgoingSupplierDIPID": outgoing.dip_id, "supplierEffectiveToDate": at},
            },
        )

    change(first, second, message_time(now - 400 * _DAY))
    assert first.dip_id in _secondary(bench, 501)
    assert second.dip_id not in _secondary(bench, 501)
    change(second, first, message_time(now + 5 * _DAY))
    assert first.dip_id in _secondary(bench, 501)
    assert second.dip_id not in _secondary(bench, 501)
    change(second, first, message_time(now - _DAY))
    found = _secondary(bench, 501)
    assert (second.dip_id in found, first.dip_id in found) == (True, False)
    assert {first.dip_id, second.dip_id} <= _secondary(bench, 501, "ReadingCOS"), "both sides of the change"
    assert "OK" in {status for status, _ in _journal(bench, "MPANUpdateQueue")}


def test_an_agent_comes_and_goes_by_registration_messages(bench: Bench) -> None:
    """IF-036 brings a data service, a second one replaces it, and IF-037 takes it away."""
    now = bench.admin.now()
    smart, advanced = bench.party("SDS"), bench.party("ADS")

    def active(provider: Party, at: str) -> None:
        block = {"incomingDataServiceDIPID": provider.dip_id, "incomingDataServiceEffectiveFromDate": at}
        _register(bench, "IF-036", "DSAppActive", 502, {"B015": block})

    sender = bench.party("MSS", 1)
    active(smart, message_time(now - 30 * _DAY))
    assert smart.dip_id in _secondary(bench, 502, sender=sender)
    active(advanced, message_time(now - 2 * _DAY))
    found = _secondary(bench, 502, sender=sender)
    assert (advanced.dip_id in found, smart.dip_id in found) == (True, False)
    gone = {
        "deAppointedDataServiceDIPID": advanced.dip_id,
        "dataServiceEffectiveToDate": message_time(now - _DAY),
    }
    _register(bench, "IF-037", "DSDeApp", 502, {"B009": gone}, without=("B002", "B011"))
    found = _secondary(bench, 502, sender=sender)
    assert (advanced.dip_id in found, smart.dip_id in found) == (False, False)


def test_addresses_by_hand_win_for_their_mpan(bench: Bench) -> None:
    """What PUT /addresses says of an MPAN is all that counts for it, whatever the traffic says."""
    first, second = bench.party("SUP"), bench.party("SUP", 1)
    at = message_time(bench.admin.now() - 9 * _DAY)
    block = {"incomingSupplierDIPID": first.dip_id, "supplierEffectiveFromDate": at}
    _register(bench, "IF-001", "InitialRegistration", 503, {"B002": block})
    assert first.dip_id in _secondary(bench, 503)
    point = mpan(bench.party("LDSO").distributor_id or "", 503)
    bench.admin.set_addresses(bench.release, [{"mpan": point, "role": "SUP", "dip_id": second.dip_id}])
    assert _secondary(bench, 503) == {second.dip_id}


def test_traffic_moves_on_from_an_opening_position(bench: Bench) -> None:
    """What PUT /addresses says as an opening position holds until registration says otherwise, and again."""
    first, second = bench.party("SUP"), bench.party("SUP", 1)
    at = message_time(bench.admin.now() - 9 * _DAY)
    point = mpan(bench.party("LDSO").distributor_id or "", 507)
    entry = {"mpan": point, "role": "SUP", "dip_id": first.dip_id}
    for _ in range(2):
        bench.admin.set_addresses(bench.release, [entry], opening=True)
        assert _secondary(bench, 507) >= {first.dip_id}
        block = {"incomingSupplierDIPID": second.dip_id, "supplierEffectiveFromDate": at}
        _register(bench, "IF-001", "InitialRegistration", 507, {"B002": block})
        assert first.dip_id not in _secondary(bench, 507)


@pytest.mark.parametrize(
    ("role", "code"),
    [
        pytest.param("", "MSG1033", marks=pytest.mark.provokes("MSG1033")),
        pytest.param("LDSO", "MSG1034", marks=pytest.mark.provokes("MSG1034")),
    ],
)
def test_an_address_that_leads_nowhere_is_told_to_the_sender(bench: Bench, role: str, code: str) -> None:
    """L2: an address of nobody is MSG1033, of a party in another role MSG1034; others get the message."""
    sender, unique = bench.party("SDS"), 504 if role else 505
    point = mpan(bench.party("LDSO").distributor_id or "", unique)
    wrong = bench.party(role, 1).dip_id if role else "2399999999"
    held = (("SUP", wrong), ("LDSO", bench.party("LDSO").dip_id), ("ADS", bench.party("ADS").dip_id))
    bench.admin.set_addresses(
        bench.release, [{"mpan": point, "role": name, "dip_id": dip_id} for name, dip_id in held]
    )
    tag = bench.tag()
    message = bench.message("IF-041", "ReadingRemote", sender, (), tag=tag, unique=unique)
    assert bench.send(message, party=sender).status == 201
    result = bench.settle(tag)
    hub = bench.party("DIP").dip_id
    told = [
        entry["message"][:7]
        for receipt in result["status_receipts"]
        for entry in json.loads(base64.b64decode(receipt["body_base64"]))
        if entry["senderID"] == hub
    ]
    assert told == [code]
    got = {entry["dip_id"] for entry in result["messages"][0]["recipients"]}
    assert got == {bench.party("LDSO").dip_id, bench.party("ADS").dip_id}


_MEMBERS = {
    "2300000001": Member("2300000001", "SUP", "A"),
    "2500000001": Member("2500000001", "LDSO", "B"),
}


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_file_gives_the_opening_position(tmp_path: Path, kind: str) -> None:
    """Both kinds of file say the same: a date is clock midnight, and an end is its own word."""
    point = mpan("10", 7)
    path = tmp_path / f"addresses.{kind}"
    if kind == "csv":
        path.write_text(
            f"mpan,role,dip_id,from,to\n{point},SUP,2300000001,2026-06-01,\n{point},LDSO,2500000001,,\n"
        )
    else:
        entries = [
            {"mpan": point, "role": "SUP", "dip_id": "2300000001", "from": "2026-06-01"},
            {"mpan": point, "role": "LDSO", "dip_id": "2500000001"},
        ]
        path.write_text(json.dumps(entries))
    found = [str(one) for one in load(path, _MEMBERS)]
    assert found == ["distributor in 2500000001", "supplier in 2300000001 2026-05-31T23:00:00+00:00"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mpan,role\n1,SUP\n", "is no address"),
        ("mpan,role,dip_id\n1,SUP,2300000001\n", "is no MPAN"),
        (f"mpan,role,dip_id\n{mpan('10', 7)},SUPP,2300000001\n", "SUP"),
        (f"mpan,role,dip_id\n{mpan('10', 7)},SUP,2500000001\n", "has the role LDSO"),
        (f"mpan,role,dip_id\n{mpan('10', 7)},SUP,9900000001\n", "nobody in the network"),
        (f"mpan,role,dip_id,from\n{mpan('10', 7)},SUP,2300000001,soon\n", "from is 'soon'"),
        (f"mpan,role,dip_id,from\n{mpan('10', 7)},SUP,2300000001,2026-01-01T00:00:00\n", "no offset"),
    ],
)
def test_a_file_that_can_not_be_used_is_told(tmp_path: Path, text: str, says: str) -> None:
    """A wrong entry is a ConfigurationError that names the file and the entry."""
    path = tmp_path / "addresses.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=says) as told:
        load(path, _MEMBERS)
    assert f"{path}, entry 1" in str(told.value)
