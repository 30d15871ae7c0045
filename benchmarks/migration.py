"""What a complete forward migration costs a registration service, with few and with many metering points.

One migration is the current supplier's MCA of both services: two IF-031, two IF-034, the effective date, and
every message that comes of them written as it would be sent (IF-032, IF-033, IF-035, IF-036). The hub is
outside: what it costs to take messages is the benchmark ``ingress``. The registers start from files of
10,000, 100,000 and 1,000,000 points; rounds of the three follow one another, so that whatever else the
machine does meets all of them. What counts is the median of processor time.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks import cores
from benchmarks.shape import rounded, shape
from harness.calendars.local_time import clock_midnight
from harness.clock import message_time
from harness.messages.identifiers import mpan
from harness.spec.release import Release, load
from harness.spec.routing import load_routing
from harness.transport.network import Network
from simulators.network import default_network
from simulators.participants.behaviours import Acting, Outgoing, Publication
from simulators.participants.writing import compose
from simulators.registration.behaviour import Registration
from simulators.registration.items import LEGACY, MHHS
from simulators.registration.register import Register
from simulators.registration.services import WORDS, Service

SIZES: Mapping[str, int] = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
RATIO = 1.25
"""How much dearer a migration may be among more points than among 10,000: our own limit. The cost is
meant to be the same; the rest is noise."""

_NOW = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
_EFFECTIVE = clock_midnight(datetime(2026, 6, 16, tzinfo=UTC).date())
_ROUND = 10
_WARM = 5
_SPREAD = 9_973
"""Between the numbers of two MPANs, so that the points lie all over the distributor's range."""
_PROVIDER_ROLES = {Service.METERING: "MSS", Service.DATA: "SDS"}


@dataclass(slots=True)
class Site:
    """A register that starts from a file of points, and the migrations that were measured."""

    name: str
    points: int
    register: Register
    opened_ms: float
    microseconds: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """Figures by name, the limits that were missed, and how it was measured."""

    figures: Mapping[str, float]
    missed: tuple[str, ...]
    machine: str
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the JSON shape."""
        return shape("migration", self, rounded(self.figures), {"ratio": RATIO})


def run(seconds: float, release: str, sizes: Mapping[str, int] = SIZES) -> Report:
    """Measure for about ``seconds``, besides writing the points.

    Raises ConfigurationError for an unknown release, AssertionError when a point has not migrated.
    """
    began, known = time.monotonic(), load(release)
    with tempfile.TemporaryDirectory(prefix="dip-bench-") as name:
        folder = Path(name)
        bench = Bench(default_network(folder / "network"), known)
        sites = [bench.site(folder, size, count) for size, count in sizes.items()]
        picks = {site.name: bench.picks(site.points) for site in sites}
        for site in sites:
            for _ in range(_WARM):
                bench.migrate(site, next(picks[site.name]))
            site.microseconds.clear()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for site in sites:
                for _ in range(_ROUND):
                    bench.migrate(site, next(picks[site.name]))
    return report(sites, time.monotonic() - began)


def report(sites: list[Site], seconds: float) -> Report:
    """Return the figures of what was measured and hold them to the limit; the first site is the measure."""
    figures: dict[str, float] = {}
    for site in sites:
        figures[f"us_per_migration_{site.name}"] = statistics.median(site.microseconds)
        figures[f"migrations_{site.name}"] = len(site.microseconds)
        figures[f"opened_ms_{site.name}"] = site.opened_ms
    first = figures[f"us_per_migration_{sites[0].name}"]
    for site in sites[1:]:
        figures[f"ratio_{site.name}"] = figures[f"us_per_migration_{site.name}"] / first
    missed = tuple(
        f"a migration among {site.points:,} points costs {figures[f'ratio_{site.name}']:.2f} times as much"
        for site in sites[1:]
        if figures[f"ratio_{site.name}"] > RATIO
    )
    return Report(figures, missed, cores.machine(), seconds)


def lines(report: Report) -> Iterator[str]:
    """Give the lines of a report for people."""
    for name, size in SIZES.items():
        if f"us_per_migration_{name}" in report.figures:
            ratio = report.figures.get(f"ratio_{name}", 1.0)
            took = report.figures[f"us_per_migration_{name}"]
            yield f"{size:>9,} points  {took:>8,.0f} us each  {ratio:.2f}  (at most {RATIO})"
    yield f"{report.machine}; {report.seconds:.0f} s"
    for text in report.missed:
        yield f"MISSED: {text}"


class Bench:
    """The parties of a migration and the messages that they send."""

    def __init__(self, network: Network, release: Release) -> None:
        """Everything is written for ``release``."""
        self._release, self._behaviour = release, Registration()
        self._registration = network.with_role("REGS")[0]
        self._supplier = network.with_role("SUP")[0]
        self._distributor = network.with_role("LDSO")[0]
        self._providers = {kind: network.with_role(role)[0] for kind, role in _PROVIDER_ROLES.items()}
        self._acting = Acting(self._registration, network, load_routing(), _NOW, "bench")
        self._random = random.Random("migration")

    def site(self, folder: Path, name: str, points: int) -> Site:
        """Return a register that starts from a file of so many unmigrated points."""
        path = folder / f"{name}.jsonl"
        entry = {
            "supplier": self._supplier.dip_id,
            "regime": LEGACY,
            "market_segment": "S",
            "connection_type": "W",
            "metering_service": {"mpid": "MOPA"},
            "data_service": {"mpid": "DCAA"},
        }
        with path.open("wb") as file:
            for number in range(points):
                file.write(orjson.dumps({"mpan": self._mpan(number), **entry}) + b"\n")
        began = time.perf_counter()
        register = self._behaviour.start({"points_file": str(path)}, self._acting)
        return Site(name, points, register, (time.perf_counter() - began) * 1000)

    def picks(self, points: int) -> Iterator[str]:
        """Give MPANs from all over a register of so many points, none twice."""
        taken: set[int] = set()
        while len(taken) < points:
            number = self._random.randrange(points)
            if number not in taken:
                taken.add(number)
                yield self._mpan(number)

    def migrate(self, site: Site, point: str) -> None:
        """Take a point through its migration, and note the processor time of all that registration did."""
        received = [self._request(point, kind) for kind in Service]
        received += [self._answer(point, kind) for kind in Service]
        at_date = replace(self._acting, now=_EFFECTIVE)
        began = time.thread_time_ns()
        for message in received:
            self._write(self._behaviour.on_publication(site.register, message, self._acting)[1], self._acting)
        assert self._behaviour.next_due(site.register) == _EFFECTIVE
        self._write(self._behaviour.on_time(site.register, at_date)[1], at_date)
        site.microseconds.append((time.thread_time_ns() - began) / 1000)
        held = site.register.find(point)
        assert held is not None
        assert held.regime_at(_EFFECTIVE) == MHHS

    def _mpan(self, number: int) -> str:
        return mpan(self._distributor.distributor_id or "", number * _SPREAD)

    def _write(self, sent: tuple[Outgoing, ...], acting: Acting) -> None:
        for message in sent:
            compose(self._release, message, acting, "SIT")

    def _request(self, point: str, kind: Service) -> Publication:
        words, provider = WORDS[kind], self._providers[kind]
        proposal: dict[str, Any] = {
            "appointmentScenario": "MCA",
            words.proposed_dip_id: provider.dip_id,
            words.proposed_mpid: provider.mpid,
            words.proposed_from: message_time(_EFFECTIVE),
        }
        if kind is Service.DATA:
            proposal |= {
                "supplierNominatedMDRDIPID": None,
                "supplierNominatedMDRMPID": None,
                "supplierNominatedMDREffectiveFromDate": None,
                "supplierProposedConsentGranularity": "H",
            }
        return self._received(
            "IF-031", f"{words.prefix}App", self._supplier.dip_id, point, {words.proposal: proposal}
        )

    def _answer(self, point: str, kind: Service) -> Publication:
        requester = {
            "serviceProviderAppointmentRequestingSupplierDIPID": self._supplier.dip_id,
            "serviceProviderAppointmentRequestingSupplierMPID": self._supplier.mpid,
        }
        accepts = {
            "responseCode": "A",
            "proposedAppointmentResponseCode": "SP000 - Proposed Appointment ACCEPTED",
        }
        event, sender = f"{WORDS[kind].prefix}AppSPResponse", self._providers[kind].dip_id
        return self._received(
            "IF-034", event, sender, point, {"B007": accepts, "B012": requester, "B018": None}
        )

    def _received(
        self, interface: str, event: str, sender: str, point: str, custom: Mapping[str, Any]
    ) -> Publication:
        party = self._acting.network.by_dip_id(sender)
        outgoing = Outgoing(
            self._release.name,
            interface,
            event,
            point,
            self._distributor.dip_id,
            (self._registration.dip_id,),
            custom=custom,
        )
        payload = compose(self._release, outgoing, replace(self._acting, party=party), "SIT")
        transaction = f"{interface}/{event}/{point}"
        payload["CommonBlock"]["D0"] = {"transactionID": transaction, "initialCorrelationID": transaction}
        return Publication(self._release.name, interface, event, sender, "bench", transaction, payload)
