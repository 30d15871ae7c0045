"""Running one case: from its stored instance through its steps to a verdict.

The engine emits events and knows no report. An instance that can't go on (a person has not answered) is
stored and its verdict is ``inconclusive``; `run_case` with the same run folder goes on at that step.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.evidence.events import InstanceFinished, InstanceStarted, StepStarted
from harness.evidence.verdicts import Blame, BlameClass, Outcome, Verdict, status_of
from harness.scenarios import instance as stored
from harness.scenarios.arrange import arrange, begins, dismiss, set_clock
from harness.scenarios.given import Cast, cast, recipients
from harness.scenarios.model import (
    Advance,
    Case,
    Check,
    ExpectNone,
    Fault,
    InOrder,
    Receive,
    ReceiveStatus,
    Reconcile,
    Replay,
    Requeue,
    Step,
    Webhook,
)
from harness.scenarios.play import Bench, Blocked, NotApplicable, Play
from harness.scenarios.saying import WORD_OF, said
from harness.scenarios.steps import (
    PERFORM,
    again,
    answer,
    check,
    fault,
    order,
    others,
    outside,
    receive,
    reconcile,
    send,
    status,
)
from harness.scenarios.steps.fault import end_faults
from harness.scenarios.twins import begin
from harness.spec.release import load

__all__ = [
    "again",
    "answer",
    "check",
    "fault",
    "order",
    "others",
    "outside",
    "receive",
    "reconcile",
    "run_case",
    "send",
    "status",
]  # fmt: skip

_NEEDS: dict[type[Step], str] = {
    Receive: "parties",
    ReceiveStatus: "admin",
    Fault: "faults",
    Requeue: "admin",
    Replay: "admin",
    ExpectNone: "parties",
    InOrder: "admin",
    Reconcile: "parties",
    Check: "parties",
    Webhook: "admin",
    Advance: "clock",
}


def run_case(case: Case, bench: Bench, folder: Path) -> Outcome:
    """Run a case to its verdict; never raises for anything that the system under test or the target does."""
    started = time.perf_counter()
    tag = f"{bench.run} {case.key}"
    outcome, blocked = Outcome(Verdict.ERROR, "not run", Blame(BlameClass.HARNESS)), False
    announced = False
    try:
        lacking = _omitted(case, bench)
        kept = stored.load(folder, case.key)
        if lacking is None and kept is None and (moment := begins(case, bench)) is not None:
            set_clock(bench, moment)
        playing = cast(case, bench.target.network, tag=tag, now=bench.clock.now())
        _announce(case, bench, playing, tag)
        announced = True
        outcome = lacking or _play(case, bench, playing, kept, folder)
    except Blocked as reason:
        outcome, blocked = Outcome(Verdict.SKIPPED, str(reason), Blame(BlameClass.TEST_DATA)), True
    except ConfigurationError as error:
        outcome, blocked = Outcome(Verdict.SKIPPED, str(error), Blame(BlameClass.CONFIGURATION)), True
    except EnvironmentFault as error:
        outcome, blocked = Outcome(Verdict.INCONCLUSIVE, str(error), Blame(BlameClass.ENVIRONMENT)), True
    except Exception as error:
        outcome = Outcome(Verdict.ERROR, _described(error), Blame(BlameClass.HARNESS))
    if not announced:
        _announce(case, bench, None, tag)
    bench.log.write(
        InstanceFinished(
            case=case.key,
            verdict=outcome.verdict.value,
            status=status_of(outcome, precondition_failed=blocked).value,
            reason=outcome.reason,
            blame=None if outcome.blame is None else outcome.blame.as_dict(),
            seconds=round(time.perf_counter() - started, 4),
        )
    )
    return outcome


def _described(error: Exception) -> str:
    if isinstance(error, HarnessError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"


def _announce(case: Case, bench: Bench, playing: Cast | None, tag: str) -> None:
    bench.log.write(
        InstanceStarted(
            case=case.key,
            case_id=case.id,
            scenario=case.scenario.id,
            title=case.title,
            release=case.release,
            stage=case.scenario.stage,
            area=case.scenario.area,
            polarity=case.scenario.polarity,
            interface=case.interface,
            event_code=case.event,
            role=case.role,
            parties=[] if playing is None else _taking_part(case, bench, playing),
            requirements=list(case.requirements),
            external_ids=dict(case.scenario.external_ids),
            seed=case.seed,
            instance=tag,
            variant=case.scenario.variant,
            twin=case.twin,
            theme=case.scenario.theme,
            touched_by=list(case.touched_by),
            chosen_by=list(case.chosen_by),
            scenario_hash=case.scenario.digest,
            segments=list(case.scenario.segments),
        )
    )


def _taking_part(case: Case, bench: Bench, playing: Cast) -> list[str]:
    """Return the DIP ids of those who have a part: whom the scenario names, or else who is to receive too."""
    found = dict.fromkeys(party.dip_id for party in playing.parties.values())
    if not case.scenario.given.parties and case.scenario.polarity == "positive":
        network, routing = bench.target.network, bench.routing
        sender = playing.parties["sender"]
        receiving = recipients(case.interface, case.event, sender, network, routing)
        found |= dict.fromkeys(each.party.dip_id for each in receiving)
    return list(found)


def _omitted(case: Case, bench: Bench) -> Outcome | None:
    """A case whose steps need what the target can't do is left out before it begins."""
    needs = {_NEEDS[type(step)] for step in case.scenario.steps if type(step) in _NEEDS}
    given = case.scenario.given
    if given.behaviours or given.points:
        needs.add("parties")
    if given.clock or given.effective:
        needs.add("clock")
    if case.twin:
        needs |= {"admin", "clock", "faults"}
    able = bench.target.capabilities
    lacking = sorted(needs - able - ({"parties"} if "admin" in able else set()))
    if not lacking:
        return None
    return Outcome(
        Verdict.OMITTED,
        f"the target lacks the capability {' and '.join(repr(name) for name in lacking)}",
        Blame(BlameClass.ENVIRONMENT),
    )


def _step_started(case: Case, number: int, step: Step) -> StepStarted:
    origins = case.scenario.origins
    return StepStarted(
        case=case.key,
        number=number + 1,
        step=WORD_OF[type(step)],
        text=said(step),
        procedure=origins[number] if number < len(origins) else "",
    )


def _play(case: Case, bench: Bench, playing: Cast, kept: stored.Instance | None, folder: Path) -> Outcome:
    instance = kept or stored.Instance(
        case=case.key,
        tag=playing.tag,
        seed=case.seed,
        effective=playing.effective.isoformat(),
        start=playing.start.isoformat(),
    )
    playing = replace(
        playing,
        tag=instance.tag,
        effective=datetime.fromisoformat(instance.effective),
        start=datetime.fromisoformat(instance.start) if instance.start else playing.start,
    )
    play = Play(bench, playing, instance, load(case.release))
    try:
        if instance.next_step == 0:
            arrange(play)
            begin(play)
        for number, step in enumerate(case.scenario.steps):
            if number < instance.next_step:
                continue
            play.event(_step_started(case, number, step))
            PERFORM[type(step)](step, play)
            if play.failed is not None or play.waiting:
                break
            instance.next_step = number + 1
    except NotApplicable as reason:
        return Outcome(Verdict.OMITTED, str(reason), Blame(BlameClass.TEST_CASE))
    finally:
        end_faults(play)
        if not play.waiting:
            for step in case.scenario.last_steps:
                PERFORM[type(step)](step, play)
            dismiss(play)
    if play.waiting:
        instance.awaited, instance.move = play.waiting, "tester"
        stored.save(instance, folder)
        return Outcome(
            Verdict.INCONCLUSIVE, f"waits for {play.waiting}", Blame(BlameClass.TEST_CASE, "tester")
        )
    stored.discard(folder, case.key)
    if play.failed is not None:
        return Outcome(Verdict.FAIL, play.failed.reason, play.failed.blame)
    return Outcome(Verdict.PASS)
