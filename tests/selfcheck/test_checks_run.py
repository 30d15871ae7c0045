"""The order of checks, what blocks what, and what becomes of whatever goes wrong in one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.evidence.verdicts import BlameClass, Verdict
from harness.selfcheck import check as registry
from harness.selfcheck.check import (
    Check,
    Finding,
    Omit,
    Skip,
    advised,
    check,
    checks,
    failed,
    find,
    held,
    unclear,
)
from harness.selfcheck.context import Context
from harness.selfcheck.journal import Journal, results
from harness.selfcheck.profile import load
from harness.selfcheck.running import judge, refuse_unknown_exemptions, run, selected


def _check(name: str, function: object, *, after: tuple[str, ...] = (), online: bool = False) -> Check:
    return Check(
        name, "configuration", name, "a rule", "assumed", BlameClass.PARTICIPANT, after, online, function
    )  # type: ignore[arg-type]


def _wrong(_: Context) -> Iterator[Finding]:
    yield held("one")
    yield failed("two", expected="this", actual="that", hint="do so")


def _right(_: Context) -> Iterator[Finding]:
    yield held("one")


def _raising(error: Exception) -> object:
    def function(_: Context) -> Iterator[Finding]:
        raise error
        yield

    return function


@pytest.fixture
def context(participant: Path, tmp_path: Path) -> Iterator[Context]:
    """Give a context of the participant."""
    with Context(load(participant), tmp_path / "check") as found:
        yield found


def test_ids_and_parts_are_held_at_import() -> None:
    """An id that is taken, a part that is none, and a check that says nothing of itself fail at once."""
    checks()
    with pytest.raises(HarnessError, match=r"two checks are called config\.in-force"):
        check(id="config.in-force", part="configuration", title="x", rule="x", basis="assumed")
    with pytest.raises(HarnessError, match="Did you mean 'signing'"):
        check(id="new.one", part="signin", title="x", rule="x", basis="assumed")
    with pytest.raises(HarnessError, match="does not say what it is for"):
        check(id="new.one", part="signing", title="x", rule="x", basis="assumed")(lambda _: [])
    assert "new.one" not in registry._REGISTRY


def test_each_check_comes_after_what_it_depends_on() -> None:
    """No check is made before those that it comes after."""
    seen: set[str] = set()
    for each in checks():
        assert seen.issuperset(each.after), each.id
        seen.add(each.id)
    assert len(seen) > 40


def test_a_name_selects_a_check_with_what_it_needs() -> None:
    """One check brings those that it depends on; an unknown name is answered with the nearest."""
    chosen = [each.id for each in selected(["connectivity.tcp"])]
    assert chosen == ["connectivity.name-resolution", "connectivity.tcp"]
    assert {each.part for each in find("signing")} == {"signing"}
    with pytest.raises(ConfigurationError, match=r"Did you mean 'connectivity\.tcp'"):
        find("connectivity.tpc")


def test_what_depends_on_a_failure_waits_and_does_not_fail(context: Context) -> None:
    """A check after a failed one is omitted, blocked by the first cause, with its blame."""
    first = judge(_check("a", _wrong), context)
    context.results["a"] = first
    second = judge(_check("b", _right, after=("a",)), context)
    context.results["b"] = second
    third = judge(_check("c", _right, after=("b",)), context)
    assert first.verdict is Verdict.FAIL
    assert (second.verdict, second.blocked_by, second.blame) == (Verdict.OMITTED, "a", first.blame)
    assert (third.verdict, third.blocked_by) == (Verdict.OMITTED, "a")


@pytest.mark.parametrize(
    ("error", "verdict", "blame"),
    [
        (Omit("nothing is named"), Verdict.OMITTED, BlameClass.CONFIGURATION),
        (Skip("not now"), Verdict.SKIPPED, BlameClass.PARTICIPANT),
        (ConfigurationError("is broken", where="x.pem"), Verdict.FAIL, BlameClass.CONFIGURATION),
        (EnvironmentFault("no port"), Verdict.INCONCLUSIVE, BlameClass.ENVIRONMENT),
        (ValueError("a fault of ours"), Verdict.ERROR, BlameClass.HARNESS),
    ],
)
def test_whatever_is_raised_becomes_a_verdict(
    context: Context, error: Exception, verdict: Verdict, blame: BlameClass
) -> None:
    """Each kind of trouble has its verdict and its blame, and ends no self-check."""
    found = judge(_check("a", _raising(error)), context)
    assert found.verdict is verdict
    assert found.blame is not None
    assert found.blame.cause is blame


def test_a_failure_outweighs_what_is_unclear(context: Context) -> None:
    """A failed condition fails the check; an unclear one alone makes it inconclusive; advice does neither."""

    def both(_: Context) -> Iterator[Finding]:
        yield unclear("one", actual="no answer", hint="wait")
        yield failed("two", expected="this", actual="that", hint="do so")

    def dim(_: Context) -> Iterator[Finding]:
        yield unclear("one", actual="no answer", hint="wait")

    def advice(_: Context) -> Iterator[Finding]:
        yield advised("one", expected="a", actual="b", hint="c")

    found = judge(_check("a", both), context)
    assert found.verdict is Verdict.FAIL
    assert found.reason.startswith("two: that")
    assert judge(_check("a", dim), context).verdict is Verdict.INCONCLUSIVE
    passed = judge(_check("a", advice), context)
    assert (passed.verdict, passed.shown) == (Verdict.PASS, "advisory")


def test_offline_leaves_out_what_needs_the_network(context: Context) -> None:
    """A check that needs the network is omitted, whatever it depends on."""
    context.offline = True
    found = judge(_check("a", _wrong, online=True), context)
    assert found.verdict is Verdict.OMITTED
    assert not found.blocked_by


def test_an_exemption_skips_a_check(participant: Path, tmp_path: Path) -> None:
    """An exempt check is skipped with its reason; an exemption from a check that is none is refused."""
    text = participant.read_text(encoding="utf-8")
    lines = ["[[exemption]]", 'check = "config.in-force"', 'reason = "renewed soon"', 'agreed_with = "SI"']
    exemption = "\n" + "\n".join(lines) + "\n"
    participant.write_text(text + exemption, encoding="utf-8")
    with Context(load(participant), tmp_path / "check", offline=True) as context:
        found = judge(next(each for each in checks() if each.id == "config.in-force"), context)
    assert found.verdict is Verdict.SKIPPED
    assert found.reason == "exempt: renewed soon, agreed with SI"
    participant.write_text(text + exemption.replace("in-force", "in-froce"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"Did you mean 'config\.in-force'"):
        refuse_unknown_exemptions(load(participant))


def test_a_folder_gives_back_its_results(participant: Path, tmp_path: Path) -> None:
    """What a self-check came to can be read from its events, and made again for one check."""
    profile, folder = load(participant), tmp_path / "check"
    chosen = selected(["configuration"])
    with Context(profile, folder, offline=True) as context:
        journal = Journal(folder, profile, chosen)
        made = dict(run(context, chosen, journal))
        journal.close()
    told = results(folder)
    assert {name: (each.verdict, each.findings) for name, each in told.items()} == {
        name: (each.verdict, each.findings) for name, each in made.items()
    }
    participant.with_name("certificates").joinpath("tls.key").unlink()
    with Context(profile, folder, offline=True) as context:
        context.results = told
        journal = Journal(folder, profile, chosen)
        asked: list[str] = []
        run(
            context,
            chosen,
            journal,
            again={"config.files-readable"},
            begun=lambda each: asked.append(each.id),
        )
        journal.close()
    assert asked == ["config.files-readable"]
    assert results(folder)["config.files-readable"].verdict is Verdict.FAIL
