"""What is inconsistent in a plan (pure): plan, calendar, date -> findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from harness.calendars.working_days import Calendar
from harness.stages.plan.cohorts import odd_pairings, shortages
from harness.stages.plan.exemptions import standing
from harness.stages.plan.model import Kind, Manual, Plan, Track
from harness.stages.plan.timing import depart, schedule


@dataclass(frozen=True, slots=True)
class Finding:
    """One inconsistency: a stable code, what it is about, found and expected, and on which basis."""

    code: str
    subject: str
    what: str
    expected: str = ""
    got: str = ""
    basis: str = "ours"

    def as_dict(self) -> dict[str, str]:
        """Return the finding for a program."""
        return asdict(self)


def check(plan: Plan, calendar: Calendar, as_of: date) -> tuple[Finding, ...]:
    """Return everything that is inconsistent in a plan on a day."""
    return (
        *_artefacts(plan, calendar),
        *_rest_days(plan, calendar),
        *_milestones(plan, as_of),
        *_stages(plan),
        *_parties(plan),
        *_cohort(plan),
        *_cycles(plan),
        *_exemptions(plan, as_of),
        *_work_off(plan, as_of),
    )


def _cycles(plan: Plan) -> Iterator[Finding]:
    """Yield cycles that end before they start, and planned figures that fall or go beyond the cycle."""
    for cycle in plan.cycles.values():
        if cycle.start and cycle.end and cycle.end < cycle.start:
            yield Finding(
                "cycle-dates", cycle.title, f"ends on {cycle.end}, before it starts on {cycle.start}"
            )
        last = 0
        for day, passed in sorted(cycle.planned):
            if passed < last:
                what = f"{passed} tests are planned to have passed by {day}, fewer than the {last} before"
                yield Finding("cycle-planned", cycle.title, what)
            last = max(last, passed)
            if cycle.tests is not None and passed > cycle.tests:
                what = f"{passed} tests are planned to have passed by {day}; the cycle has {cycle.tests}"
                yield Finding("cycle-planned", cycle.title, what, str(cycle.tests), str(passed))
            if (cycle.start and day < cycle.start) or (cycle.end and day > cycle.end):
                yield Finding("cycle-planned", cycle.title, f"{day} is outside the cycle's own dates")


def _artefacts(plan: Plan, calendar: Calendar) -> Iterator[Finding]:
    """Yield dates of tracks that break the artefact's timing rule."""
    for track in plan.tracks.values():
        for key, day in dated(plan, track, calendar).items():
            artefact = plan.artefacts[key]
            rule = artefact.when
            known = dated(plan, track, calendar).get(rule.of) if rule else None
            if rule is None or known is None:
                continue
            weekday = artefact.repeat.weekday if artefact.repeat else ""
            if wrong := depart(rule, known, day, calendar, weekday):
                other = plan.artefacts[rule.of].title
                yield Finding(
                    "artefact-timing",
                    f"{track.title}: {artefact.title}",
                    f"on {day}, {wrong.found} '{other}' ({known}); "
                    f"the rule says {_phrase(rule.text)}: {wrong.off}",
                    wrong.wanted,
                    day.isoformat(),
                    artefact.basis,
                )
            if weekday and f"{day:%A}" != weekday:
                yield Finding(
                    "artefact-weekday",
                    f"{track.title}: {artefact.title}",
                    f"on {day}, a {day:%A}; it is due on a {weekday}",
                    weekday,
                    f"{day:%A}",
                    artefact.basis,
                )


def dated(plan: Plan, track: Track, calendar: Calendar) -> dict[str, date]:
    """Return a track's dates: those given, and in a plan or template those that follow by the rules."""
    if plan.kind is Kind.RECORD:
        return dict(track.dates)
    return schedule(plan.artefacts, track.dates, calendar)


def _phrase(text: str) -> str:
    """Drop the reference of a rule, which the sentence has named already."""
    return text.rsplit(" ", 1)[0] if not text.startswith("same day") else "the same day"


def _rest_days(plan: Plan, calendar: Calendar) -> Iterator[Finding]:
    """Yield dates that fall on a day of rest; the decisions of a record fell where they fell."""
    days = [
        (f"{track.title}: {plan.artefacts[key].title}", day)
        for track in plan.tracks.values()
        for key, day in track.dates.items()
    ]
    if plan.kind is not Kind.RECORD:
        days += [(f"milestone {each.id}", each.day) for each in plan.milestones.values() if each.day]
    for subject, day in days:
        if why := calendar.why_not(day):
            yield Finding(
                "day-of-rest", subject, f"on {day}: {why} in {calendar.title}", "a working day", str(day)
            )


def _milestones(plan: Plan, as_of: date) -> Iterator[Finding]:
    """Yield milestones that come before what they need, and forecasts that have passed in silence."""
    for milestone in plan.milestones.values():
        for needed in (plan.milestones[name] for name in milestone.needs):
            if milestone.day and needed.day and milestone.day < needed.day:
                yield Finding(
                    "milestone-order",
                    f"milestone {milestone.id}",
                    f"on {milestone.day}, before what it needs: {needed.id} ({needed.title}) on {needed.day}",
                    f"{needed.day} or later",
                    milestone.day.isoformat(),
                )
        if milestone.actual and milestone.actual > as_of:
            yield Finding(
                "actual-ahead",
                f"milestone {milestone.id}",
                f"its actual date {milestone.actual} lies after {as_of}",
                f"{as_of} or earlier",
                milestone.actual.isoformat(),
            )
        overdue = milestone.day and milestone.day < as_of and not milestone.actual
        if overdue and plan.kind is Kind.PLAN:
            yield Finding(
                "overdue",
                f"milestone {milestone.id}",
                f"was due on {milestone.day} and has no actual date",
                "an actual date, or a new forecast",
                f"{milestone.day}",
            )


def _stages(plan: Plan) -> Iterator[Finding]:
    """Yield stages that end before they start."""
    for stage in plan.stages.values():
        start = plan.milestones[stage.start].day if stage.start else None
        end = plan.milestones[stage.exit].day if stage.exit else None
        if start and end and end < start:
            yield Finding(
                "stage-order",
                f"stage {stage.id}",
                f"ends on {end} ({stage.exit}), before it starts on {start} ({stage.start})",
                f"{start} or later",
                end.isoformat(),
            )


def _parties(plan: Plan) -> Iterator[Finding]:
    """Yield parties that left a stage before the one it follows."""
    for party in plan.parties.values():
        for name, day in party.reached.items():
            for before in plan.stages[name].after:
                if plan.stages[before].per.value != "party":
                    continue
                earlier = party.reached.get(before)
                if earlier is None or earlier > day:
                    yield Finding(
                        "party-order",
                        f"party {party.id}",
                        f"left {name} on {day}, but {before}, which comes first, "
                        + (f"on {earlier}" if earlier else "not yet"),
                        f"{before} left by {day}",
                        earlier.isoformat() if earlier else "",
                    )
    for pairing, odd in odd_pairings(plan):
        yield Finding("pairing", f"pairing {pairing}", odd)


def _cohort(plan: Plan) -> Iterator[Finding]:
    """Yield roles that the minimum viable cohort lacks; a template has no parties yet."""
    if plan.kind is Kind.TEMPLATE and not plan.parties:
        return
    for short in shortages(plan, plan.parties.values()):
        yield Finding(
            "cohort-short",
            f"role {short.role}",
            f"the minimum viable cohort lacks parties: {short}",
            str(short.needed),
            str(len(short.found)),
            plan.cohort.basis if plan.cohort else "",
        )


def _exemptions(plan: Plan, as_of: date) -> Iterator[Finding]:
    """Yield what is wrong with exemptions."""
    for exemption in plan.exemptions:
        for problem in standing(exemption, as_of).problems:
            yield Finding(
                "exemption", f"{exemption.legal_entity}: {exemption.segment}", problem, basis="published"
            )


def _work_off(plan: Plan, as_of: date) -> Iterator[Finding]:
    """Yield work-off items that are late, and manual criteria met on nothing."""
    for item in plan.work_off:
        if (item.closed is None or item.closed > as_of) and item.due < as_of:
            yield Finding(
                "work-off-late",
                f"work-off {item.id}",
                f"{item.owner} had it due on {item.due}: {item.item}",
                f"closed by {item.due}",
            )
    for criterion in plan.criteria.values():
        if isinstance(criterion.check, Manual) and criterion.check.met and not criterion.check.evidence:
            yield Finding(
                "no-evidence",
                f"criterion {criterion.id}",
                "said to be met, with no evidence named",
                "evidence",
            )
