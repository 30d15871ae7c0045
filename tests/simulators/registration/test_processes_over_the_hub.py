"""Registration through the simulated DIP: an acceptance reaches everybody, a refusal the sender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.clock import OffsetClock, message_time
from harness.messages.build import OMIT, Context, build, encode
from harness.messages.identifiers import mpan
from harness.spec.release import load, names
from harness.transport.client import DipClient
from harness.transport.network import Party
from simulators.embedded import EmbeddedTarget

DAY = timedelta(days=1)
ENDS = (names()[0], names()[-1])
"""The oldest and the newest release; without a hub every process is tested in all of them."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTarget]:
    """Return the simulators, with every release side by side."""
    target = EmbeddedTarget(names(), tmp_path_factory.mktemp("hub"))
    yield target
    target.close()


class Site:
    """Two metering points of one registration service, an import and an export, and who serves them."""

    _taken = 0

    def __init__(self, target: EmbeddedTarget, release: str) -> None:
        self.target, self.release = target, release
        first = {role: target.network.with_role(role)[0] for role in _SERVING}
        self.parties: Mapping[str, Party] = first
        distributor = first["LDSO"].distributor_id or ""
        Site._taken += 2
        self.point, self.export = (mpan(distributor, 7000 + Site._taken + n) for n in (0, 1))
        self.tag = f"{release}/{self.point}"
        assert target.admin is not None
        self.admin = target.admin
        self.now = self.admin.now()
        self.admin.set_addresses(
            release,
            [
                {"mpan": point, "role": role, "dip_id": first[role].dip_id}
                for point in (self.point, self.export)
                for role in ("SUP", "MSS", "SDS", "LDSO")
            ],
        )
        points = [self._entry(self.point, "I"), self._entry(self.export, "E")]
        self.admin.set_behaviours(
            self.tag, {first["REGS"].dip_id: {"name": "registration", "points": points}}
        )
        self._seen = 0

    def _entry(self, point: str, direction: str) -> dict[str, Any]:
        since = message_time(self.now - 90 * DAY)
        meter = {"serial": "M1", "kind": "N", "location": "K", "installed": since, "digits": 5}
        parties = {
            item: {"dip_id": self.parties[role].dip_id, "from": since}
            for item, role in (("supplier", "SUP"), ("metering_service", "MSS"), ("data_service", "SDS"))
        }
        return {
            "mpan": point, **parties, "created": since, "market_segment": "S", "connection_type": "W",
            "energy_direction": direction, "consent": "H", "meters": [meter], "gsp_group": "_A",
        }  # fmt: skip

    def send(
        self, role: str, interface: str, event: str, overrides: Mapping[str, object], number: int = 0
    ) -> list[tuple[str, list[str]]]:
        """Send a message about the import to registration; return the answers with the roles they reached."""
        sender, registration = self.parties[role], self.parties["REGS"]
        clock = OffsetClock()
        clock.set(self.admin.now())
        context = Context(
            seed=number,
            now=clock.now(),
            environment=self.target.environment,
            sender_dip_id=sender.dip_id,
            sender_role=role,
            connection_provider=None,
            sub_text=self.tag,
            mpan=self.point,
            distributor_dip_id=self.parties["LDSO"].dip_id,
            primary_recipients=(registration.dip_id,),
            parties={role: (party.dip_id, party.mpid) for role, party in self.parties.items()},
            reference=None,
        )
        payload = build(load(self.release), interface, event, context, overrides=overrides)
        with DipClient(
            self.target.url(self.release), self.target.network, self.target.ca, clock=clock
        ) as client:
            answer = client.send(sender, interface, encode([payload]))
        assert answer.codes == ("MSG0000",), answer
        return [entry for entry in self.settled() if not entry[0].startswith(interface)]

    def settled(self) -> list[tuple[str, list[str]]]:
        """Return what was sent since the last look, as interface and event with the roles that took it."""
        found = self.admin.settle(self.tag, timeout=20)
        assert found["settled"], found
        assert found["problems"] == []
        new = found["messages"][self._seen :]
        self._seen += len(new)
        return [(f"{m['interface']} {m['event']}", sorted(r["role"] for r in m["recipients"])) for m in new]

    def held(self, item: str, point: str = "") -> Any:
        """Return what registration shows of an item."""
        found = self.admin.register(self.parties["REGS"].dip_id, point or self.point)
        assert found is not None
        return found[item]


_SERVING = ("SUP", "REGS", "LDSO", "MSS", "SDS", "MDR")
_ALWAYS = ["MDS", "EES"]


def energised(at: datetime) -> dict[str, object]:
    """Return the content of an IF-007."""
    return {"B025.energisationStatus": "D", "B025.energisationStatusEffectiveFromDate": message_time(at)}


@pytest.mark.parametrize("release", names())
def test_an_energisation_reaches_all_and_its_refusal_the_sender(target: EmbeddedTarget, release: str) -> None:
    """IF-008 goes to everybody who serves the point, and to the metering service alone when refused."""
    site = Site(target, release)
    assert site.send("MSS", "IF-007", "EnergisationStatusChange", energised(site.now + 5 * DAY)) == [
        ("IF-008 EnergisationStatusChange", ["MSS"])
    ]
    answer = site.send("MSS", "IF-007", "EnergisationStatusChange", energised(site.now - DAY), number=1)
    assert answer == [("IF-008 EnergisationStatusChange", sorted(["MSS", "SDS", "SUP", "LDSO", *_ALWAYS]))]
    assert site.held("energisation")[-1]["value"] == "D"


@pytest.mark.parametrize("release", names())
def test_a_removed_meter_is_told_to_all_and_a_strange_one_to_the_sender(
    target: EmbeddedTarget, release: str
) -> None:
    """IF-006 follows the outcome of the IF-005."""
    site, date = Site(target, release), "B039.meterRemovalDate"
    removal = {date: message_time(site.now - DAY), "B039.meterIDRemoved": "M9"}
    assert site.send("MSS", "IF-005", "MeterRemoval", removal) == [("IF-006 MeterRemoval", ["MSS"])]
    removal["B039.meterIDRemoved"] = "M1"
    answer = site.send("MSS", "IF-005", "MeterRemoval", removal, number=1)
    assert answer == [("IF-006 MeterRemoval", sorted(["MSS", "SDS", "SUP", "LDSO", "EES"]))]


@pytest.mark.parametrize("release", ENDS)
def test_a_link_is_answered_and_held_by_both_points(target: EmbeddedTarget, release: str) -> None:
    """IF-020 reaches those who serve the import, a second request the supplier alone."""
    site = Site(target, release)
    wish = {"B090List.0.subsidiaryMPAN": site.export, "M1.principalMPAN": site.point}
    answer = site.send("SUP", "IF-019", "LinkedImportExportCreate", wish)
    assert answer == [("IF-020 LinkedImportExportCreate", sorted(["SUP", "MSS", "SDS", "LDSO", "EES"]))]
    assert site.held("linked")[-1]["principal"] == site.held("linked", site.export)[-1]["principal"]
    refused = site.send("SUP", "IF-019", "LinkedImportExportCreate", wish, number=1)
    assert refused == [("IF-020 LinkedImportExportCreate", ["SUP"])]


@pytest.mark.parametrize("release", ENDS)
def test_a_consent_is_told_to_all_and_its_refusal_to_the_supplier(
    target: EmbeddedTarget, release: str
) -> None:
    """IF-026 follows the outcome of the IF-025."""
    site = Site(target, release)
    consent: dict[str, object] = {
        "/CustomBlock/B013": OMIT,
        "B068.consentGranularity": "D",
        "B068.consentGranularityEffectiveFromDate": message_time(site.now - 9 * DAY),
    }
    assert site.send("SUP", "IF-025", "ConsentGranularity", consent) == [
        ("IF-026 ConsentGranularity", ["SUP"])
    ]
    consent["B068.consentGranularityEffectiveFromDate"] = message_time(site.now)
    answer = site.send("SUP", "IF-025", "ConsentGranularity", consent, number=1)
    assert answer == [("IF-026 ConsentGranularity", sorted(["SUP", "MSS", "SDS", "LDSO", "LSS", "EES"]))]


@pytest.mark.parametrize("release", ENDS)
def test_a_retriever_is_told_to_the_supplier_once_it_is_assigned(
    target: EmbeddedTarget, release: str
) -> None:
    """IF-035 goes to data service and supplier, a refusal to the data service; then comes the DCC's word."""
    site = Site(target, release)
    named: dict[str, object] = {
        "/CustomBlock/B013": OMIT,
        "B018.SDSNominatedMDRRequestedEffectiveFromDate": message_time(site.now + 9 * DAY),
    }
    assert site.send("SDS", "IF-034", "SDS-MDRUpdate", named) == [("IF-035 SDS-MDROutcome", ["SDS"])]
    named["B018.SDSNominatedMDRRequestedEffectiveFromDate"] = message_time(site.now + 2 * DAY)
    answer = site.send("SDS", "IF-034", "SDS-MDRUpdate", named, number=1)
    assert answer == [("IF-035 SDS-MDROutcome", ["SDS", "SUP"])]
    word = {"mpan": site.point, "response": "A"}
    site.admin.tell(site.tag, site.parties["REGS"].dip_id, "dcc-mdr-outcome", release, word)
    assert site.settled() == [("IF-035 DCC-MDROutcome", ["SDS", "SUP"])]


@pytest.mark.parametrize("release", ENDS)
def test_a_disconnection_that_is_told_reaches_those_concerned(target: EmbeddedTarget, release: str) -> None:
    """IF-009 goes to supplier, distributor, settlement and enquiry service, not to the services."""
    site = Site(target, release)
    content = {"mpan": site.point, "note": "demolished"}
    site.admin.tell(site.tag, site.parties["REGS"].dip_id, "mpan-disconnected", release, content)
    assert site.settled() == [
        ("IF-009 MPANDisconnection", sorted(["SUP", "LDSO", *_ALWAYS])),
        ("IF-050 MPStatusChange", ["EES"]),
    ]
