"""The appointment exchange through the simulated DIP: real processes, TLS, signatures and routing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from harness.clock import OffsetClock, message_time
from harness.messages.build import Context, build, encode
from harness.messages.identifiers import mpan
from harness.spec.release import load, names
from harness.transport.client import DipClient
from simulators.embedded import EmbeddedTarget
from simulators.registration.services import WORDS, Service

DAYS = 3


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTarget]:
    """Return the simulators, with every release side by side."""
    target = EmbeddedTarget(names(), tmp_path_factory.mktemp("hub"))
    yield target
    target.close()


def told(settled: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return each message as interface and event with the roles that took it."""
    assert settled["settled"], settled
    assert settled["problems"] == []
    for message in settled["messages"]:
        assert all(r["http_status"] == 201 for r in message["recipients"]), message
    return [
        (f"{m['interface']} {m['event']}", sorted(r["role"] for r in m["recipients"]))
        for m in settled["messages"]
    ]


@pytest.mark.parametrize(
    ("release", "service"),
    [(name, service) for name in names() for service in Service],
)
def test_the_exchange_runs_from_request_to_confirmation(
    target: EmbeddedTarget, release: str, service: Service
) -> None:
    """IF-031 leads to IF-032 to IF-037, each to whom it concerns, and to a changed register."""
    network, admin, words = target.network, target.admin, WORDS[service]
    (supplier, _), registration, distributor = (
        network.with_role("SUP"),
        network.with_role("REGS")[0],
        network.with_role("LDSO")[0],
    )
    meterers, collectors = network.with_role("MSS"), network.with_role("SDS")
    old, new = meterers if service is Service.METERING else collectors
    point = mpan(
        distributor.distributor_id or "", 100 * names().index(release) + list(Service).index(service)
    )
    tag = f"{release}/{service}"
    assert admin is not None
    held = (supplier, distributor, meterers[0], collectors[0])
    admin.set_addresses(release, [{"mpan": point, "role": p.role, "dip_id": p.dip_id} for p in held])
    register = {
        "mpan": point,
        "supplier": supplier.dip_id,
        "metering_service": {"dip_id": meterers[0].dip_id},
        "data_service": {"dip_id": collectors[0].dip_id},
    }
    admin.set_behaviours(
        tag,
        {registration.dip_id: {"name": "registration", "points": [register]}, new.dip_id: {"name": "appoint"}},
    )
    clock = OffsetClock()
    clock.set(admin.now())
    now = clock.now()
    context = Context(
        seed=1,
        now=now,
        environment=target.environment,
        sender_dip_id=supplier.dip_id,
        sender_role="SUP",
        connection_provider=None,
        sub_text=tag,
        mpan=point,
        distributor_dip_id=distributor.dip_id,
        primary_recipients=(registration.dip_id,),
        parties={party.role: (party.dip_id, party.mpid) for party in reversed(network.parties)}
        | {new.role: (new.dip_id, new.mpid)},
    )
    overrides = {
        f"{words.proposal}.appointmentScenario": "CSP",
        f"{words.proposal}.{words.proposed_from}": message_time(now + timedelta(days=DAYS)),
    }
    payload = build(load(release), "IF-031", f"{words.prefix}App", context, overrides=overrides)
    with DipClient(target.url(release), network, target.ca, clock=clock) as client:
        answer = client.send(supplier, "IF-031", encode([payload]))
        assert answer.codes == ("MSG0000",), answer
    before = told(admin.settle(tag, timeout=20))
    prefix, other = words.prefix, "MSS" if service is Service.DATA else "SDS"
    assert before == [
        (f"IF-031 {prefix}App", ["REGS"]),
        (f"IF-032 {prefix}AppInitialResp", ["SUP"]),
        (f"IF-033 {prefix}AppSPRequest", [new.role]),
        (f"IF-034 {prefix}AppSPResponse", ["REGS"]),
        (f"IF-035 {prefix}AppAccepted", sorted(["SUP", new.role])),
        ("IF-035 IMS-SendMTD", ["MSS"]),
    ]
    admin.advance(DAYS * 86_400 + 1)
    after = told(admin.settle(tag, timeout=20))[len(before) :]
    assert after == [
        (f"IF-036 {prefix}AppActive", sorted(["EES", "LDSO", "MDS", "SUP", new.role, other])),
        (f"IF-037 {prefix}DeApp", sorted(["EES", "LDSO", "MDS", "SUP", old.role])),
    ]
    found = admin.register(registration.dip_id, point)
    assert [tenure["dip_id"] for tenure in found[service.value]] == [old.dip_id, new.dip_id]
    assert found[service.value][0]["to"] == found[service.value][1]["from"]
