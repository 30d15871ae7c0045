"""What went wrong, put in on purpose, and whose move it is then: each cause gets its class and its party."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.evidence.log import EventLog, read_events
from harness.evidence.verdicts import BlameClass, Outcome, Verdict
from harness.scenarios.blame import of_answer
from harness.scenarios.engine import run_case
from harness.scenarios.model import Case, Check, Send
from harness.spec.doubtful import doubtful
from harness.spec.release import load
from harness.transport.client import Answer, DipClient, Sent
from harness.transport.network import Network, Party
from tests.scenarios.conftest import RELEASE, Stage, shipped_cases
from tests.scenarios.process import PROCESS, case_of

EXCHANGE = "CIT-EXC/IF-027/ConsumptionAmendment/SUP"
CARRIED = "CIT-PROVIDER/IF-027/ConsumptionAmendment/SUP"
_PLAYS = itertools.count()
"""Numbers the plays, whose references must not be used twice."""
ADMIN = frozenset({"admin", "clock", "faults"})


def supplier(network: Network) -> Party:
    """Return the party that sends in the exchange."""
    return network.with_role("SUP")[0]


def altered(network: Network, party: Party, **change: Any) -> Network:
    """Return a network in which one party is configured otherwise."""
    return network.replacing(replace(party, **change))


def play(stage: Stage, case: Case | str, network: Network, url: str = "") -> Outcome:
    """Play a case as configured in a network of ours; the hub goes by its own."""
    assert stage.target.ca is not None
    client = DipClient(url or stage.target.url(RELEASE), network, stage.target.ca, clock=stage.bench.clock)
    path = stage.tmp / f"cause-x{next(_PLAYS)}.ndjson"  # references end in it: other tests have digits
    try:
        with EventLog(path) as log:
            target = stage.bench.target
            ours = _Ours(target, network)
            bench = replace(
                stage.bench,
                run=path.stem,
                target=ours,
                log=log,
                client=lambda _: client,  # type: ignore[arg-type]
            )
            outcome = run_case(shipped_cases()[case] if isinstance(case, str) else case, bench, stage.tmp)
    finally:
        client.close()
    assert list(read_events(path))
    return outcome


class _Ours:
    """The stage's target with another network."""

    def __init__(self, target: Any, network: Network) -> None:
        self._target, self.network, self.capabilities = target, network, ADMIN

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


@dataclass(frozen=True)
class Misconfigured:
    """A sender whose configuration is wrong in one place."""

    name: str
    change: Callable[[Network, Path], dict[str, Any]]
    provider: bool = False


def _wrong_key(_: Network, tmp: Path) -> dict[str, Any]:
    path = tmp / "wrong.key"
    path.write_text("no-such-key\n")
    return {"api_key_file": path}


def _others_key(network: Network, _: Path) -> dict[str, Any]:
    return {"api_key_file": network.with_role("MDS")[0].api_key_file}


MISCONFIGURED = (
    Misconfigured("expired certificate", lambda _n, _t: {"tls": "flaw-expired"}),
    Misconfigured("certificate of a foreign authority", lambda _n, _t: {"tls": "flaw-foreign"}),
    Misconfigured("revoked certificate", lambda _n, _t: {"tls": "flaw-revoked"}),
    Misconfigured("server certificate used as a client", lambda _n, _t: {"tls": "flaw-wrong-usage"}),
    Misconfigured("certificate of another party", lambda n, _t: {"tls": n.with_role("MDS")[0].tls}),
    Misconfigured("signing key of another party", lambda n, _t: {"signing": n.with_role("MDS")[0].signing}),
    Misconfigured("unknown API key", _wrong_key),
    Misconfigured("API key of another party", _others_key),
)


@pytest.mark.parametrize("cause", MISCONFIGURED, ids=lambda cause: cause.name)
def test_a_senders_configuration(stage: Stage, tmp_path: Path, cause: Misconfigured) -> None:
    """A key or certificate that is not the sender's own, or no longer good, is the sender's configuration."""
    network = stage.target.network
    party = supplier(network)
    outcome = play(stage, EXCHANGE, altered(network, party, **cause.change(network, tmp_path)))
    assert (outcome.verdict, outcome.blame and (outcome.blame.cause, outcome.blame.party)) == (
        Verdict.FAIL,
        (BlameClass.CONFIGURATION, party.name),
    ), outcome


def test_a_wrong_address(stage: Stage) -> None:
    """A base URL without the release leads nowhere: the sender's configuration."""
    url = stage.target.url(RELEASE).removesuffix(RELEASE) + "9.9.9"
    outcome = play(stage, EXCHANGE, stage.target.network, url)
    assert outcome.blame is not None
    assert outcome.blame.cause is BlameClass.CONFIGURATION


def test_an_expired_adapter_certificate(stage: Stage) -> None:
    """What a connection provider carries with an expired certificate is the provider's to mend."""
    network = stage.target.network
    served = next(party for party in network.with_role("SUP") if party.connection_provider)
    provider = network.by_dip_id(served.connection_provider or "")
    outcome = play(stage, CARRIED, altered(network, provider, tls="flaw-expired"))
    assert outcome.blame is not None
    assert (outcome.blame.cause, outcome.blame.party) == (BlameClass.CONNECTION_PROVIDER, provider.name)


INGRESS: dict[str, dict[str, Any]] = {
    "hub unavailable": {"fault": "status", "status": 503},
    "hub fails": {"fault": "status", "status": 500},
    "hub throttles": {"fault": "status", "status": 429},
    "hub drops the connection": {"fault": "drop"},
    "hub outage": {"fault": "outage"},
}


@pytest.mark.parametrize("cause", INGRESS, ids=list(INGRESS))
def test_a_hub_that_is_not_there(stage: Stage, cause: str) -> None:
    """A hub that can't serve now says nothing of anybody's system: the environment, at the DIP."""
    admin = stage.target.admin
    assert admin is not None
    party = supplier(stage.target.network)
    admin.set_faults([{**INGRESS[cause], "at": "ingress", "party": party.dip_id}], tag="")
    try:
        outcome = play(stage, EXCHANGE, stage.target.network)
    finally:
        admin.clear_faults()
    assert outcome.blame is not None, outcome
    assert (outcome.blame.cause, outcome.blame.party) == (BlameClass.ENVIRONMENT, "DIP"), outcome


DELIVERY: dict[str, tuple[dict[str, Any], BlameClass, str]] = {
    "DIP signs wrongly": ({"fault": "corrupt-signature", "at": "delivery"}, BlameClass.CENTRAL_SYSTEM, "DIP"),
    "DIP delivers twice": (
        {"fault": "duplicate", "at": "delivery", "copies": 1}, BlameClass.CENTRAL_SYSTEM, "DIP",
    ),
    "recipient refuses": (
        {"fault": "status", "at": "webhook", "status": 400}, BlameClass.COUNTERPARTY, "recipient",
    ),
    "recipient's webhook is gone": ({"fault": "drop", "at": "webhook"}, BlameClass.ENVIRONMENT, "recipient"),
}  # fmt: skip


@pytest.mark.parametrize("cause", DELIVERY, ids=list(DELIVERY))
def test_a_delivery_that_goes_wrong(stage: Stage, cause: str) -> None:
    """A wrong delivery is the DIP's; a webhook that refuses or is gone is its party's."""
    fault, kind, whose = DELIVERY[cause]
    admin = stage.target.admin
    assert admin is not None
    network = stage.target.network
    recipients = [party for role in ("SDS", "ADS", "UMSDS") for party in network.with_role(role)]
    admin.set_faults([{**fault, "party": party.dip_id} for party in recipients], tag="")
    try:
        outcome = play(stage, EXCHANGE, network)
    finally:
        admin.clear_faults()
    assert outcome.blame is not None, outcome
    names = {party.name for party in recipients} if whose == "recipient" else {whose}
    assert (outcome.blame.cause, outcome.blame.party in names) == (kind, True), outcome


SEEDED = {
    "answer-lost": "Metering Company B (MSS)",
    "answer-late": "Metering Company B (MSS)",
    "answer-twice": "Metering Company B (MSS)",
    "answer-elsewhere": "Metering Company B (MSS)",
    "answer-uncorrelated": "Metering Company B (MSS)",
}


@pytest.mark.parametrize("fault", SEEDED)
def test_a_counterparty_that_answers_wrongly(stage: Stage, tmp_path: Path, fault: str) -> None:
    """A simulated party with a defect is the counterparty to blame, by name."""
    content = copy.deepcopy(PROCESS)
    content["given"]["behaviours"]["incoming"]["seeded"] = fault
    outcome = play(stage, case_of(content, tmp_path), stage.target.network)
    assert outcome.blame is not None, outcome
    assert (outcome.blame.cause, outcome.blame.party) == (BlameClass.COUNTERPARTY, SEEDED[fault]), outcome


def test_a_system_that_is_real_is_a_participant(stage: Stage) -> None:
    """A webhook that is no simulated one and can't be reached is that party's environment, by its name."""
    network = stage.target.network
    real = network.with_role("SDS")[0]
    given = altered(network, real, webhook="https://127.0.0.1:1/")
    assert not given.by_dip_id(real.dip_id).simulated
    assert of_party_of(given, real.dip_id) is BlameClass.PARTICIPANT


def of_party_of(network: Network, dip_id: str) -> BlameClass:
    """Return the class of blame of a party that did wrong."""
    from harness.scenarios.blame import of_party

    return of_party(network.by_dip_id(dip_id)).cause


def test_a_wrong_load_of_metering_points(stage: Stage, tmp_path: Path) -> None:
    """A precondition that does not hold blocks the case for want of test data."""
    content = copy.deepcopy(PROCESS)
    wrong = {"check": {"register": "registration", "has": {"supplier.-1.mpid": "NONE"}, "precondition": True}}
    content["steps"].insert(0, wrong)
    case = case_of(content, tmp_path)
    assert isinstance(case.scenario.steps[0], Check)
    outcome = play(stage, case, stage.target.network)
    assert outcome.blame is not None, outcome
    assert outcome.blame.cause is BlameClass.TEST_DATA, outcome


def _with_first_send(case: Case, **change: Any) -> Case:
    steps = tuple(replace(step, **change) if isinstance(step, Send) else step for step in case.scenario.steps)
    return replace(case, scenario=replace(case.scenario, steps=steps))


@pytest.mark.parametrize(
    "change",
    [{"S1.senderTimestamp": "yesterday"}, {"S1.senderTimestmp": "2026-01-31T09:00:00+00:00"}],
    ids=["a value that the release has not", "a field misspelt"],
)
def test_a_wrong_test_case(stage: Stage, change: dict[str, str]) -> None:
    """What the harness itself finds wrong in a scenario is no system's fault."""
    case = _with_first_send(shipped_cases()[EXCHANGE], set=change)
    outcome = play(stage, case, stage.target.network)
    assert outcome.blame is not None, outcome
    assert outcome.blame.cause is BlameClass.TEST_CASE, outcome


def test_a_bug_of_the_harness(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What raises in the harness is an error of the harness and blames nobody else."""
    from harness.scenarios.engine import PERFORM

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setitem(PERFORM, Send, broken)
    outcome = play(stage, EXCHANGE, stage.target.network)
    assert outcome.blame is not None
    assert (outcome.verdict, outcome.blame.cause) == (Verdict.ERROR, BlameClass.HARNESS)


def _answer(*codes: str) -> Answer:
    request = Sent("POST", "https://dip.example/", b"", {})
    body = ", ".join(f'{{"message": "{code}"}}' for code in codes)
    return Answer(request, 400, {}, f'{{"messageArray": [{body}]}}'.encode(), 0.01)


ANSWERS: dict[str, tuple[str, BlameClass]] = {
    "sender unknown to the DIP": ("MSG1009", BlameClass.CONFIGURATION),
    "reference used before": ("MSG1006", BlameClass.TEST_DATA),
    "recipient unknown to the DIP": ("MSG1031", BlameClass.TEST_DATA),
    "DIP refuses what is valid": ("MSG1001", BlameClass.CENTRAL_SYSTEM),
}


@pytest.mark.parametrize("cause", ANSWERS, ids=list(ANSWERS))
def test_an_answer_with_a_code(stage: Stage, cause: str) -> None:
    """The code that the DIP names decides whose move it is."""
    code, kind = ANSWERS[cause]
    party = supplier(stage.target.network)
    found, hint = of_answer(_answer(code), sender=party, should_accept=True, harness_finds_valid=True)
    assert (found.cause, bool(hint)) == (kind, True)


def test_a_specification_that_can_be_read_both_ways(stage: Stage) -> None:
    """A schema failure where null stands beside an enum without it is a question to the specification."""
    release = load("2.2.1")
    payload = {"CustomBlock": {"B030": {"IHDInstallStatus": None}}}
    places = doubtful(release, "IF-001", "InitialRegistration", payload)
    assert places == ("/CustomBlock/B030/IHDInstallStatus",)
    assert doubtful(load("2.1.0"), "IF-001", "InitialRegistration", payload) == ()
    party = supplier(stage.target.network)
    answer = _answer("MSG1001")
    found, hint = of_answer(
        answer, sender=party, should_accept=True, harness_finds_valid=True, doubtful=places
    )
    assert found.cause is BlameClass.SPECIFICATION
    assert "read both ways" in hint


def test_there_are_thirty_causes() -> None:
    """The table keeps its size."""
    single = 9
    assert sum(map(len, (MISCONFIGURED, INGRESS, DELIVERY, SEEDED, ANSWERS))) + single >= 30
