"""What the check finds: each rule catches the mistake that it is for, in its row and column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.standing_data.library import standing_data
from harness.test_data.checking import CHECKS, Finding, check, unchecked
from harness.test_data.columns import BY_NAME
from harness.test_data.forms import flat
from harness.test_data.generating import Generated
from harness.test_data.participants import Participant
from harness.test_data.reading import KNOWN, Brought, TestData
from tests.test_data.conftest import AS_OF

Rows = list[dict[str, str]]
Find = Callable[[Rows], tuple[Finding, ...]]
SMART = {"regime": "mhhs", "market_segment": "S", "dcc": "A", "energy_direction": "I", "linked_principal": "",
         "related_primary": "", "energisation": "E", "domestic": "true"}  # fmt: skip
UNMETERED = {"regime": "mhhs", "market_segment": "U"}
LEGACY = {"regime": "legacy", "market_segment": "S", "related_primary": "", "linked_principal": ""}

MISTAKES: list[tuple[str, str, Mapping[str, str], Mapping[str, str]]] = [
    # check, column of the finding, what the row is like, what is changed
    ("mpan", "mpan", SMART, {"mpan": "1012345678900"}),
    ("mpan", "mpan", SMART, {"mpan": "101234567890"}),
    ("mpan", "mpan", SMART, {"mpan": ""}),
    ("distributor", "mpan", SMART, {"mpan": "9900000000006"}),
    ("owner", "distributor", SMART, {"distributor": "2500000099"}),
    ("gsp-group", "gsp_group", {**SMART, "distributor": "2500000001"}, {"gsp_group": "_P"}),
    ("form", "domestic", SMART, {"domestic": "yes"}),
    ("form", "created", SMART, {"created": "01/02/2020"}),
    ("form", "meter_digits", SMART, {"meter_digits": "12"}),
    ("form", "annual_kwh", SMART, {"annual_kwh": "12,5"}),
    ("code", "consent", SMART, {"consent": "x"}),
    ("code", "meter_location", SMART, {"meter_location": "Q"}),
    ("code", "regime", SMART, {"regime": "old"}),
    ("standing-data", "profile_class", SMART, {"profile_class": "77"}),
    ("standing-data", "gsp_group", {**SMART, "distributor": "2500000002"}, {"gsp_group": "_I"}),
    ("tariff", "duos_tariff", SMART, {"duos_tariff": "ZZZ"}),
    ("together", "consent", UNMETERED, {"consent": "H"}),
    ("together", "connection_type", SMART, {"connection_type": "L"}),
    ("together", "meter_type", {**SMART, "dcc": "N"}, {"meter_type": "H", "esme_id": ""}),
    ("together", "meter_type", {**LEGACY, "ssc": "*"}, {"dcc": "A"}),
    ("metered", "metered", UNMETERED, {"metered": "true"}),
    ("meter-id", "meter_id", SMART, {"meter_id": ""}),
    ("meter-type", "meter_type", SMART, {"meter_type": "QQ"}),
    ("meter-type", "meter_type", SMART, {"meter_type": ""}),
    ("esme-id", "esme_id", SMART, {"esme_id": ""}),
    ("esme-id", "esme_id", SMART, {"esme_id": "0C-A2"}),
    ("esme-id", "esme_id", {**LEGACY, "ssc": "*"}, {"esme_id": "0C-A2-F4-00-00-00-00-01"}),
    ("map-id", "map_id", SMART, {"map_id": "MAPZ"}),
    ("digits", "meter_digits", SMART, {"meter_digits": ""}),
    ("digits", "meter_digits", SMART, {"meter_digits": "3"}),
    ("traditional", "ssc", {**LEGACY, "ssc": "*"}, {"ssc": ""}),
    ("traditional", "profile_class", {**LEGACY, "ssc": "*"}, {"profile_class": ""}),
    ("smso", "smso", {**LEGACY, "ssc": "*"}, {"smso": "SMSA"}),
    ("since-creation", "supplier_from", SMART, {"supplier_from": "1999-01-01"}),
    ("since-creation", "meter_installed", SMART, {"meter_installed": "1999-01-01"}),
    ("meter-dates", "meter_removed", SMART, {"meter_removed": "2000-01-01"}),
    ("meter-dates", "map_from", SMART, {"map_from": "2000-01-01"}),
    ("present", "data_service_from", SMART, {"data_service_from": "2026-01-06"}),
    ("date-given", "supplier_from", SMART, {"supplier_from": ""}),
    ("party", "supplier", SMART, {"supplier": "2399999999"}),
    ("party", "supplier_mpid", SMART, {"supplier_mpid": "NONE"}),
    ("role", "metering_service", SMART, {"metering_service": "1200000002", "metering_service_mpid": "MSAA"}),
    ("role", "mdr", SMART, {"mdr": "2300000001", "mdr_mpid": "SUPA"}),
    ("umso", "metering_service", {**UNMETERED, "distributor": "2500000001"},
     {"metering_service": "1300000002", "metering_service_mpid": "UMOB"}),
    ("regime", "metering_service", SMART, {"metering_service": "", "metering_service_mpid": "MOPA"}),
    ("regime", "data_service", LEGACY, {"data_service": "1400000001", "data_service_mpid": "SDSA"}),
    ("regime", "metering_service_mpid", LEGACY, {"metering_service_mpid": "DCAA"}),
    ("regime", "mdr", LEGACY, {"mdr": "1600000001"}),
    ("party-given", "data_service", SMART, {"data_service": "", "data_service_mpid": ""}),
    ("cohort", "supplier", {**SMART, "cohort": "1"}, {"supplier": "2300000002", "supplier_mpid": "SUPB"}),
    ("relation", "linked_principal", {"energy_direction": "E", "related_primary": ""},
     {"linked_principal": "", "linked_subsidiaries": "1012345678907"}),
]  # fmt: skip


def _like(generated: Generated, wanted: Mapping[str, str]) -> int:
    """Return the last row that is as wanted; "" is an empty column, * one that isn't."""
    return max(
        number
        for number, row in enumerate(generated.rows)
        if all(bool(row.get(k)) if v == "*" else row.get(k, "") == v for k, v in wanted.items())
    )


@pytest.mark.parametrize(("name", "column", "like", "change"), MISTAKES)
def test_a_mistake_is_found_where_it_is(
    generated: Generated,
    find: Find,
    name: str,
    column: str,
    like: Mapping[str, str],
    change: Mapping[str, str],
) -> None:
    """One wrong value in 300 rows is found in its row and column, by the check for it, with a reason."""
    number = _like(generated, like)
    changed = [dict(row) for row in generated.rows]
    changed[number] |= change
    found = [each for each in find(changed) if each.check == name]
    assert [(each.place, each.column) for each in found] == [(f"line {number + 2}", column)]
    assert found[0].mpan == changed[number]["mpan"]
    assert len(found[0].reason) > 10
    assert found[0].basis in {"published", "third-party", "assumed"}


def _pair(generated: Generated, head: str) -> tuple[int, int]:
    """Return the places of two rows of one relationship, its principal first."""
    by_mpan = {row["mpan"]: number for number, row in enumerate(generated.rows)}
    others = {"linked_principal": "linked_subsidiaries", "related_primary": "related_secondaries"}[head]
    row = next(row for row in generated.rows if row.get(head) and row["regime"] == "mhhs")
    return by_mpan[row[head]], by_mpan[row[others]]


def _duplicate(_: Generated, changed: Rows) -> str:
    changed.append(dict(changed[0]))
    return "duplicate"


def _same_registration(_: Generated, changed: Rows) -> str:
    changed[1]["registration_id"] = changed[0]["registration_id"]
    return "used-once"


def _same_meter(_: Generated, changed: Rows) -> str:
    alone = (n for n, row in enumerate(changed) if row.get("meter_id") and not row.get("linked_principal"))
    first, second = next(alone), next(alone)
    changed[second]["meter_id"] = changed[first]["meter_id"]
    return "shared-meter"


def _one_sided(made: Generated, changed: Rows) -> str:
    _, second = _pair(made, "linked_principal")
    changed[second] |= {"linked_principal": "", "linked_subsidiaries": ""}
    return "both-sides"


def _left_out_of_the_list(made: Generated, changed: Rows) -> str:
    first, _ = _pair(made, "linked_principal")
    alone = next(row for row in changed if not row.get("linked_principal"))
    alone |= {"linked_principal": made.rows[first]["mpan"], "linked_subsidiaries": alone["mpan"]}
    return "both-sides"


def _not_there(made: Generated, changed: Rows) -> str:
    _, second = _pair(made, "related_primary")
    del changed[second]
    return "both-sides"


def _wrong_direction(made: Generated, changed: Rows) -> str:
    first, second = _pair(made, "linked_principal")
    for number in (first, second):
        changed[number] |= {
            "linked_principal": made.rows[second]["mpan"],
            "linked_subsidiaries": made.rows[first]["mpan"],
        }
    return "together"


def _other_agent(made: Generated, changed: Rows) -> str:
    _, second = _pair(made, "linked_principal")
    changed[second]["data_service"] = "1400000099"
    return "alignment"


def _twice_named(made: Generated, changed: Rows) -> str:
    first, _ = _pair(made, "linked_principal")
    changed[first]["linked_subsidiaries"] += " " + changed[first]["linked_subsidiaries"]
    return "relation"


def _export_consent(made: Generated, changed: Rows) -> str:
    _, second = _pair(made, "linked_principal")
    changed[second]["consent"] = "M"
    return "together"


def _linked_and_related(made: Generated, changed: Rows) -> str:
    first, second = _pair(made, "linked_principal")
    changed[second] |= {
        "related_primary": changed[first]["mpan"],
        "related_secondaries": changed[second]["mpan"],
    }
    return "mixed"


STORIES = [
    _duplicate, _same_registration, _one_sided, _left_out_of_the_list, _not_there, _wrong_direction,
    _other_agent, _twice_named, _export_consent, _linked_and_related, _same_meter,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.strip("_"))
def test_rows_that_contradict_one_another_are_found(
    generated: Generated, find: Find, story: Callable[[Generated, Rows], str]
) -> None:
    """What is wrong only beside another row is found too."""
    changed = [dict(row) for row in generated.rows]
    name = story(generated, changed)
    assert name in {each.check for each in find(changed)}


def test_every_check_is_shown_to_find_something() -> None:
    """No check is without a mistake here that it catches."""
    shown = {name for name, *_ in MISTAKES} | {"duplicate", "used-once", "shared-meter", "both-sides"}
    shown |= {"alignment", "mixed", "unknown-field", "shape"}
    assert shown == {each.id for each in CHECKS}
    assert len({each.id for each in CHECKS}) == len(CHECKS)


def test_right_rows_have_no_findings(generated: Generated, find: Find) -> None:
    """Generated rows are consistent."""
    assert find([dict(row) for row in generated.rows]) == ()


def test_a_column_that_lacks_leaves_its_checks_out(parties: tuple[Participant, ...]) -> None:
    """MPANs alone are checked as MPANs, and what can't be asked is said."""
    data = TestData((Brought("line 2", {"mpan": "1012345678900"}),), frozenset({"mpan"}))
    assert [each.check for each in check(data, parties, standing_data(), AS_OF)] == ["mpan"]
    assert {"esme-id", "tariff", "cohort"} <= {each.id for each in unchecked(data)}


def test_json_shapes(parties: tuple[Participant, ...]) -> None:
    """Versions, plain DIP ids, further meters and unknown fields of an entry are read as they are."""
    entry: dict[str, Any] = {
        "mpan": "1012345678907",
        "supplier": "2300000001",
        "consent": [{"value": "M", "from": "2020-01-01T00:00:00+00:00"}, {"value": "H"}],
        "created": "2020-07-01T23:00:00+00:00",
        "meters": [{"serial": "A1", "kind": "H"}, {"serial": "B2", "kind": "QQ"}],
        "metered": True,
    }
    made = flat(entry)
    assert (made.row["supplier"], made.row["consent"], made.row["created"]) == (
        "2300000001",
        "H",
        "2020-07-02",
    )
    assert (made.row["meter_id"], made.row["metered"]) == ("A1", "true")
    assert [each["meter_id"] for each in made.further_meters] == ["B2"]
    assert made.misshapen == ()
    brought = Brought("points/0", made.row, made.further_meters, ("supplyer",))
    found = check(TestData((brought,), frozenset({"mpan", "meter_type"})), parties, standing_data(), AS_OF)
    named = {(each.check, each.column) for each in found}
    assert named >= {("unknown-field", "supplyer"), ("meter-type", "meter_type")}
    noon = "2020-07-01T12:00:00+00:00"
    assert flat({"mpan": "1", "created": noon}).row["created"] == noon


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("mpan", 1012345678907), ("domestic", "true"), ("supplier", 5), ("supplier", {"dip_id": 5}),
        ("meters", {"a": 1}), ("meters", "A1"), ("meters", [5]), ("meters", [{"digits": "5"}]),
        ("meters", [{"meters": 1}, 2]), ("linked", {"principal": "1", "subsidiaries": "2"}),
        ("address", {"lines": "High Street"}), ("consent", ["H", 4]), ("created", True),
    ],
)  # fmt: skip
def test_another_shape_is_a_finding(parties: tuple[Participant, ...], item: str, value: object) -> None:
    """A value of another type or nesting is named by its item: a registration service would refuse it."""
    made = flat({"mpan": "1012345678907", item: value})
    assert made.misshapen == (item,)
    brought = Brought("points/0", made.row, made.further_meters, (), made.misshapen)
    found = check(TestData((brought,), frozenset(BY_NAME)), parties, standing_data(), AS_OF)
    assert ("shape", item) in {(each.check, each.column) for each in found}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=15)
    | st.sampled_from(["1012345678907", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "meters", "dip_id", "lines", "principal", "kind"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), JSON))
def test_no_json_is_too_odd_to_be_checked(entry: dict[str, Any]) -> None:
    """Whatever stands in an entry, the check says what is wrong and doesn't fail itself."""
    made = flat({"mpan": "", **entry})
    brought = Brought("points/0", made.row, made.further_meters, (), made.misshapen)
    data = TestData((brought, brought), frozenset(BY_NAME))
    assert check(data, (), standing_data(), AS_OF)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(BY_NAME)), st.text(max_size=14)))
def test_no_row_is_too_odd_to_be_checked(row: dict[str, str]) -> None:
    """Whatever stands in a row, the check says what is wrong and doesn't fail itself."""
    assert check(
        TestData((Brought("line 2", {**row, "mpan": "x"}),), frozenset(BY_NAME)), (), standing_data(), AS_OF
    )
