"""Who serves an MPAN: the table against the releases, how words add up, and the codes of what is missing."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.spec.release import load, names
from harness.spec.routing import BOTH_SIDES, UNDECIDED, Row
from simulators.dip.address import Lookup, address
from simulators.dip.day_of import moments
from simulators.dip.model import Addressing, Draft, Member, Said
from simulators.dip.serving import SERVICES, TELLERS, Known, Tenure, both_sides, holders, said, tenures

MPAN = "1000000000123"
DAYS = tuple(f"2026-03-{day:02d}T00:00:00+00:00" for day in range(1, 29))
DRAFT = Draft(
    common={"M0": {"distributorDIPID": "LDSO-1"}},
    interface="IF-001",
    event="ChangeOfSupplier",
    reference="S-1",
    sender="REGS-1",
    role="REGS",
    provider=None,
    correlation=None,
    tag=None,
    mpan=MPAN,
    primary=(),
    outcome=None,
)


def _with(draft: Draft, **blocks: object) -> Draft:
    return draft._replace(custom=orjson.dumps(blocks))


def _said(kind: str, dip_id: str, day: int, service: str = "supplier") -> Said:
    return Said(MPAN, kind, service, dip_id, DAYS[day])


@pytest.mark.parametrize("release", names())
def test_the_table_names_blocks_and_fields_of_every_release(release: str) -> None:
    """Each block of the table is in a message of its interface, with the fields that the table reads."""
    model = load(release)
    for interfaces, teller in TELLERS:
        for interface in interfaces & set(model.interfaces):
            found = [
                block["properties"]
                for name, message in model.messages.items()
                if message.interface == interface
                for key, block in model.schema(name)["properties"]
                .get("CustomBlock", {})
                .get("properties", {})
                .items()
                if key == teller.block
            ]
            for fields in found:
                assert {teller.party, teller.date} - {""} <= set(fields), (interface, teller.block)
        assert any(
            teller.block in model.schema(name)["properties"].get("CustomBlock", {}).get("properties", {})
            for name, message in model.messages.items()
            if message.interface in interfaces
        ) or not interfaces & set(model.interfaces), teller


def test_a_change_of_supplier_says_who_comes_and_who_goes() -> None:
    """IF-001 tells of the incoming supplier from a date and of the outgoing one to a date, in UTC."""
    draft = _with(
        DRAFT,
        B002={"incomingSupplierDIPID": "SUP-2", "supplierEffectiveFromDate": "2026-06-01T00:00:00+01:00"},
        B003={"outgoingSupplierDIPID": "SUP-1", "supplierEffectiveToDate": DAYS[4]},
        B005={"currentMeteringServiceDIPID": "MSS-1", "currentDataServiceDIPID": None},
    )
    assert said(draft, DAYS[0]) == (
        Said(MPAN, "in", "supplier", "SUP-2", "2026-05-31T23:00:00+00:00"),
        Said(MPAN, "out", "supplier", "SUP-1", DAYS[4]),
        Said(MPAN, "current", "metering", "MSS-1", DAYS[0]),
    )


def test_only_the_registration_service_is_believed() -> None:
    """The same block from a supplier says nothing, and neither does a message without an MPAN."""
    draft = _with(DRAFT, B002={"incomingSupplierDIPID": "SUP-2", "supplierEffectiveFromDate": DAYS[1]})
    assert len(said(draft, DAYS[0])) == 1
    assert said(draft._replace(role="SUP"), DAYS[0]) == ()
    assert said(draft._replace(mpan=None), DAYS[0]) == ()
    assert said(draft._replace(interface="IF-031"), DAYS[0]) == ()


def test_a_refusal_says_nothing() -> None:
    """A retriever that registration refuses to assign does not serve the metering point."""
    block = {"assignedMDRDIPID": "MDR-1", "assignedMDREffectiveFromDate": DAYS[1]}
    draft = _with(DRAFT, B092=block)._replace(interface="IF-035", event="SDS-MDROutcome")
    assert len(said(draft._replace(outcome="A"), DAYS[0])) == 1
    assert said(draft._replace(outcome="R"), DAYS[0]) == ()


@pytest.mark.parametrize("text", ["soon" * 6 + "x", "soon enough, dear+00:00", "2026-06-31T00:00:00+00:00"])
def test_a_date_that_is_none_is_told(text: str) -> None:
    """A time that can't be read raises ValueError instead of being taken for one, whatever it ends in."""
    draft = _with(DRAFT, B002={"incomingSupplierDIPID": "SUP-2", "supplierEffectiveFromDate": text})
    with pytest.raises(ValueError, match=r"isoformat|out of range"):
        said(draft, DAYS[0])


def test_the_incoming_party_takes_over_on_its_date() -> None:
    """Until the date the old supplier is in force, from it on the new one, and nobody both at once."""
    known = tenures([_said("in", "SUP-1", 0), _said("in", "SUP-2", 9)])
    assert [holders(known, "supplier", DAYS[day]) for day in (0, 8, 9, 20)] == [
        ("SUP-1",),
        ("SUP-1",),
        ("SUP-2",),
        ("SUP-2",),
    ]


def test_a_later_word_supersedes_an_appointment_to_come() -> None:
    """An appointment that had not begun when another took its place never happens."""
    known = tenures([_said("in", "SUP-1", 0), _said("in", "SUP-2", 9), _said("in", "SUP-3", 5)])
    assert [holders(known, "supplier", DAYS[day]) for day in (4, 5, 9)] == [
        ("SUP-1",),
        ("SUP-3",),
        ("SUP-3",),
    ]


def test_the_outgoing_party_leaves_on_its_date() -> None:
    """A party that is de-appointed serves no longer, whether it was known before or not."""
    assert holders(tenures([_said("in", "SUP-1", 0), _said("out", "SUP-1", 5)]), "supplier", DAYS[5]) == ()
    known = tenures([_said("in", "SUP-2", 5), _said("out", "SUP-1", 5)])
    assert holders(known, "supplier", DAYS[4]) == ("SUP-1",)
    assert holders(known, "supplier", DAYS[5]) == ("SUP-2",)
    assert holders(tenures([_said("in", "SUP-1", 0), _said("out", "", 3)]), "supplier", DAYS[3]) == ()


def test_a_current_party_counts_where_none_is_known() -> None:
    """A block without a date fills a gap up to the next known change, and changes nothing else."""
    known = tenures([_said("in", "MSS-2", 9, "metering"), _said("current", "MSS-1", 2, "metering")])
    assert holders(known, "metering", DAYS[8]) == ("MSS-1",)
    assert holders(known, "metering", DAYS[9]) == ("MSS-2",)
    assert tenures([*_all("in", "MSS-2"), _said("current", "MSS-1", 12, "metering")]) == tenures(
        _all("in", "MSS-2")
    )


def _all(kind: str, dip_id: str) -> list[Said]:
    return [_said(kind, dip_id, 1, "metering")]


@given(
    st.lists(
        st.builds(
            _said,
            st.sampled_from(["in", "out", "current"]),
            st.sampled_from(["SUP-1", "SUP-2", "SUP-3"]),
            st.integers(0, 27),
        )
    )
)
def test_nobody_serves_twice_and_every_tenure_has_a_length(heard: list[Said]) -> None:
    """Whatever is said in whatever order, an incoming party alone is in force on its own date."""
    known = tenures(heard)
    assert all(not tenure.until or tenure.since < tenure.until for tenure in known)
    if heard and heard[-1].kind == "in":
        assert holders(known, "supplier", heard[-1].at) == (heard[-1].dip_id,)


def test_both_sides_of_a_change_are_found_near_it() -> None:
    """Within the days before and after a change both suppliers are found, farther away only one."""
    known = tenures([_said("in", "SUP-1", 0), _said("in", "SUP-2", 14)])
    assert both_sides(known, "supplier", DAYS[10], 5) == ("SUP-1", "SUP-2")
    assert both_sides(known, "supplier", DAYS[18], 5) == ("SUP-1", "SUP-2")
    assert both_sides(known, "supplier", DAYS[8], 5) == ("SUP-1",)
    assert both_sides(known, "supplier", DAYS[22], 5) == ("SUP-2",)


def test_values_go_to_whoever_served_when_they_were_metered() -> None:
    """A day before the change is the loser's, one after it the gainer's, a split day both's."""
    known = Known((), tenures([_said("in", "SUP-1", 0), _said("in", "SUP-2", 14)]))
    assert known.holders_then("SUP", (DAYS[10], DAYS[13])) == ("SUP-1",)
    assert known.holders_then("SUP", (DAYS[14], DAYS[20])) == ("SUP-2",)
    assert known.holders_then("SUP", (DAYS[13], DAYS[14])) == ("SUP-1", "SUP-2")


def test_the_times_of_values_are_those_of_the_first_and_last_period_of_each_day() -> None:
    """Each period is named by its end; a message without values has no times."""
    periods = [{"sp": "2026-06-30T23:00:00+00:00"}, {"sp": "2026-06-30T00:30:00+00:00"}]
    days = [{"consumptionPeriods": periods}, {"consumptionPeriods": []}]
    assert moments(_with(DRAFT, B900={"settlementDayConsumptionPeriods": days})) == (
        "2026-06-30T00:00:00+00:00",
        "2026-06-30T22:30:00+00:00",
    )
    assert moments(DRAFT) == ()


def test_what_the_admin_api_says_is_all_that_counts() -> None:
    """With an address set by hand nothing learned is used, and the message's own distributor isn't either."""
    heard = [_said("in", "SUP-2", 0)]
    by_hand = Known.of((Tenure("SUP", "SUP-1"),), heard, (), DRAFT)
    assert by_hand.holders("SUP", DAYS[3], None) == ("SUP-1",)
    assert by_hand.holders("LDSO", DAYS[3], None) == ()
    learned = Known.of((), heard, (), DRAFT)
    assert learned.holders("SUP", DAYS[3], None) == ("SUP-2",)
    assert learned.holders("LDSO", DAYS[3], None) == ("LDSO-1",)


def _row(role: str, tier: str = "secondary", when: str = "") -> Row:
    return Row(role, tier, "", "assumed", "", when=when)


MEMBERS = {
    name: Member(name, role, "O")
    for name, role in (("SUP-1", "SUP"), ("SUP-2", "SUP"), ("MSS-1", "MSS"), ("MDS-1", "MDS"))
}


def _addressed(lookup: Lookup, *rows: Row, draft: Draft = DRAFT) -> Addressing:
    return address(
        draft,
        rows,
        MEMBERS,
        lambda role: tuple(member for member in MEMBERS.values() if member.role == role),
        lookup,
    )


@pytest.mark.parametrize(
    ("held", "rows", "codes"),
    [
        ({}, [_row("SUP")], ["MSG1038"]),
        ({"SUP": ("GONE",)}, [_row("SUP")], ["MSG1033"]),
        ({"SUP": ("MSS-1",)}, [_row("SUP")], ["MSG1034"]),
        ({}, [_row("EES", "always")], ["MSG1036"]),
        ({}, [_row("MDR")], []),
        ({}, [_row("LDSO", when=UNDECIDED)], []),
        ({"MSS": ("MSS-1",)}, [_row("MSA"), _row("MSS")], []),
        ({"SUP": ("SUP-1", "SUP-2")}, [_row("SUP", when=BOTH_SIDES)], []),
    ],
)
def test_each_addressing_fault_has_its_code(
    held: dict[str, tuple[str, ...]], rows: list[Row], codes: list[str]
) -> None:
    """What can't be resolved gets the published code; a service that a point need not have gets none."""
    found = _addressed(lambda _mpan, row: held.get(row.role, ()), *rows)
    assert [trouble.code for trouble in found.troubles] == codes


def test_a_message_without_mpan_gets_one_code() -> None:
    """Where secondary recipients are due and no MPAN is there, it is MSG1037 once."""
    found = _addressed(lambda *_: (), _row("SUP"), _row("MSS"), draft=DRAFT._replace(mpan=None))
    assert [trouble.code for trouble in found.troubles] == ["MSG1037"]


def test_every_role_of_a_service_is_one_of_the_roles() -> None:
    """No role stands in two services."""
    roles = [role for group in SERVICES.values() for role in group]
    assert len(roles) == len(set(roles))
