"""Identifiers: the MPAN check digit and references that each release's pattern takes."""

from __future__ import annotations

import random
import re

import pytest
from contexts import NOW
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.messages import identifiers
from harness.spec.release import load, names

ROLES = (
    "SUP", "REGS", "MSS", "MSA", "UMSO", "SDS", "ADS", "UMSDS", "LDSO", "MDS", "LSS", "ISD", "EES", "MDR",
    "DCC", "VAS", "DIP",
)  # fmt: skip


@pytest.mark.parametrize(
    "number",
    [
        # The published example type: weighted sum 1332 = 121 x 11 + 1.
        "2000056535971",
        # 1x3 + 1x43 = 46 = 4 x 11 + 2.
        "1000000000012",
        # 1x3 + 2x43 = 89 = 8 x 11 + 1.
        "1000000000021",
        # 2x3 + 4x5 = 26 = 2 x 11 + 4.
        "2400000000004",
        # 1x3 + 7x1 = 10: modulo 11 leaves ten, which is written 0.
        "1010000000000",
    ],
)
def test_check_digits_worked_out_by_hand(number: str) -> None:
    """Numbers whose check digit was computed on paper are right, and wrong with any other."""
    assert identifiers.is_mpan(number)
    others = [number[:-1] + digit for digit in "0123456789" if digit != number[-1]]
    assert not any(identifiers.is_mpan(other) for other in others)


@given(st.integers(10, 99), st.integers(0, 10**10 - 1))
def test_an_mpan_keeps_its_distributor_and_number(distributor: int, unique: int) -> None:
    """What is put into an MPAN can be read from it, and its check digit is right."""
    number = identifiers.mpan(distributor, unique)
    assert len(number) == 13
    assert identifiers.is_mpan(number)
    assert identifiers.distributor_of(number) == str(distributor)
    assert int(number[2:12]) == unique


@given(st.integers(0, 10**10 - 1), st.integers(0, 11), st.integers(1, 9))
def test_one_mistyped_digit_shows(unique: int, place: int, change: int) -> None:
    """A single wrong digit is seen, save where the remainders 0 and 10 share the check digit 0."""
    number = identifiers.mpan("10", unique)
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    assert not identifiers.is_mpan(wrong) or number[-1] == "0"


@pytest.mark.parametrize("text", ["", "200005653597", "20000565359711", "200005653597A", "２０００056535971"])
def test_what_is_not_thirteen_digits_is_no_mpan(text: str) -> None:
    """Other lengths, letters and digits of other scripts are refused."""
    assert not identifiers.is_mpan(text)


@pytest.mark.parametrize(("distributor", "unique"), [("ABC", 1), ("123", 1), ("10", 10**10), ("10", -1)])
def test_parts_that_do_not_fit_are_named(distributor: str, unique: int) -> None:
    """A distributor id or unique number that can't stand in an MPAN is a configuration error."""
    with pytest.raises(ConfigurationError, match=r"distributor id|unique number"):
        identifiers.mpan(distributor, unique)


def test_check_digit_wants_twelve_digits() -> None:
    """A check digit is computed over 12 digits only."""
    with pytest.raises(ConfigurationError, match="first 12 digits"):
        identifiers.check_digit("2000056535971")


@pytest.mark.parametrize("release_name", names())
def test_references_fit_the_release(release_name: str) -> None:
    """A reference of every interface and role fits the release's pattern and length."""
    release = load(release_name)
    item = release.schema("IF-031-MSApp")["properties"]["CommonBlock"]["properties"]["S1"]
    field = item["properties"]["senderUniqueReference"]
    for interface in release.interfaces:
        for role in ROLES:
            made = identifiers.sender_unique_reference(
                release_name, interface, "23aF000001", role, NOW, "run-1/serial_2"
            )
            assert re.fullmatch(field.get("pattern", ".*"), made), made
            assert len(made) <= field["maxLength"]
            assert made.endswith("run1serial2")


def test_reports_with_a_letter_stay_apart() -> None:
    """Where 2.1.0 refuses the letter of REP-002A, the reference still differs from that of REP-002."""
    made = {
        identifiers.sender_unique_reference("2.1.0", interface, "1800000001", "MDS", NOW, "7")
        for interface in ("REP-002", "REP-002A", "REP-002B")
    }
    assert len(made) == 3
    assert all(reference.startswith("S-REP-002-") for reference in made)
    kept = identifiers.sender_unique_reference("2.2.1", "REP-002A", "1800000001", "MDS", NOW, "7")
    assert kept == "S-REP-002A-1800000001-MDS-20260714-7"


def test_device_numbers_have_their_shape() -> None:
    """Meters have ten characters, devices eight pairs of hex digits, registrations 36 characters."""
    rng = random.Random(1)
    for smart in (True, False):
        assert re.fullmatch(r"[0-9A-Z]{10}", identifiers.meter_id(rng, smart=smart))
    assert re.fullmatch(r"([0-9A-F]{2}-){7}[0-9A-F]{2}", identifiers.device_guid(rng))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identifiers.registration_id(rng))
