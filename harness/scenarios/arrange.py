"""Before the first step: the clock is set, hub and simulated parties learn what is taken as given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from harness.calendars.local_time import clock_midnight
from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.scenarios.model import Case
from harness.scenarios.play import Bench, Blocked, Play
from harness.scenarios.points import addresses, registered
from harness.transport.admin import Admin
from harness.transport.target_clock import TargetClock

_REGISTRATION = "registration"
_AS_REGISTERED = "given"
"""As the option ``points`` of another party: it knows the scenario's points as registration does."""
_MORNING = timedelta(hours=10)
_OWN_CLOCK = frozenset({"sit-functional", "sit-migration"})
"""Stages whose cases all begin at the moment that a setting names."""


def begins(case: Case, bench: Bench) -> datetime | None:
    """Return the moment that a case begins at; None where it takes the target's present as it is."""
    given = case.scenario.given
    if given.clock:
        return datetime.fromisoformat(given.clock).astimezone(UTC)
    if given.effective:
        day = date.fromisoformat(given.effective) - timedelta(days=given.effective_in_days)
        return clock_midnight(day) + _MORNING
    if case.scenario.stage in _OWN_CLOCK and "clock" in bench.target.capabilities:
        return datetime.fromisoformat(bench.settings.text("scenario.starts_at")).astimezone(UTC)
    return None


def set_clock(bench: Bench, moment: datetime) -> None:
    """Make a moment the target's present; raises EnvironmentFault when the target has no admin API."""
    admin = bench.target.admin
    if admin is None:
        raise EnvironmentFault("the target has no admin API", mend="Give it the capability 'admin'.")
    present = admin.set_clock(moment)
    if isinstance(bench.clock, TargetClock):
        bench.clock.take(present)


def arrange(play: Play) -> None:
    """Tell the hub whose the metering points are, and the simulated parties what they hold and how they act.

    A hub without an admin API has to know the metering points by itself.

    Raises Blocked when that can't be, and when a registration service does not hold a point afterwards.
    """
    admin = play.bench.target.admin
    if admin is None:
        return
    try:
        for known, opening in ((addresses(play.cast.points), True), (_named_parties(play), False)):
            if known and "admin" in play.bench.target.capabilities:
                admin.set_addresses(play.release.name, known, opening=opening)
        behaviours = _behaviours(play)
        if behaviours:
            admin.set_behaviours(play.cast.tag, behaviours)
        _look(play, admin)
    except (ConfigurationError, EnvironmentFault):
        raise
    except HarnessError as error:
        raise Blocked(f"what the scenario takes as given can't be set up: {error}") from error


def dismiss(play: Play) -> None:
    """Switch the behaviours of a finished case off, so that nobody acts for it any more."""
    admin = play.bench.target.admin
    if admin is not None and (play.cast.case.scenario.given.behaviours or play.cast.points):
        admin.set_behaviours(play.cast.tag, {})


def _named_parties(play: Play) -> list[dict[str, str]]:
    parties = [play.cast.party(alias) for alias in play.cast.case.scenario.given.metering_point]
    return [{"mpan": play.cast.mpan, "role": party.role, "dip_id": party.dip_id} for party in parties]


def _behaviours(play: Play) -> Mapping[str, Mapping[str, Any]]:
    given, words = play.cast.case.scenario.given, play.words
    found: dict[str, dict[str, Any]] = {
        play.cast.party(alias).dip_id: words.value(behaviour) for alias, behaviour in given.behaviours.items()
    }
    simulated = {party.dip_id for party in play.bench.target.network.parties if party.simulated}
    held = registered(play.cast.points, play.cast.parties, words)
    for own in found.values():
        if own.get("points") == _AS_REGISTERED:
            own["points"] = [point for points in held.values() for point in points]
    for dip_id, points in held.items():
        own = found.setdefault(dip_id, {"name": _REGISTRATION})
        own["points"] = [*points, *own.get("points", [])]
    return {dip_id: behaviour for dip_id, behaviour in found.items() if dip_id in simulated}


def _look(play: Play, admin: Admin) -> None:
    for point in play.cast.points.values():
        register = point.register
        if register is None or not register.simulated or "registration" not in point.known_to:
            continue
        if admin.register(register.dip_id, point.mpan) is None:
            raise Blocked(f"{register.name} does not hold metering point {point.mpan} ('{point.alias}')")
