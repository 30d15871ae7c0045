"""The benchmark measures what it says: real requests, real limits, a run that is invalid when it must be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import cores, ingress, table
from benchmarks.command import bench
from benchmarks.ingress import Figures, Report, judge
from benchmarks.requests import BYTES, INTERFACE, MPANS, SENDER, Sender, sign_many, template
from benchmarks.wire import Connections, Drive
from harness.errors import ConfigurationError, EnvironmentFault
from harness.messages.identifiers import is_mpan
from harness.spec.examine import examine_body
from harness.spec.parsing import parse_json
from harness.spec.release import load
from harness.transport.network import Network
from harness.transport.tls import client_context
from simulators.network import network_ca

GOOD = Figures(
    messages_per_s=6000.0,
    ceiling_per_s=9000.0,
    ratio=0.667,
    steady_ceiling_per_s=10000.0,
    steady_ratio=0.6,
    batch_messages_per_s=12000.0,
    batch_ratio=2.0,
    p50_ms=3.0,
    p99_ms=9.0,
    cpu_us_per_message=160.0,
    cpu_us_per_batched_message=80.0,
    ceiling_cpu_us_per_request=110.0,
    cpu_ratio=0.69,
    memory_bytes_per_message=50.0,
    resident_bytes=10**8,
    client_core_busy=0.5,
    messages=50000,
    message_bytes=3700,
)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Return the benchmark's network."""
    return ingress._without_webhooks(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def ceiling(network: Network) -> Iterator[tuple[int, int]]:
    """Return port and process id of a running ceiling."""
    with ingress.ceiling(network, _ca(network)) as running:
        yield running


def _ca(network: Network) -> Path:
    return network_ca(network.certificate("dip-tls").cert.parents[1])


def _sender(network: Network, port: int) -> Sender:
    party = network.with_role(SENDER)[0]
    url = f"https://127.0.0.1:{port}/2.1.0/dip-channel/{INTERFACE}"
    return Sender(template("2.1.0", network, "SIT"), url, party.api_key(), network.certificate(party.signing))


def test_the_messages_are_valid_of_the_stated_size_and_all_different(network: Network) -> None:
    """Each is a valid IF-033 of about 3.6 kB with a reference of its own, over many metering points."""
    body = template("2.1.0", network, "SIT").body(5, 100)
    examination = examine_body(load("2.1.0"), parse_json(body), channel=INTERFACE)
    assert examination.findings == ()
    common = [message.payload["CommonBlock"] for message in examination.messages]
    assert len({block["S1"]["senderUniqueReference"] for block in common}) == 100
    assert len({block["M0"]["MPANCore"] for block in common}) == 100 <= MPANS
    assert all(is_mpan(block["M0"]["MPANCore"]) for block in common)
    assert BYTES <= len(body) / 100 < BYTES * 1.15


def test_the_ceiling_verifies_each_signature(network: Network, ceiling: tuple[int, int]) -> None:
    """A signed request gets 201; the same head over another body 401."""
    sender = _sender(network, ceiling[0])
    signed = sign_many(sender, range(8), 1, until=float("inf"))
    context = client_context(_ca(network), network.certificate(network.with_role(SENDER)[0].tls))

    def requests(shift: int) -> Iterator[tuple[bytes, int]]:
        for one in signed:
            yield sender.head() + one.lines + sender.template.body(one.serial + shift, 1), 1

    with closing(Connections(ceiling[0], context, 3)) as connections:
        good = connections.drive(requests(0), 10)
        bad = connections.drive(requests(1), 10)
    assert (good.statuses, good.messages, len(good.latencies)) == (Counter({201: 8}), 8, 8)
    assert (bad.statuses, bad.messages) == (Counter({401: 8}), 0)
    assert 0 < good.percentile(0.5) <= good.percentile(0.99) < 10_000
    with pytest.raises(EnvironmentFault, match="the ceiling answered"):
        bad.check("the ceiling")


def test_every_limit_is_held(network: Network) -> None:
    """Good figures pass; each figure beyond its limit is named, and a busy client makes the run invalid."""
    assert judge(GOOD) == ((), ())
    invalid, missed = judge(replace(GOOD, ratio=0.59, batch_ratio=1.59))
    assert not invalid
    assert [text.split()[0] for text in missed] == ["ratio", "batch_ratio"]
    invalid, missed = judge(replace(GOOD, client_core_busy=0.91))
    assert len(invalid) == 1
    assert not missed
    assert judge(replace(GOOD, client_core_busy=None)) == ((), ())
    assert all(not party.simulated for party in network.parties)


@pytest.mark.parametrize(
    ("figures", "code", "said"),
    [
        (GOOD, 0, "share of the ceiling"),
        (replace(GOOD, ratio=0.5), 1, "MISSED: ratio is 0.50"),
        (replace(GOOD, client_core_busy=0.95), 1, "INVALID: the client's core was 95% busy"),
    ],
)
def test_the_exit_code_and_the_words_agree(
    figures: Figures, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 when all is kept, 1 when a limit is missed or the run says nothing; in JSON and in words."""
    report = Report(figures, False, "one core", 32, *judge(figures), "a machine", 20.0)
    monkeypatch.setattr(ingress, "run", lambda *_: report)
    plain = CliRunner().invoke(bench, ["ingress"])
    assert (plain.exit_code, said in plain.output) == (code, True), plain.output
    assert "not pinned to cores: one core" in plain.output
    told = CliRunner().invoke(bench, ["--json"])
    assert told.exit_code == code
    read = json.loads(told.output)
    assert {"name", "machine", "seconds", "figures", "limits", "valid", "missed"} <= read.keys()
    assert read["figures"]["ratio"] == figures.ratio
    assert len(list(table.lines(report))) == len(plain.output.splitlines())


def test_more_seconds_than_a_signature_lasts_are_refused() -> None:
    """A run may not outlast half of the window in which a signature's date is believed."""
    with pytest.raises(ConfigurationError, match="half of signing"):
        ingress.run(151, "2.1.0")
    with pytest.raises(ConfigurationError, match="Did you mean"):
        ingress.run(10, "2.1.O")


def test_a_phase_counts_what_was_accepted() -> None:
    """Drives add up, and the rate is over their own seconds."""
    total = Drive()
    total.add(Drive(1.0, 100, Counter({201: 1}), [0.5]))
    total.add(Drive(3.0, 100, Counter({201: 1, 503: 1}), [0.1], "full"))
    assert (total.rate, total.refusal, total.statuses[201]) == (50.0, "full", 2)
    assert Drive().rate == Drive().percentile(0.5) == 0.0


def test_a_core_is_taken_and_given_back() -> None:
    """Children start on the chosen core, and the process has its cores again afterwards."""
    os = cores.os
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("no pinning on this system")
    before = os.sched_getaffinity(0)
    with cores.on_core(max(before)):
        assert os.sched_getaffinity(0) == {max(before)}
    assert os.sched_getaffinity(0) == before
    used = cores.process_seconds(os.getpid())
    assert used is not None
    assert used > 0
    first = cores.core_time(max(before))
    assert first is not None
    assert 0 <= replace(first, busy=first.busy + 5, total=first.total + 10).busy_since(first) == 0.5
