"""Which cases of a catalogue a person asked for (pure)."""

from __future__ import annotations

from dataclasses import dataclass

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

    def takes(self, case: Case) -> bool:
        """Say whether a case is selected."""
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
            and (
                not self.segments
                or not scenario.segments
                or bool(set(self.segments) & set(scenario.segments))
            )
        )
