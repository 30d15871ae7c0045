"""What cases add up to."""

from __future__ import annotations

from example_run import ExampleRun

from harness.evidence.verdicts import BlameClass, Verdict
from harness.reports.run import Run, read_run
from harness.reports.tally import (
    areas,
    failure_title,
    failures,
    interfaces,
    not_tested,
    pairs,
    release_scores,
    requirements,
)
from harness.scenarios.requirements import shipped
from harness.spec.release import load
from harness.spec.scope import cit_scope


def test_pairs_come_from_the_release(mixed: Run) -> None:
    """The denominator is the release's own 132 pairs in operation and 13 report variants."""
    (scores,) = release_scores(mixed)
    assert (scores.interfaces.passed, scores.interfaces.total) == (2, 132)
    assert (scores.dormant.passed, scores.dormant.total) == (0, 1)
    assert (scores.reports.passed, scores.reports.total) == (0, 13)
    scope = cit_scope().interfaces
    wanted = sum(1 for pair in load("2.1.0").pairs if pair.interface in scope)
    assert (scores.cit_scope.passed, scores.cit_scope.total) == (2, wanted)


def test_the_oldest_release_has_its_own_denominator(example: ExampleRun) -> None:
    """Release 1.8.3 has 132 pairs and none that is dormant; the later ones have IF-051 beside them."""
    example.releases = ["1.8.3", "2.1.0"]
    scores = release_scores(read_run(example.write()))
    assert [(each.interfaces.total, each.dormant.total) for each in scores] == [(132, 0), (132, 1)]


def test_a_negative_case_makes_no_pair_pass(example: ExampleRun) -> None:
    """A right refusal is no exchange."""
    example.refusal(passes=True)
    assert release_scores(read_run(example.write()))[0].interfaces.passed == 0


def test_one_failed_sender_fails_the_pair(example: ExampleRun) -> None:
    """A pair whose second sender role fails has not passed."""
    example.exchange("IF-038", "DirectContractMSAdd", sender="MSS")
    case = example.begin("cit-exchange", "x", "IF-038", "DirectContractMSAdd", "MSA")
    example.finish(case, "fail", "lost", {"class": "central-system", "party": "DIP"})
    pair = next(each for each in pairs(read_run(example.write())) if each.event == "DirectContractMSAdd")
    assert pair.tried
    assert not pair.passed


def test_an_omitted_case_is_not_held_against_the_pair(example: ExampleRun) -> None:
    """What was left out neither passes nor fails a pair."""
    example.exchange()
    case = example.begin("cit-late", "x", "IF-031", "MSApp", "SUP")
    example.finish(case, "omitted", "no clock", {"class": "environment", "party": ""})
    assert release_scores(read_run(example.write()))[0].interfaces.passed == 1


def test_an_unknown_release_counts_what_was_run(example: ExampleRun) -> None:
    """The pairs of a release that isn't installed are those that the run has."""
    example.releases = ["9.9.9"]
    example.exchange(release="9.9.9")
    (scores,) = release_scores(read_run(example.write()))
    assert (scores.interfaces.passed, scores.interfaces.total) == (1, 1)


def test_an_interface_names_the_roles_that_took_part(example: ExampleRun) -> None:
    """Sender and receiver roles are those seen on the wire."""
    example.exchange()
    result = next(each for each in interfaces(read_run(example.write())) if each.interface == "IF-031")
    assert (result.senders, result.receivers) == (("SUP",), ("REGS",))


def test_equal_failures_are_one_group(mixed: Run) -> None:
    """Failures with the same key and blame are grouped; failures come before errors and open questions."""
    groups = failures(mixed)
    assert [(each.verdict, len(each.instances)) for each in groups] == [
        (Verdict.FAIL, 2),
        (Verdict.ERROR, 1),
        (Verdict.INCONCLUSIVE, 1),
    ]
    assert groups[0].key == "signature-accepted"
    assert failure_title(groups[0]) == "The send is refused: expected 401, got 201 MSG0000"
    assert failure_title(groups[1]) == "RuntimeError: the receiver died"


def test_the_same_failure_of_two_parties_is_two_groups(example: ExampleRun) -> None:
    """Two parties that fail alike have a move each."""
    for party in ("2300000001", "2300000002"):
        case = example.begin(f"cit-{party}", "x", "IF-031", "MSApp", "SUP")
        example.check(case, "It answers", False, "201", "500", key="answer")
        example.finish(case, "fail", "It answers", {"class": "participant", "party": party})
    assert len(failures(read_run(example.write()))) == 2


def test_what_was_left_out_has_reason_and_blame(mixed: Run) -> None:
    """Omitted and skipped cases stand with why and by whom."""
    found = {each.key: each.blame.cause for each in not_tested(mixed) if each.blame}
    assert found == {
        "The target has no clock.": BlameClass.ENVIRONMENT,
        "Left out by hand.": BlameClass.CONFIGURATION,
    }


def test_requirements_are_joined_to_their_cases(mixed: Run) -> None:
    """Each registered requirement has the cases that cite it; one that fails is not met."""
    found = {each.id: each for each in requirements(mixed, shipped())}
    assert found.keys() >= set(shipped())
    assert found["DH-IF-031"].met
    assert not found["DH-SIG-006"].met
    assert found["DH-SIG-006"].totals[Verdict.FAIL] == 2
    assert not found["DH-MIG-001"].met


def test_an_unregistered_requirement_is_shown(example: ExampleRun) -> None:
    """An id that the register lacks is not dropped."""
    example.exchange(requirements=("DH-XX-999",))
    last = requirements(read_run(example.write()), shipped())[-1]
    assert (last.id, last.requirement) == ("DH-XX-999", None)


def test_a_scenario_counts_as_passed_when_all_its_cases_did(mixed: Run) -> None:
    """Per area: every scenario once, every case by verdict; one bad case takes its scenario away."""
    found = areas(mixed)
    assert sum(sum(each.cases.values()) for each in found) == len(mixed.instances)
    for each in found:
        alike = [one for one in mixed.instances if one.started.area == each.area]
        failed = {one.started.scenario for one in alike if one.verdict is not Verdict.PASS}
        names = {one.started.scenario for one in alike}
        assert (each.scenarios.passed, each.scenarios.total) == (len(names - failed), len(names))
