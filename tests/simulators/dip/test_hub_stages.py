"""The pure stages: addressing, acceptance, answers, outcomes, webhook URLs."""

from __future__ import annotations

import re
from collections import defaultdict
from types import MappingProxyType

import orjson
import pytest

from harness.settings import shipped
from harness.spec.routing import ACCEPTED, Row
from simulators.dip import outcome, respond
from simulators.dip.accept import accept
from simulators.dip.address import address
from simulators.dip.model import Address, Addressing, Draft, Fault, Member
from simulators.dip.outcome import Reply
from simulators.dip.rules import of_settings
from simulators.dip.validate import draft_of
from simulators.dip.waiting import Waiting
from simulators.dip.webhooks import fault_in

AT = "2026-03-04T05:06:07+00:00"
MEMBERS = {
    member.dip_id: member
    for member in (
        Member("SUP-1", "SUP", "A"),
        Member("SUP-2", "SUP", "B"),
        Member("REGS-1", "REGS", "R"),
        Member("MDS-1", "MDS", "M"),
        Member("MDS-2", "MDS", "M"),
        Member("DIP-1", "DIP", "D"),
    )
}
DRAFT = Draft(
    common={"S0": {}, "S1": {}, "A0": {"primaryRecipients": ["REGS-1"]}},
    interface="IF-031",
    event="MSApp",
    reference="S-IF-031-1",
    sender="SUP-1",
    role="SUP",
    provider=None,
    correlation=None,
    tag="t",
    mpan="1012345678901",
    primary=("REGS-1",),
    outcome=None,
    custom=b'{"B070":{}}',
)


def _row(role: str, tier: str, when: str = "") -> Row:
    return Row(role, tier, "", "assumed", "", when=when)


def _with_role(role: str) -> tuple[Member, ...]:
    return tuple(member for member in MEMBERS.values() if member.role == role)


def _addressed(draft: Draft, *rows: Row, holders: dict[str, tuple[str, ...]] | None = None) -> Addressing:
    held = holders or {}
    return address(draft, rows, MEMBERS, _with_role, lambda _mpan, row: held.get(row.role, ()))


def _pairs(addressing: Addressing) -> list[tuple[str, str]]:
    return [(entry.dip_id, entry.tier) for entry in addressing.recipients]


def test_each_tier_finds_its_recipients() -> None:
    """Primary from the message, secondary from the store, always from the interface."""
    found = _addressed(
        DRAFT,
        _row("REGS", "primary"),
        _row("SUP", "secondary"),
        _row("MDS", "always"),
        holders={"SUP": ("SUP-2",)},
    )
    assert _pairs(found) == [
        ("REGS-1", "primary"),
        ("SUP-2", "secondary"),
        ("MDS-1", "always"),
        ("MDS-2", "always"),
    ]
    assert found.unresolved == ()


def test_a_row_of_the_primary_tier_addresses_nobody_by_itself() -> None:
    """A primary recipient that the sender did not name gets nothing."""
    assert _pairs(_addressed(DRAFT._replace(primary=()), _row("REGS", "primary"))) == []


def test_nobody_gets_a_message_twice_and_the_sender_never() -> None:
    """A party in several tiers counts in the first, and the sender is left out of all."""
    found = _addressed(
        DRAFT._replace(primary=("MDS-1", "SUP-1")),
        _row("SUP", "secondary"),
        _row("MDS", "always"),
        holders={"SUP": ("SUP-1",)},
    )
    assert _pairs(found) == [("MDS-1", "primary"), ("MDS-2", "always")]


@pytest.mark.parametrize("held", [{}, {"SUP": ("GONE",)}])
def test_a_secondary_role_that_can_not_be_resolved_is_told(held: dict[str, tuple[str, ...]]) -> None:
    """A role that nobody, or nobody known, holds for the MPAN is listed and stops nothing."""
    found = _addressed(DRAFT, _row("SUP", "secondary"), holders=held)
    assert (_pairs(found), found.unresolved) == ([("REGS-1", "primary")], ("SUP",))


def test_a_message_without_an_mpan_has_no_secondary_recipients() -> None:
    """The store is not asked where the message names no metering point."""
    found = _addressed(DRAFT._replace(mpan=None), _row("SUP", "secondary"), holders={"SUP": ("SUP-2",)})
    assert found.unresolved == ("SUP",)


def test_what_the_hub_receives_needs_no_primary_recipient() -> None:
    """A row of the role DIP addresses the hub itself."""
    assert _pairs(_addressed(DRAFT._replace(primary=()), _row("DIP", "primary"))) == [("DIP-1", "primary")]


@pytest.mark.parametrize(("code", "number"), [("A", 2), ("R", 0), (None, 2)])
def test_a_rejection_goes_only_to_whom_it_answers(code: str | None, number: int) -> None:
    """Rows for accepted updates don't count when the response code says rejected."""
    row = _row("MDS", "always", ACCEPTED)
    assert len(_addressed(DRAFT._replace(primary=(), outcome=code), row).recipients) == number


def test_acceptance_fills_d0_and_a0() -> None:
    """The published body has the hub's blocks, and the sender's payload is left as it was."""
    addressing = Addressing(
        (Address("REGS-1", "REGS", "primary", "published"), Address("MDS-1", "MDS", "always", "")), ()
    )
    done = accept(DRAFT, addressing, at=AT, number=1, token="0a1b")
    common = orjson.loads(done.body)["payload"]["CommonBlock"]
    assert done.transaction == "T-IF-031-SUP-1-SUP-20260304-0a1b"
    assert common["D0"] == {
        "transactionID": done.transaction,
        "transactionTimestamp": "2026-03-04T05:06:07+00:00",
        "publicationID": "PUB-031",
        "initialCorrelationID": "CI-20260304-0a1b",
        "replayIndicator": False,
        "serviceTicketURL": None,
    }
    assert common["A0"] == {"primaryRecipients": ["REGS-1"], "secondaryRecipients": [], "always": ["MDS-1"]}
    assert "D0" not in DRAFT.common
    answered = DRAFT._replace(correlation="CI-1")
    assert accept(answered, addressing, at=AT, number=1, token="1").correlation == "CI-1"


@pytest.mark.parametrize("blocks", [{"B070": {"a": [1.5, None]}}, {}, None])
def test_a_custom_block_goes_on_as_it_came(blocks: object) -> None:
    """It is published and read again as it was sent, also null; where there is none, none is published."""
    common = {"S0": {"interfaceID": "IF-031", "eventCode": "[MSApp]"}, "S1": defaultdict(str)}
    for payload in ({"CommonBlock": common, "CustomBlock": blocks}, {"CommonBlock": common}):
        draft = draft_of(payload)
        published = orjson.loads(accept(draft, Addressing((), ()), at=AT, number=1, token="1").body)[
            "payload"
        ]
        assert {name: published[name] for name in published if name != "CommonBlock"} == {
            name: payload[name] for name in payload if name != "CommonBlock"
        }
        assert draft.blocks() == (payload.get("CustomBlock") or {})


def test_a_transaction_id_fits_its_published_length() -> None:
    """The longest interface id and role still leave a transaction id of at most 65 characters."""
    longest = DRAFT._replace(interface="REP-002A", sender="2300000001", role="UMSDS")
    done = accept(longest, Addressing((), ()), at=AT, number=1, token="0" * 20)
    assert len(done.transaction) <= 65
    assert orjson.loads(done.body)["payload"]["CommonBlock"]["D0"]["publicationID"] == "REP-002A"


def test_answers_keep_to_the_published_lengths() -> None:
    """A long text is cut, a reference that breaks the pattern is null, and few of many faults are named."""
    faults = [Fault("MSG1001", "/0", "x" * 900 + "\ud800", "not a reference")] * 300
    body = orjson.loads(
        respond.refused(faults, hub="D", at="now", recipient="R", reference=re.compile(r"S-[0-9]+"))
    )
    assert len(body["messageArray"]) == respond.FAULTS_NAMED
    entry = body["messageArray"][0]
    assert (len(entry["help"]), entry["senderUniqueReference"]) == (500, None)


def _waiting(transaction: str) -> Waiting:
    return Waiting(1, 1, "IF-031", None, transaction, 0, b"{}")


@pytest.mark.parametrize(
    ("status", "final"),
    [
        (201, "Delivered"),
        (200, "UnknownDeliveryStatus"),
        (400, "RejectedByRecipient"),
        (401, "DeliveryFailure"),
        (404, "DeliveryFailure"),
        (505, "DeliveryFailure"),
        (302, "DeliveryFailure"),
    ],
)
def test_an_answer_ends_a_delivery(status: int, final: str) -> None:
    """Each answer that is not tried again has its final status."""
    (result,) = outcome.judge([_waiting("T-1")], Reply(status, b"not json"))
    assert (result.status, result.http_status) == (final, status)


def test_a_207_without_an_entry_leaves_the_status_unknown() -> None:
    """Of a multi-status answer, a message that it doesn't name has an unknown status."""
    answer = orjson.dumps(
        {"messageArray": [{"transactionID": "T-1", "message": "RCP0000 - Message Success"}, 7]}
    )
    results = outcome.judge([_waiting("T-1"), _waiting("T-2")], Reply(207, answer))
    assert [result.status for result in results] == ["Delivered", "UnknownDeliveryStatus"]


def test_the_retried_answers_are_the_published_ones() -> None:
    """No answer and the published statuses are tried again, the published others are not."""
    rules = of_settings(shipped())
    assert outcome.is_retried(Reply(None), rules)
    assert all(outcome.is_retried(Reply(status), rules) for status in (408, 429, 500, 502, 503, 504))
    assert not any(
        outcome.is_retried(Reply(status), rules) for status in (400, 401, 403, 404, 405, 406, 413, 505)
    )


def test_a_callback_url_is_checked() -> None:
    """An https URL passes, one on a forbidden port does not."""
    assert fault_in("https://host.example/hook", frozenset({9000})) is None
    assert fault_in("https://127.0.0.1:9000/", frozenset({9000})) is not None


def test_members_are_not_changed_by_addressing() -> None:
    """Addressing reads a mapping that can't be written."""
    found = address(DRAFT, (), MappingProxyType(MEMBERS), _with_role, lambda _mpan, _row: ())
    assert _pairs(found) == [("REGS-1", "primary")]
