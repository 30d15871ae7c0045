"""The conduct engine apart from any receiver: ledger, publications, judges; and a check without hooks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pytest

from harness.errors import ConfigurationError
from harness.evidence.verdicts import BlameClass
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.calling import Reply
from harness.selfcheck.conduct.ledger import Held, Ledger
from harness.selfcheck.conduct.publications import Addressee, Press, encode
from harness.spec.examine import examine_body
from harness.spec.release import load, names
from harness.spec.roles import roles
from harness.spec.routing import load_routing
from tests.zoo.keeping import Animal, Keeper, Nest
from tests.zoo.table import SETTINGS

NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A zoo for a participant without hooks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_SETTINGS", str(SETTINGS))
        found = Keeper(tmp_path_factory.mktemp("zoo"))
        yield found
        found.close()


def _press(release: str, role: str) -> Press:
    dip_id = roles()[role].prefix + "00000077"
    return Press(load(release), load_routing(), Addressee(dip_id, role, "ABCD"), environment="SIT", seed=1)


@pytest.mark.parametrize("release", names())
def test_every_publication_that_a_receiver_is_sent_is_valid(release: str) -> None:
    """A receiver is never blamed for refusing what the harness built wrongly."""
    wrong = []
    for role in roles():
        press = _press(release, role)
        for pair in press.pairs:
            body = orjson.loads(encode([press.publication(pair, NOW)]))
            found = examine_body(load(release), body, channel=pair.interface, direction="egress")
            if not found.valid:
                wrong.append((role, pair, found.findings[:1]))
    assert wrong == []


def test_publications_are_never_the_same_twice() -> None:
    """A second run is no repeat of the first: transactions and references are new."""
    press = _press("2.1.0", "LSS")
    made = press.batch(press.pairs[0], NOW, 20)
    assert len({each.transaction for each in made}) == len({each.reference for each in made}) == 20


def test_a_ledger_may_be_a_command() -> None:
    """The reference goes into its place, and count and place come back."""
    script = 'import sys; print(\'{"count": %d, "place": 4}\' % len(sys.argv[1]))'
    assert Ledger((sys.executable, "-c", script, "{reference}")).look("abc") == Held(3, 4)


@pytest.mark.parametrize("answer", ["'three'", "[]", "True"])
def test_a_ledger_that_answers_no_number_is_the_users_to_mend(answer: str) -> None:
    """What it said is named."""
    with pytest.raises(ConfigurationError, match="the ledger answered"):
        Ledger((sys.executable, "-c", f"print({answer})", "{reference}")).look("abc")


def test_a_ledger_without_a_place_for_the_reference_is_refused() -> None:
    """It could only ever say the same."""
    with pytest.raises(ConfigurationError, match="where the reference goes"):
        Ledger(("count-them",))


def test_a_refusal_with_a_server_fault_is_none() -> None:
    """The DIP sends a message again that was answered 5xx, so nothing was refused."""
    retried = (408, 429, 500, 502, 503, 504)
    assert "send it again" in judging.refused(Reply(500), retried)
    assert "send it again" in judging.refused(Reply(429), retried)
    assert judging.refused(Reply(400), retried) == ""
    assert "was taken" in judging.refused(Reply(201), retried)


def _without_hooks(nest: Nest) -> None:
    nest.tables["hooks"].clear()


def test_without_hooks_nothing_is_counted_as_passed_that_was_not_seen(keeper: Keeper) -> None:
    """Sending is inconclusive where nobody can be asked; what only a ledger or a hook can show is omitted."""
    animal = Animal("no-hooks", "", settle=_without_hooks)
    results = keeper.visit(animal, only=("interfaces", "webhook", "recovery")).results

    sent = results["interfaces.sent"]
    assert (sent.shown, sent.blame.cause if sent.blame else None) == (
        "inconclusive",
        BlameClass.PARTICIPANT,
    )
    omitted = {name for name, each in results.items() if each.shown == "omitted"}
    assert omitted >= {
        "webhook.stored-before-answer",
        "webhook.repeat-taken-once",
        "interfaces.sent-delivered",
        "recovery.nothing-lost",
        "recovery.restart",
        "recovery.webhook-certificate",
        "recovery.api-key",
    }
    assert {each.shown for name, each in results.items() if name not in omitted} == {"pass", "inconclusive"}
