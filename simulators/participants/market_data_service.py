"""The market-wide data service: it judges and holds consumption, runs settlement, tells of defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any

from harness.calendars.book import calendars
from harness.clock import message_time
from harness.errors import ConfigurationError, nearest
from harness.messages.consumption import kwh
from harness.settings import current
from harness.spec.codes import text
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing, Reaction, add
from simulators.participants.consuming import de_energised
from simulators.participants.content import Content, Item
from simulators.participants.lessons import moment
from simulators.participants.playing import Heard, Plays, Reply, State, Word, codes_of
from simulators.participants.policy import ACCEPT, SILENT
from simulators.participants.record import Point
from simulators.participants.reporting import report_word
from simulators.participants.settling import totals
from simulators.participants.settling_reports import DISTRIBUTORS, SUPPLIERS, messages
from simulators.participants.settling_rules import Case, Reported, broken, reported
from simulators.participants.settling_runs import RUNS, Desk, by_calendar, due, ran
from simulators.participants.sharded import Sharded


def _desk(options: Mapping[str, Any], acting: Acting) -> Desk:
    where = f"behaviour of {acting.party.dip_id}"
    timetable = str(options["timetable"]) if options.get("timetable") else None
    known = calendars().timetables
    if timetable and timetable not in known:
        raise ConfigurationError(
            f"'{timetable}' is no settlement timetable", where=where, mend=nearest(timetable, known)
        )
    settles = options.get("settles") or {}
    if not isinstance(settles, Mapping) or set(settles) - {"from", "to"}:
        raise ConfigurationError("settles is no mapping of from and to", where=where)
    days = [_day(settles[name], f"{where}: settles: {name}") for name in ("from", "to") if name in settles]
    return Desk(
        Sharded(),
        round(current().number("settlement.maximum_period_kwh") * 1000),
        timetable,
        days[0] if days else None,
        days[-1] if days else None,
    )


def _day(value: object, where: str) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ConfigurationError(f"is {value!r}, expected a date such as 2026-07-01", where=where) from None


def _judged(state: State, heard: Heard) -> Reaction:
    """Hold consumption that breaks no rule; else refuse all of it, or warn."""
    publication, policy, acting = heard.publication, heard.policy, heard.acting
    desk: Desk = replace(state.own, release=publication.release)
    block = publication.custom("B900")
    periods = reported(block)
    quantity = str(block["MQID"]["measurementQuantityID"])
    point = state.record.point(publication.mpan)
    connection = publication.custom("B067")
    case = Case(
        event=publication.event,
        quantity=quantity,
        periods=periods,
        connection_type=str(connection.get("connectionTypeIndicator")),
        connection_from=moment(connection.get("connectionTypeEffectiveFromDate")),
        sender=publication.sender,
        point=point,
        now=acting.now,
        maximum=desk.maximum,
        calendars=calendars(),
        timetable=desk.timetable,
    )
    if policy.response in (ACCEPT, SILENT):
        reasons = [f"{text(code)}: {place}"[:200] for code, place in broken(case)]
    else:
        reasons = [text(policy.response) if policy.response in _CODES else policy.message or "Not accepted"]
    if reasons:
        refused = _answer(heard, point, "ActivePowerRejected", "R", reasons)
        return replace(state, own=desk), (refused,)
    account = desk.account(point.mpan).hold(quantity, periods, publication.sender)
    state = replace(state, own=desk.with_account(point.mpan, account))
    live = _live_periods(point, periods)
    if not live:
        return state, ()
    what = f"Consumption on a de-energised metering point: {live[0].stated}"
    return state, (_answer(heard, point, "ConsumptionOnDeEnergisedMPAN", "W", [what]),)


def _live_periods(point: Point, periods: list[Reported]) -> list[Reported]:
    return [each for each in periods if each.end and each.watt_hours and de_energised(point, each.end)]


def _answer(heard: Heard, point: Point, event: str, code: str, reasons: list[str]) -> Outgoing:
    """Return IF-014, which repeats the blocks of what it answers."""
    custom = {name: heard.publication.custom(name) for name in ("B044", "B067", "B900")}
    return sending.answer(
        heard.publication,
        "IF-014",
        event,
        point,
        heard.acting,
        custom=custom,
        common={"R0": {"responseCode": code, "responseMessages": reasons}},
    )


def _told_to_run(state: State, content: Content, acting: Acting) -> Reaction:
    """Run settlement for a day, of one metering point or of all that are known."""
    run, day, desk = content.one_of("run", RUNS), content.day("day"), state.own
    if not content.flag("anyway"):
        on = calendars().settlement_run_date(day, run, desk.timetable)
        if acting.now.date() < on:
            raise content.wrong("run", f"which takes place on {on} for {day}")
    mpans = [content.mpan()] if content.has("mpan") else sorted(state.record.points)
    return ran(replace(state, own=replace(desk, release=content.release)), mpans, day, run, acting)


def _annual(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    last = content.day("day", acting.now.astimezone(UTC).date() - timedelta(days=1))
    days = max(int(content.number("days", 365)), 1)
    watt_hours, quality = state.own.account(point.mpan).annual(days, last)
    if quality == "D":
        watt_hours = round(sending.described(point, acting).annual_kwh * 1000)
    block = {
        "annualConsumption": kwh(watt_hours),
        "annualConsumptionEffectiveFromDate": message_time(content.moment("effective", acting.now)),
        "annualConsumptionQualityIndicator": quality,
    }
    return state, (
        sending.message(
            content.release, "IF-040", "AnnualConsumption", point, acting, custom={"B059": block},
            places=content.places(),
        ),
    )  # fmt: skip


def _charges(state: State, content: Content, acting: Acting) -> Reaction:
    content.one_of("report", (SUPPLIERS, DISTRIBUTORS))
    content.one_of("run", RUNS)
    return state, messages(state, content, acting)


def _shown(state: State, mpan: str) -> dict[str, Any]:
    """Return what is held of an MPAN; where anything is, what all runs add up to as well."""
    account = state.own.accounts.get(mpan)
    if account is None:
        return {}
    return {**account.as_dict(), "totals": totals(state.own.accounts.values())}


_CODES = codes_of("ECS")
_REPLIES = tuple(
    Reply(
        "IF-021",
        event,
        "IF-014 [ActivePowerRejected] where a rule is broken, [ConsumptionOnDeEnergisedMPAN] as a warning",
        _judged,
        "assumed",
        "the codes are published, their conditions assumed; a message is refused as a whole",
        codes=_CODES,
    )
    for event in ("ActivePower", "ReactivePower")
)
_WORDS = (
    Word(
        "run",
        (
            Item("run", about=", ".join(RUNS)),
            Item("day", about="UTC settlement day"),
            Item("mpan", needed=False, about="all that are known when absent"),
            Item("anyway", needed=False, about="true: before the day of the calendar"),
        ),
        "IF-013 for every period without data",
        _told_to_run,
        "third-party",
        "IF-013 tells which volumes were defaulted; the values are assumed",
    ),
    Word(
        "annual-consumption",
        (
            Item("mpan"),
            Item("day", needed=False, about="the last day that counts; yesterday when absent"),
            Item("days", needed=False, about="how many days count; 365 when absent"),
            Item("effective", needed=False),
            Item("set", needed=False),
        ),
        "IF-040",
        _annual,
        "assumed",
        "scaled up from what is held; the quality codes are published",
    ),
    report_word(
        ("REP-002", "REP-002A", "REP-002B", "REP-008"), "their names are the market-wide data service's"
    ),
    Word(
        "charges",
        (
            Item("report", about=", ".join((SUPPLIERS, DISTRIBUTORS))),
            Item("run", about="a run that took place"),
            Item("day", about="UTC settlement day"),
            Item("to", needed=False, about="DIP ids; the supplier or distributor itself when absent"),
            Item("set", needed=False),
        ),
        f"{SUPPLIERS} for each supplier, {DISTRIBUTORS} for each distributor and GSP group",
        _charges,
        "assumed",
        "added up from the run, in MWh; a defaulted period counts as estimated",
    ),
)
add(
    "market-data-service",
    Plays(
        frozenset({"MDS"}),
        _REPLIES,
        _WORDS,
        own=_desk,
        own_options={
            "timetable": "a settlement timetable of the calendars; that of the day when absent",
            "settles": "`{from, to}`: settlement days whose runs take place by the calendar, at 12:00 "
            "UTC, without being told",
        },
        show=_shown,
        due=due,
        act=by_calendar,
    ),
)
