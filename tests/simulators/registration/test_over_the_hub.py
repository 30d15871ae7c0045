"""The appointment exchange through the simulated DIP: real processes, TLS, signatures and routing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from harness.calendars.local_time import clock_midnight, local_date
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
    old, new = (meterers if service is Service.METERING else collectors)[:2]
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
        {
            registration.dip_id: {"name": "registration", "points": [register]},
            new.dip_id: {"name": "appoint"},
        },
    )
    clock = OffsetClock()
    clock.set(admin.now())
    now = clock.now()
    effective = clock_midnight(local_date(now) + timedelta(days=DAYS))
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
        f"{words.proposal}.{words.proposed_from}": message_time(effective),
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
    admin.advance((effective - now).total_seconds() + 1)
    after = told(admin.settle(tag, timeout=20))[len(before) :]
    assert after == [
        (f"IF-036 {prefix}AppActive", sorted(["EES", "LDSO", "MDS", "SUP", new.role, other])),
        (f"IF-037 {prefix}DeApp", sorted(["EES", "LDSO", "MDS", "SUP", old.role])),
    ]
    found = admin.register(registration.dip_id, point)
    assert found is not None
    assert [tenure["dip_id"] for tenure in found[service.value]] == [old.dip_id, new.dip_id]
    assert found[service.value][0]["to"] == found[service.value][1]["from"]


@pytest.mark.parametrize("release", names())
def test_a_change_of_supplier_reaches_whom_it_concerns(target: EmbeddedTarget, release: str) -> None:
    """Supplier and both agents change at one midnight: nobody who leaves is told of a newcomer, or early."""
    network, admin = target.network, target.admin
    gaining, losing = network.with_role("SUP")[:2]
    (old_meterer, new_meterer), (old_data, new_data) = (network.with_role(r)[:2] for r in ("MSS", "SDS"))
    registration, distributor = network.with_role("REGS")[0], network.with_role("LDSO")[0]
    point = mpan(distributor.distributor_id or "", 7000 + names().index(release))
    tag = f"switch/{release}"
    assert admin is not None
    held = (losing, distributor, old_meterer, old_data)
    admin.set_addresses(
        release, [{"mpan": point, "role": p.role, "dip_id": p.dip_id} for p in held], opening=True
    )
    entry = {
        "mpan": point,
        "supplier": losing.dip_id,
        "metering_service": old_meterer.dip_id,
        "data_service": old_data.dip_id,
    }
    behaviours: dict[str, dict[str, Any]] = {
        dip_id: {"name": "appoint"} for dip_id in (new_meterer.dip_id, new_data.dip_id)
    }
    behaviours[registration.dip_id] = {"name": "registration", "points": [entry]}
    admin.set_behaviours(tag, behaviours)
    clock = OffsetClock()
    clock.set(admin.now())
    now = clock.now()
    start = clock_midnight(local_date(now) + timedelta(days=DAYS))

    def tell(what: str, **content: Any) -> None:
        admin.tell(tag, registration.dip_id, what, release, {"mpan": point, **content})
        told(admin.settle(tag, timeout=20))

    tell("switch-pending", supplier=gaining.dip_id, effective=message_time(start), registration="R1")
    for service, provider in ((Service.METERING, new_meterer), (Service.DATA, new_data)):
        words = WORDS[service]
        context = Context(
            seed=1,
            now=now,
            environment=target.environment,
            sender_dip_id=gaining.dip_id,
            sender_role="SUP",
            connection_provider=None,
            sub_text=tag,
            mpan=point,
            distributor_dip_id=distributor.dip_id,
            primary_recipients=(registration.dip_id,),
            parties={party.role: (party.dip_id, party.mpid) for party in reversed(network.parties)}
            | {provider.role: (provider.dip_id, provider.mpid)},
        )
        overrides = {
            f"{words.proposal}.appointmentScenario": "COS",
            f"{words.proposal}.{words.proposed_from}": message_time(start),
            "B013.CSSRegistrationID": "R1",
        }
        if service is Service.DATA:
            overrides["B071.supplierNominatedMDREffectiveFromDate"] = message_time(start)
        payload = build(load(release), "IF-031", f"{words.prefix}App", context, overrides=overrides)
        with DipClient(target.url(release), network, target.ca, clock=clock) as client:
            answer = client.send(gaining, "IF-031", encode([payload]))
            assert answer.codes == ("MSG0000",), answer
        told(admin.settle(tag, timeout=20))
    tell("switch-confirmed")
    tell("switch-secured-active")
    admin.advance((start - now).total_seconds() + 1)
    settled = admin.settle(tag, timeout=20)
    told(settled)
    heard = {
        f"{m['interface']} {m['event']}": {r["dip_id"] for r in m["recipients"]} for m in settled["messages"]
    }
    everywhere = {p.dip_id for role in ("LDSO", "MDS", "EES") for p in network.with_role(role)} - {
        p.dip_id for p in network.with_role("LDSO")[1:]
    }
    newcomers = {gaining.dip_id, new_meterer.dip_id, new_data.dip_id}
    assert heard["IF-002 GainMPANInfo"] == {gaining.dip_id}
    assert heard["IF-001 ChangeOfSupplier"] == {gaining.dip_id} | everywhere - {
        p.dip_id for p in network.with_role("EES")
    }
    assert heard["IF-036 MSAppActive"] == heard["IF-036 DSAppActive"] == newcomers | everywhere
    assert heard["IF-037 MSDeApp"] == {old_meterer.dip_id, gaining.dip_id} | everywhere
    assert heard["IF-037 DSDeApp"] == {old_data.dip_id, gaining.dip_id} | everywhere
    assert all(losing.dip_id not in dip_ids for dip_ids in heard.values())
