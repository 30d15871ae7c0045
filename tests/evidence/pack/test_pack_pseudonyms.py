"""Pseudonyms: one to one, the same throughout, of the value's shape, and nothing without the salt."""

from __future__ import annotations

import itertools
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.evidence.pack.personal import RULES, fields
from harness.evidence.pack.pseudonyms import LONGEST, Pseudonyms, load_salt
from harness.messages.identifiers import distributor_of, is_mpan, mpan
from harness.spec.items import item_name

SALTS = st.binary(min_size=32, max_size=32)
MPANS = st.builds(mpan, st.integers(10, 39), st.integers(0, 10**10 - 1))
CATEGORIES = st.sampled_from([rule.category for rule in RULES])


@given(salt=SALTS, values=st.sets(MPANS, min_size=2, max_size=50))
def test_an_mpan_becomes_another_of_its_distributor(salt: bytes, values: set[str]) -> None:
    """The check digit is right, the distributor stays, no two share a pseudonym, none changes with time."""
    made = {value: Pseudonyms(salt).of("mpan", value) for value in values}
    assert all(is_mpan(pseudonym) for pseudonym in made.values())
    assert all(distributor_of(value) == distributor_of(pseudonym) for value, pseudonym in made.items())
    assert len(set(made.values())) == len(made)
    again = Pseudonyms(salt)
    assert {value: again.of("mpan", value) for value in sorted(values, reverse=True)} == made


@given(salt=SALTS, value=MPANS, wrong_by=st.integers(1, 9))
def test_a_wrong_check_digit_stays_wrong(salt: bytes, value: str, wrong_by: int) -> None:
    """A negative test's MPAN must not become a right one; right and wrong stay neighbours."""
    wrong = f"{value[:-1]}{(int(value[-1]) + wrong_by) % 10}"
    names = Pseudonyms(salt)
    assert not is_mpan(names.of("mpan", wrong))
    assert names.of("mpan", wrong)[:-1] == names.of("mpan", value)[:-1]


@given(salt=SALTS, category=CATEGORIES, values=st.sets(st.text(max_size=12), min_size=2, max_size=40))
def test_no_two_values_share_a_pseudonym(salt: bytes, category: str, values: set[str]) -> None:
    """Whatever the texts are, distinct values stay distinct."""
    names = Pseudonyms(salt)
    assert len({names.of(category, value) for value in values}) == len(values)


@pytest.mark.parametrize("shape", ["0", "00", "a0", "0-A"])
def test_values_of_a_shape_are_permuted_among_themselves(shape: str) -> None:
    """Over every value of a shape, each is the pseudonym of exactly one."""
    letters = {
        "0": "0123456789",
        "a": "abcdefghijklmnopqrstuvwxyz",
        "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "-": "-",
    }
    everything = {"".join(chars) for chars in itertools.product(*(letters[kind] for kind in shape))}
    names = Pseudonyms(b"7" * 32)
    assert {names.of("address", value) for value in everything} == everything


@given(salt=SALTS, value=st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_pseudonym_has_the_shape_of_its_value(salt: bytes, value: str) -> None:
    """As many characters, ASCII digits and letters in the same places, spaces and marks as they were."""
    made = Pseudonyms(salt).of("text", value)
    assert len(made) == len(value)
    for before, after in zip(value, made, strict=True):
        if before.isascii():
            assert (before.isdigit(), before.isupper(), before.islower()) == (
                after.isdigit(), after.isupper(), after.islower()
            )  # fmt: skip
            assert before.isalnum() or before == after


def test_a_device_address_stays_hexadecimal() -> None:
    """A GUID is replaced by a GUID."""
    made = Pseudonyms(b"1" * 32).of("device", "0C-A2-F4-00-11-22-33-44")
    assert made != "0C-A2-F4-00-11-22-33-44"
    assert not set(made) - set("0123456789ABCDEF-")


def test_another_salt_gives_other_pseudonyms() -> None:
    """Without the salt nobody can make them again; its id does not give it away."""
    one, two = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    assert one.of("mpan", "1018660037367") != two.of("mpan", "1018660037367")
    assert one.salt_id != two.salt_id
    assert one.salt_id not in (b"1" * 32).hex()


def test_a_very_long_value_loses_its_shape() -> None:
    """What is too long to be permuted in time is replaced by its length and a mark."""
    names = Pseudonyms(b"1" * 32)
    made = names.of("text", "a" * (LONGEST + 1))
    assert made.startswith(f"({LONGEST + 1} characters, ")
    assert made != names.of("text", "b" * (LONGEST + 1))


def test_a_salt_is_drawn_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """The file appears with mode 600 and is the same salt ever after."""
    path = tmp_path / "salt"
    with pytest.raises(ConfigurationError, match="is not there"):
        load_salt(path)
    first = load_salt(path, draw=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_salt(path, draw=True).salt_id == load_salt(path).salt_id == first.salt_id
    path.write_text("not hex")
    with pytest.raises(ConfigurationError, match="holds no salt"):
        load_salt(path)


@pytest.mark.parametrize(
    ("word", "category"),
    [("MPAN Core", "mpan"), ("Address Line", "address"), ("Postcode", "postcode"), ("Post Code", "postcode"),
     ("Email", "e-mail"), ("Telephone", "telephone"), ("Contact Name", "name"), ("GUID", "device"),
     ("Bank", "account"), ("Additional Information", "text")],
)  # fmt: skip
def test_the_table_covers_every_item_of_such_a_name(word: str, category: str) -> None:
    """No data item whose published name says what it is was forgotten."""
    from harness.spec.items import items

    listed = {item: rule.category for rule in RULES for item in rule.items()}
    named = [item for item, entry in items().items() if word.lower() in entry.name.lower() and entry.keys]
    assert named
    assert {item_name(item) for item in named if listed.get(item) != category} == set()


def test_the_document_names_the_same_items() -> None:
    """The table in docs/evidence.md is the one that redaction goes by."""
    text = (Path(__file__).resolve().parents[3] / "docs" / "evidence.md").read_text(encoding="utf-8")
    told = {
        f"DI-{number:03d}"
        for row in re.findall(r"^\| [a-z, -]+ \| (DI-.*) \|$", text, re.MULTILINE)
        for first, last in re.findall(r"DI-(\d{3})(?: to DI-(\d{3}))?", row)
        for number in range(int(first), int(last or first) + 1)
    }
    assert told == {item for rule in RULES for item in rule.items()}


def test_fields_are_known_in_any_case_and_stand_in_one_category_only() -> None:
    """A field name has one category, so the order of the table decides nothing."""
    assert fields()["mpancore"] == "mpan"
    assert fields()["meteringpointpostcode"] == "postcode"
    listed = [item for rule in RULES for item in rule.items()]
    assert len(listed) == len(set(listed))
