"""How true the harness is: behaviours, settings, routing and the scope of CIT with their bases, as Markdown.

``python -m harness.reports.fidelity > docs/fidelity.md`` writes the checked-in document; a test compares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from harness.calendars.book import Calendars
from harness.calendars.book import load as load_calendars
from harness.reports.behaviours import Behaviour, load_behaviours
from harness.settings import Setting, SettingValue, shipped
from harness.spec import shelf
from harness.spec.obfuscation import Hiding, load_hiding
from harness.spec.release import Release, load
from harness.spec.routing import BASES, TIERS, Routing, Row, load_routing
from harness.spec.scope import CitScope, cit_scope

_OPENING = """\
# Fidelity

How true to the real DIP the harness is: what a participant can see of the simulated one, every figure and
every routing row, each with its basis. Written by `python -m harness.reports.fidelity` from
`harness/behaviours.yaml`, `harness/settings.yaml`, `swagger/routing.yaml` and the API releases; don't edit it
by hand. [The simulated DIP](dip-simulator.md) lists operations, statuses and response codes,
[participants](participants.md) what simulated parties do.

- **published**: an official text or machine-readable definition says so.
- **third-party**: somebody else's reading of a document that is not public. A lead, no rule.
- **assumed**: ours. Whoever knows better replaces it: settings with `DIP_SETTINGS=FILE.yaml`, routing with
  `DIP_ROUTING=FILE.yaml`.

A verdict names the assumptions that it leaned on.
"""


def document(
    settings: Mapping[str, Setting],
    routing: Routing,
    releases: Sequence[Release],
    scope: CitScope,
    hiding: Sequence[Hiding] = (),
    behaviours: Sequence[Behaviour] = (),
    calendars: Calendars | None = None,
) -> str:
    """Return the whole document; it depends on its arguments and on nothing else."""
    lines = [
        _OPENING,
        *(_behaviours(behaviours) if behaviours else ()),
        *_settings(settings),
        *_routing(routing, releases),
        *_scope(scope),
        *(_hiding(hiding) if hiding else ()),
        *(_calendars(calendars) if calendars else ()),
    ]
    return "\n".join(lines) + "\n"


def _behaviours(behaviours: Sequence[Behaviour]) -> Iterable[str]:
    yield (
        "## What a participant can see\n\n"
        "Each behaviour has a test that shows it. The settings are explained below.\n\n"
        f"{_tally(Counter(each.basis for each in behaviours), 'behaviours')}"
    )
    for area in dict.fromkeys(each.area for each in behaviours):
        yield f"\n### {area}\n\n| behaviour | basis | changed by | shown by |\n|---|---|---|---|"
        for each in behaviours:
            if each.area == area:
                says = each.says.replace("|", "\\|")
                settings = ", ".join(f"`{name}`" for name in each.settings)
                basis = f"{each.basis}: {each.source}" if each.source else each.basis
                yield f"| {says} | {basis} | {settings} | `{each.test}` |"
    yield ""


def _settings(settings: Mapping[str, Setting]) -> Iterable[str]:
    yield f"## Settings\n\n{_tally(Counter(each.basis for each in settings.values()), 'settings')}"
    groups: dict[str, list[Setting]] = {}
    for setting in settings.values():
        groups.setdefault(setting.name.split(".")[0], []).append(setting)
    for group, members in groups.items():
        yield f"\n### {group}\n\n| setting | value | unit | basis | reason |\n|---|---|---|---|---|"
        for each in members:
            cells = (f"`{each.name}`", _value(each.value), each.unit, each.basis, each.reason)
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _value(value: SettingValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value) if value != "" else "(empty)"


def _routing(routing: Routing, releases: Sequence[Release]) -> Iterable[str]:
    pairs = sorted({(pair.interface, pair.event) for release in releases for pair in release.pairs})
    rows = {pair: (*routing.senders(*pair), *routing.receivers(*pair)) for pair in pairs}
    everything = [row for found in rows.values() for row in found]
    yield (
        "\n## Routing\n\n"
        "One row says that one role sends or receives one event of one interface, in which tier. No public\n"
        "source splits receivers into tiers, so a receiver is rarely better founded than assumed, even\n"
        "where a third party's reading says that it is one. "
        f"Pairs of interface and event: {len(pairs)}, "
        f"over releases {', '.join(release.name for release in releases)}.\n\n"
        f"{_tally(Counter(row.basis for row in everything), 'rows')}\n\n### By tier\n\n{_head('tier')}"
    )
    for tier in ("sender", *TIERS):
        yield _counts(tier, [row for row in everything if row.tier == tier])
    yield f"\n### By interface\n\n{_head('interface')}"
    for interface in sorted({interface for interface, _ in pairs}):
        yield _counts(interface, [row for pair in pairs if pair[0] == interface for row in rows[pair]])


def _hiding(hiding: Sequence[Hiding]) -> Iterable[str]:
    yield (
        "\n## Hidden values\n\n"
        "With the setting `obfuscation.on` the hub publishes x in the place of these values\n"
        "(`swagger/obfuscation.yaml`).\n\n"
        "| items | of | hidden from | basis | reason |\n|---|---|---|---|---|"
    )
    for row in hiding:
        events = f" [{', '.join(row.events)}]" if row.events else ""
        cells = (
            ", ".join(row.items),
            f"{row.interface or 'any interface'}{events}",
            ", ".join(sorted(row.roles)),
            row.basis,
            row.reason,
        )
        yield f"| {' | '.join(cells)} |"


def _scope(scope: CitScope) -> Iterable[str]:
    yield (
        f"\n## The interfaces of CIT\n\n{len(scope.interfaces)} interfaces are counted apart as those of the "
        f"programme's own CIT ({scope.basis}). {scope.reason}\n\n| left out | because |\n|---|---|"
    )
    for interface, reason in sorted(scope.left_out.items()):
        yield f"| {interface} | {reason} |"


def _calendars(calendars: Calendars) -> Iterable[str]:
    yield (
        "\n## Calendars\n\nBank holidays are published. [Calendars](calendars.md) says how to put your own "
        "in place of these.\n\n| calendar | says | basis | reason |\n|---|---|---|---|"
    )
    for timetable in calendars.timetables.values():
        runs = ", ".join(f"{run} {days}" for run, days in timetable.runs.items())
        says = f"working days after the settlement day: {runs}; for settlement days from {timetable.starts}"
        why = "the programme's transition timetable, as others quote it"
        yield f"| {timetable.title} | {says} | {timetable.basis} | {why} |"
    migration = calendars.migration
    yield (
        f"| migration days | {migration.first} to {migration.last} | {migration.basis} | {migration.reason} |"
    )
    for service in calendars.services.values():
        says = "; ".join(
            f"{kind} {', '.join(f'{_clock(start)} to {_clock(until)}' for start, until in spans)}"
            for kind, spans in service.spans.items()
        )
        yield f"| {service.title} | open {says} | {service.basis} | {service.reason} |"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _head(what: str) -> str:
    return f"| {what} | {' | '.join(BASES)} |\n|---|{'---:|' * len(BASES)}"


def _counts(label: str, rows: Iterable[Row]) -> str:
    count = Counter(row.basis for row in rows)
    return f"| {label} | {' | '.join(str(count[basis]) for basis in BASES)} |"


def _tally(count: Counter[str], what: str) -> str:
    return f"{count.total()} {what}: " + ", ".join(f"{count[basis]} {basis}" for basis in BASES) + "."


if __name__ == "__main__":
    releases = [load(name) for name in shelf.shipped()]
    print(
        document(
            shipped(),
            load_routing(),
            releases,
            cit_scope(),
            load_hiding(),
            load_behaviours(),
            load_calendars(),
        ),
        end="",
    )
