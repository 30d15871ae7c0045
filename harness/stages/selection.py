"""Which cases of a catalogue a person asked for (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.scenarios.model import Case
from harness.stages.shards import read_shard
from harness.stages.taking_part import roles_in


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person asked for; an empty field selects all."""

    stage: str = ""
    interfaces: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    """Our ids of themes."""
    twins: tuple[str, ...] = ()
    """Perturbations under which each selected case is run again."""
    changed_since: str = ""
    """A release: only cases that what changed since then touches (`harness.stages.impact` marks them)."""
    last_failures: str = ""
    """Folder of an earlier run; ``cases`` are those of it that did not pass."""
    cases: tuple[str, ...] = ()
    """Keys of cases."""
    tags: tuple[str, ...] = ()
    cycle: str = ""
    cycle_themes: tuple[str, ...] = ()
    """What the plan's cycle holds; none: all of its stage."""
    cycle_areas: tuple[str, ...] = ()
    cohorts: tuple[str, ...] = ()
    intervals: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """Ids in the plan of the parties that these cohorts and intervals are."""
    members_roles: tuple[str, ...] = ()
    plan: str = ""
    """The plan file that cycle, cohorts and intervals are looked up in."""
    shard: str = ""
    """``2/4``: only the cases that fall to this job."""

    def names(self, case: Case) -> bool:
        """Say whether a case or twin is among those that are named; where none is named, each is."""
        return not self.cases or case.key in self.cases

    def takes(self, case: Case) -> bool:
        """Say whether a case, or a twin of it, is selected."""
        scenario = case.scenario
        return (
            (not self.stage or scenario.stage == self.stage)
            and (not self.interfaces or case.interface in self.interfaces)
            and (not self.events or case.event in self.events)
            and (not self.roles or case.role in self.roles)
            and (not self.requirements or bool(set(self.requirements) & set(case.requirements)))
            and (not self.scenarios or scenario.id in self.scenarios)
            and (not self.areas or scenario.area in self.areas)
            and (not self.themes or scenario.theme in self.themes)
            and (not self.changed_since or bool(case.touched_by))
            and (not self.tags or bool(set(self.tags) & set(scenario.tags)))
            and (not self.cycle or self._of_cycle(case))
            and (not self.members or bool(roles_in(case) & set(self.members_roles)))
            and (not self.shard or read_shard(self.shard).takes(case))
            and any(self.names(replace(case, twin=twin)) for twin in ("", *self.twins))
            and (
                not self.segments
                or not scenario.segments
                or bool(set(self.segments) & set(scenario.segments))
            )
        )

    def _of_cycle(self, case: Case) -> bool:
        """Say whether a case belongs to the cycle: its scenario names it or none, and the plan agrees."""
        scenario = case.scenario
        if scenario.cycles and self.cycle not in scenario.cycles:
            return False
        narrowed = bool(self.cycle_themes or self.cycle_areas)
        return not narrowed or scenario.theme in self.cycle_themes or scenario.area in self.cycle_areas

    def reasons(self, case: Case) -> Iterator[str]:
        """Yield, for a case that is taken, what of cycle, tag, cohort and interval it was taken for."""
        scenario = case.scenario
        if self.cycle:
            named = "named by the scenario" if scenario.cycles else "the scenario names no cycle"
            if scenario.theme in self.cycle_themes:
                named = f"theme {scenario.theme}"
            elif scenario.area in self.cycle_areas:
                named = f"area {scenario.area}"
            yield f"cycle {self.cycle}: {named}"
        for tag in self.tags:
            if tag in scenario.tags:
                yield f"tag {tag}"
        if self.members:
            labels = [f"cohort {name}" for name in self.cohorts] + [
                f"interval {name}" for name in self.intervals
            ]
            roles = ", ".join(sorted(roles_in(case) & set(self.members_roles)))
            yield f"{', '.join(labels)}: {roles} of it {'have' if ',' in roles else 'has'} a part"

    def told(self, case: Case) -> Case:
        """Return a case with the reasons for which it is taken."""
        return replace(case, chosen_by=tuple(self.reasons(case)))
