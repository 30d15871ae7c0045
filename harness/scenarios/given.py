"""Preparing a case: who plays, for which metering point, and who must receive what (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from harness.calendars.local_time import clock_midnight, local_date
from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan as make_mpan
from harness.scenarios.model import Case
from harness.scenarios.points import FIRST, Point, points_of
from harness.scenarios.texts import Words
from harness.spec.release import Release
from harness.spec.routing import Routing, Row
from harness.transport.network import Network, Party


@dataclass(frozen=True, slots=True)
class Recipient:
    """A party that must receive a message, by which tier, and the routing row that says so."""

    party: Party
    row: Row


@dataclass(frozen=True, slots=True)
class Cast:
    """Everything that a case fixes before its first step."""

    case: Case
    tag: str
    """The text carried in S1.subText."""
    parties: Mapping[str, Party]
    """By alias; ``sender`` is always there."""
    mpan: str
    distributor: Party
    effective: datetime
    """Clock midnight in Great Britain, as UTC."""
    start: datetime
    """When the case began."""
    points: Mapping[str, Point] = field(default_factory=dict)
    """By alias; empty for a case that names none."""

    def party(self, alias: str) -> Party:
        """Return the party of an alias; raises ConfigurationError naming the file."""
        try:
            return self.parties[alias]
        except KeyError:
            raise ConfigurationError(
                f"no party is called '{alias}'",
                where=str(self.case.scenario.file),
                mend=f"Known: {', '.join(sorted(self.parties))}.",
            ) from None

    def point(self, alias: str = "") -> Point | None:
        """Return a point by alias, or the one that ``{mpan}`` stands for; None where the case names none.

        Raises ConfigurationError for an alias that no point has.
        """
        if not alias:
            return self.points.get(FIRST) or next(iter(self.points.values()), None)
        if alias not in self.points:
            raise ConfigurationError(
                f"no metering point is called '{alias}'",
                where=str(self.case.scenario.file),
                mend=f"Known: {', '.join(sorted(self.points)) or 'none; see given: points'}.",
            )
        return self.points[alias]

    def words(self, now: datetime) -> Words:
        """Return what may stand in braces at a moment."""
        names = {"mpan": self.mpan, "tag": self.tag}
        names |= {name: str(getattr(self.case, name)) for name in ("interface", "event", "role")}
        for alias, point in self.points.items():
            names[f"{alias}.mpan"] = point.mpan
        for alias, party in self.parties.items():
            for name in ("dip_id", "mpid", "role", "name", "distributor_id"):
                names[f"{alias}.{name}"] = str(getattr(party, name) or "")
        return Words(names, self.effective, self.start, now, str(self.case.scenario.file))


def pick(network: Network, role: str, number: int = 1, *, without: Iterable[str] = ()) -> Party:
    """Return the ``number``-th party of a role; raises ConfigurationError when the network has too few."""
    left_out = set(without)
    parties = [party for party in network.with_role(role) if party.dip_id not in left_out]
    if len(parties) < number:
        raise ConfigurationError(
            f"the network has {len(parties)} part{'y' if len(parties) == 1 else 'ies'} of role {role}, "
            f"the scenario needs {number}",
            where="network file",
            mend=f"Add a party of role {role}.",
        )
    return parties[number - 1]


def another(network: Network, party: Party) -> Party:
    """Return a party of another organisation, of the same role where there is one.

    Raises ConfigurationError when the network has one organisation alone.
    """
    others = [other for other in network.parties if other.organisation != party.organisation and other.mpid]
    if not others:
        raise ConfigurationError("the network has one organisation alone", where="network file")
    return next((other for other in others if other.role == party.role), others[0])


def cast(case: Case, network: Network, *, tag: str, now: datetime) -> Cast:
    """Choose the parties and the metering points of a case from its seed."""
    given, file = case.scenario.given, str(case.scenario.file)
    parties: dict[str, Party] = {}
    for alias, wanted in given.parties.items():
        role, _, number = wanted.partition("#")
        parties[alias] = pick(network, role, int(number or 1))
    parties.setdefault("sender", pick(network, case.role))
    points = points_of(given.points, parties, network, seed=case.seed, where=file)
    first = points.get(FIRST) or next(iter(points.values()), None)
    distributor = next((party for party in parties.values() if party.role == "LDSO"), None) or pick(
        network, "LDSO"
    )
    if first is not None:
        distributor = first.distributor
    unique = case.seed % 10_000_000_000
    return Cast(
        case=case,
        tag=tag,
        parties=parties,
        mpan=first.mpan if first is not None else make_mpan(distributor.distributor_id or "10", unique),
        distributor=distributor,
        effective=clock_midnight(
            date.fromisoformat(given.effective)
            if given.effective
            else local_date(now) + timedelta(days=given.effective_in_days)
        ),
        start=now,
        points=points,
    )


def recipients(
    interface: str,
    event: str,
    sender: Party,
    network: Network,
    routing: Routing,
    *,
    primary: Iterable[Party] | None = None,
    serving: Iterable[Party] | None = None,
) -> tuple[Recipient, ...]:
    """Return who must receive a message: primary by the sender's choice, secondary by MPAN, always.

    Where the scenario names no primary recipients, the sender addresses the first other party of each
    primary role. Secondary recipients are those of ``serving`` where it is given, else the parties that the
    scenario registers for its metering point.
    """
    in_place = None if serving is None else {party.role: party for party in serving}
    found: dict[str, Recipient] = {}
    rows = routing.receivers(interface, event, sender=sender.role)
    if primary is not None:
        by_role = {row.role: row for row in rows}
        for party in primary:
            row = by_role.get(party.role)
            if row is None:
                raise ConfigurationError(
                    f"{party.role} is no receiver of {interface} [{event}]",
                    where="scenario",
                    mend="See routing.yaml.",
                )
            found[party.dip_id] = Recipient(party, row)
    for row in rows:
        if row.role == "DIP":
            continue
        if row.tier == "always":
            for party in network.with_role(row.role):
                if party.dip_id != sender.dip_id:
                    found.setdefault(party.dip_id, Recipient(party, row))
        elif row.tier == "secondary" and in_place is not None:
            served = in_place.get(row.role)
            if served is not None and served.dip_id != sender.dip_id:
                found.setdefault(served.dip_id, Recipient(served, row))
        elif row.tier == "secondary" or primary is None:
            party = pick(network, row.role, without=[sender.dip_id])
            found.setdefault(party.dip_id, Recipient(party, row))
    return tuple(found.values())


def has_mpan(release: Release, interface: str, event: str) -> bool:
    """Say whether the message names a metering point in its common block (M0, or M1's principal MPAN)."""
    message = release.message_for(interface, event)
    if message is None:
        return False
    blocks = release.schema(message.name)["properties"]["CommonBlock"]["properties"]
    return "M0" in blocks or "M1" in blocks
