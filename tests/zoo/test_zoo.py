"""The self-check finds what is wrong with each animal, and nothing in a sound one; no check is dead."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from harness.security import keys
from harness.selfcheck.check import checks
from tests.zoo.every import BROKEN, SOUND
from tests.zoo.keeping import Animal, Keeper
from tests.zoo.table import SETTINGS, in_document, table

DEAD: dict[str, str] = {}
"""Checks that no animal can trip, each with the reason."""
NEVER_MET = {
    "connectivity.revocation": "the zoo's certificates name no responder: only broken animals' do",
}
"""Checks that pass in no sound animal, each with the reason."""


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A zoo with waiting times that suit loopback."""
    folder = tmp_path_factory.mktemp("zoo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_SETTINGS", str(SETTINGS))
        read = lru_cache(keys.load_pem_private_key)  # looking through an RSA key takes its time
        patch.setattr(keys, "load_pem_private_key", read)
        found = Keeper(folder)
        yield found
        found.close()


@pytest.mark.parametrize("animal", BROKEN, ids=lambda animal: animal.name)
def test_a_broken_participant_is_caught(keeper: Keeper, animal: Animal) -> None:
    """The check that is there for a fault finds it, with the right verdict and blame."""
    result = keeper.visit(animal).results[animal.check]

    blame = result.blame.cause if result.blame else None
    assert (result.shown, blame) == (animal.verdict, animal.blame), result.reason


@pytest.mark.parametrize("animal", SOUND, ids=lambda animal: animal.name)
def test_a_sound_participant_passes_everything(keeper: Keeper, animal: Animal) -> None:
    """Nothing is found in a sound participant, and just what it says is left out."""
    results = keeper.visit(animal).results

    found = {name: (each.shown, each.reason) for name, each in results.items()}
    wrong = {name: each for name, each in found.items() if each[0] not in ("pass", "omitted")}
    assert wrong == {}
    assert {name for name, each in found.items() if each[0] == "omitted"} == animal.omits


def test_every_check_passes_in_a_sound_participant() -> None:
    """A check that is left out everywhere would prove nothing of sound participants."""
    assert frozenset.intersection(*(animal.omits for animal in SOUND)) == set(NEVER_MET)


def test_no_check_is_dead() -> None:
    """Each check has an animal that it finds, or a reason why there can be none."""
    tripped = {animal.check for animal in BROKEN}

    assert {each.id for each in checks()} - tripped == set(DEAD)


def test_the_zoo_is_large_enough() -> None:
    """Forty broken animals at least, and sound ones in several styles."""
    assert len(BROKEN) >= 40
    assert len({animal.den for animal in SOUND}) >= 4


def test_the_table_in_the_documentation_is_that_of_the_zoo() -> None:
    """`python -m tests.zoo.table docs/self-check.md` writes it; the seconds are those of one machine."""
    assert [row[:-1] for row in in_document()] == [row[:-1] for row in table({})]
