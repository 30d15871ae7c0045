"""Which cases of a catalogue a person asked for (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.scenarios.model import Case


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
            and any(self.names(replace(case, twin=twin)) for twin in ("", *self.twins))
            and (
                not self.segments
                or not scenario.segments
                or bool(set(self.segments) & set(scenario.segments))
            )
        )
