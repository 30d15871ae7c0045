"""Every seeded fault is caught by the case that the table names for it; the case passes without the fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.evidence.verdicts import Verdict
from simulators.participants.seeded import FAULTS
from tests.seeded.caught import caught
from tests.seeded.document import document
from tests.seeded.playing import Player, case_called, player

TABLE = caught()


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    """Embedded simulators into which faults are seeded."""
    with player(tmp_path_factory.mktemp("seeded")) as found:
        yield found


def test_every_fault_has_a_case() -> None:
    """A fault that nothing catches is not left out of the table: a scenario is missing."""
    assert set(TABLE.cases) == set(FAULTS)
    assert set(TABLE.twins) | set(TABLE.blamed) <= set(TABLE.cases)


@pytest.mark.parametrize(("fault", "case"), [*TABLE.cases.items(), *TABLE.twins.items()])
def test_a_case_fails_with_the_fault_in_it(play: Player, fault: str, case: str) -> None:
    """The fault was at work, and a party in which it could be is blamed: not the harness, not the hub."""
    result = play.play(case_called(case), fault)
    assert result.applied == {fault}
    assert result.outcome.verdict is Verdict.FAIL, result.outcome.reason
    rightly = play.blamed_role(result.outcome) in FAULTS[fault].roles
    assert rightly is (fault not in TABLE.blamed), (result.outcome.blame, result.outcome.reason)


@pytest.mark.parametrize("fault", TABLE.twins)
def test_the_calm_hides_what_a_twin_catches(play: Player, fault: str) -> None:
    """The unperturbed case passes with the fault in it."""
    calm, _, twin = TABLE.twins[fault].partition("~")
    assert twin
    assert play.play(case_called(calm), fault).outcome.verdict is Verdict.PASS


@pytest.mark.parametrize("case", sorted({*TABLE.cases.values(), *TABLE.twins.values()}))
def test_the_same_case_passes_without(play: Player, case: str) -> None:
    """What the fault made fail fails through the fault alone."""
    result = play.play(case_called(case))
    assert (result.outcome.verdict, result.applied) == (Verdict.PASS, frozenset()), result.outcome.reason


def test_the_document_is_written_from_the_table(request: pytest.FixtureRequest) -> None:
    """`docs/seeded-faults.md` is what `python -m tests.seeded.document` writes."""
    shipped = Path(request.config.rootpath, "docs", "seeded-faults.md").read_text(encoding="utf-8")
    assert shipped == "\n".join(document()) + "\n"
