"""Generated metering points: right, repeatable, covering, in locked pairings."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.messages.identifiers import distributor_of, is_mpan
from harness.messages.metering_point import metering_point
from harness.spec.roles import roles
from harness.standing_data.library import standing_data
from harness.test_data.checking import check
from harness.test_data.columns import BY_NAME
from harness.test_data.forms import entry, flat
from harness.test_data.generating import Generated, generate, partner
from harness.test_data.participants import COMPETITIVE, Participant, cohorts, made_up, of_standing_data
from harness.test_data.point_rows import Maker
from harness.test_data.profiles import profiles
from harness.test_data.reading import Brought, TestData
from tests.test_data.conftest import AS_OF

PARTIES = of_standing_data(standing_data(), AS_OF)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 120), st.integers(0, 10**6), st.integers(0, 5))
def test_as_many_right_points_as_asked_for(count: int, seed: int, number: int) -> None:
    """Any count and seed gives so many points, every MPAN once, check digit and distributor right."""
    made = generate(count, seed, PARTIES, AS_OF, number)
    mpans = [row["mpan"] for row in made.rows]
    assert len(mpans) == len(set(mpans)) == count
    assert all(is_mpan(each) for each in mpans)
    assert {distributor_of(each) for each in mpans} <= {"10", "24"}


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_what_is_generated_is_consistent(seed: int, number: int) -> None:
    """The check finds nothing in generated points, whatever the seed and the number of parties."""
    parties = made_up(seed, number, AS_OF)
    made = generate(80, seed, parties, AS_OF)
    brought = tuple(Brought(f"line {n}", row) for n, row in enumerate(made.rows))
    data = TestData(brought, frozenset(BY_NAME))
    assert check(data, parties, standing_data(), AS_OF) == ()


def test_the_same_seed_gives_the_same_points(generated: Generated, parties: tuple[Participant, ...]) -> None:
    """Rows are repeated by their seed, and another seed gives others."""
    assert generate(300, 1, parties, AS_OF).rows == generated.rows
    assert generate(300, 2, parties, AS_OF).rows != generated.rows
    assert generate(100, 1, parties, AS_OF).rows[:90] == generated.rows[:90]


def test_a_number_that_was_drawn_before_is_drawn_anew(generated: Generated) -> None:
    """Two points never get one MPAN, even where chance gives the same number twice."""

    class Repeating(random.Random):
        numbers = iter((7, 7, 7, 8))

        def randrange(self, *_: object) -> int:
            return next(self.numbers)

    profile = next(each for each in profiles().allowed() if each["regime"] == "mhhs")
    maker = Maker(Repeating(), {}, date(2025, 1, 1))
    made = [maker.points([profile], generated.cohorts[0])[0]["mpan"] for _ in range(2)]
    assert [each[2:12] for each in made] == ["0000000007", "0000000008"]


def test_every_pair_is_covered(generated: Generated) -> None:
    """300 points hold every pair of values that may stand together; one point doesn't."""
    assert generated.coverage.missing == ()
    assert generated.coverage.covered == generated.coverage.allowed > 400
    assert generate(1, 1, PARTIES, AS_OF).coverage.missing


def test_points_are_locked_to_the_parties_of_their_cohort(generated: Generated) -> None:
    """A point that is settled half-hourly has the parties of its cohort, and the LDSO of its MPAN."""
    by_name = {each.name: each for each in generated.cohorts}
    for row in generated.rows:
        cohort = by_name[row["cohort"]]
        place = next(e for e in cohort.distributions if e.distributor_id == distributor_of(row["mpan"]))
        held = {party.dip_id for party in (*cohort.parties.values(), *place.parties.values())}
        for item in ("supplier", "metering_service", "data_service", "mdr", "distributor"):
            assert not row.get(item) or row[item] in held
        assert place.parties["LDSO"].dip_id == row["distributor"]
    suppliers = Counter(row["supplier"] for row in generated.rows if row["supplier"])
    assert len(suppliers) == 2


def test_a_relationship_has_both_sides(generated: Generated) -> None:
    """Linked and related points come in pairs that name one another, and the partner's profile is allowed."""
    by_mpan = {row["mpan"]: row for row in generated.rows}
    related = [row for row in generated.rows if row.get("linked_principal") or row.get("related_primary")]
    assert related
    for row in related:
        for head, others in (
            ("linked_principal", "linked_subsidiaries"),
            ("related_primary", "related_secondaries"),
        ):
            for mpan in (row.get(head, ""), row.get(others, "")):
                assert not mpan or by_mpan[mpan].get(head) == row[head]
    table = profiles()
    for profile in table.allowed():
        if profile["relation"] != "none":
            assert not list(table.broken(partner(profile))), profile


def test_messages_tell_of_the_same_site(generated: Generated) -> None:
    """A message built about a point has its registration and, but for a pair's second point, its address."""
    for row in generated.rows:
        point = metering_point(row["mpan"], row["market_segment"])
        assert point.registration == row["registration_id"]
        if not row.get("linked_principal") and not row.get("related_primary"):
            assert (point.address.postcode, point.gsp_group) == (row["postcode"], row["gsp_group"])


def test_made_up_parties_have_ids_of_their_roles() -> None:
    """Made-up parties have one MPID and DIP id each, the prefix of their role, and half are independent."""
    found = [each for each in made_up(1, 6, AS_OF) if each.dip_id]
    assert len({each.mpid for each in found}) == len({each.dip_id for each in found}) == len(found)
    assert all(each.dip_id.startswith(roles()[each.role].prefix) for each in found)
    assert all(len(each.mpid) == 4 and each.mpid.isupper() for each in found)
    assert Counter(each.role for each in found) == {
        **dict.fromkeys((*COMPETITIVE, "LDSO", "REGS", "UMSO"), 6)
    }
    made = cohorts(found, AS_OF)
    assert len(made) == 6
    assert all({each.distributor_type for each in cohort.distributions} == {"DNO", "iDNO"} for cohort in made)
    with pytest.raises(ConfigurationError, match="distributors of type"):
        made_up(1, 100, AS_OF)


def test_values_without_parties_are_left_out_and_said() -> None:
    """Without unmetered parties, legacy agents or an independent distributor, such points aren't made."""
    few = tuple(
        each for each in PARTIES if each.role not in ("UMSDS", "MOP", "MDR") and each.distributor_id != "24"
    )
    made = generate(200, 1, few, AS_OF)
    assert made.left_out == {
        "distributor_type": ("iDNO",),
        "segment": ("U",),
        "dcc": ("A",),
        "regime": ("legacy", "reverse-migrated"),
    }
    assert {row["market_segment"] for row in made.rows} == {"S", "A"}
    assert {row["regime"] for row in made.rows} == {"mhhs"}
    assert made.coverage.missing == ()
    with pytest.raises(ConfigurationError, match="no supplier"):
        generate(1, 1, [each for each in PARTIES if each.role != "SUP"], AS_OF)
    with pytest.raises(ConfigurationError, match="no LDSO"):
        generate(1, 1, [each for each in PARTIES if each.role != "LDSO"], AS_OF)


def test_points_are_older_than_the_day_that_they_are_for() -> None:
    """All of a point's history lies before the day, early as it may be."""
    made = generate(60, 1, of_standing_data(standing_data(), date(2024, 3, 31)), date(2024, 3, 31))
    days = [
        row[name] for row in made.rows for name in row if name.endswith(("_from", "_installed")) and row[name]
    ]
    assert max(days) < "2024-03-31"


def test_a_row_survives_its_json_form(generated: Generated) -> None:
    """Row to JSON entry and back is the same row."""
    for row in generated.rows:
        made = flat(entry(row))
        assert {name: text for name, text in made.row.items() if text} == {
            name: text for name, text in row.items() if text and name != "cohort"
        }
        assert made.further_meters == made.misshapen == ()
