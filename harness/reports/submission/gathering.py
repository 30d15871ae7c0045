"""From folders and files to what a submission is made of: the one place of this room that reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from harness.data import folder as data_folder
from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.registers.model import Registers
from harness.registers.reliance import EvidenceFacts
from harness.reports.relied import facts_of, facts_of_pack
from harness.reports.run import Run, read_run
from harness.reports.standing.merging import read_runs, standing
from harness.reports.submission.given import ALL_STAGES, Given, Point, phases_of
from harness.reports.submission.impacts import check_parties, read_changes
from harness.reports.submission.matrix import Submission
from harness.reports.submission.part import parts_of
from harness.reports.submission.planned import read_catalogue
from harness.reports.submission.previous import Previous
from harness.reports.submission.subject import Subject, find
from harness.reports.workbook import workbook
from harness.scenarios.requirements import joined, read_register, register_of, together
from harness.security.trust import Trust
from harness.spec.release import DEFAULT, names
from harness.stages.options import STAGES
from harness.stages.plan.measures import RANK
from harness.stages.plan.model import Automatic, Plan
from harness.stages.plan.model import Point as Gate
from harness.writing import write_whole

POINTS = ("pit-entry", "pit-exit", "qt-entry", "qt-exit", "sit-entry", "sit-exit")
"""Points that are usual; those of qualification are published, the others ours. Any plain name is taken."""
LEAST = EvidenceClass.SELF_TEST
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for; empty fields are found out."""

    party: str
    role: str
    submission: str
    as_of: date
    stage: str = ""
    release: str = ""
    evidence: EvidenceClass | None = None
    version: int = 0
    catalogue: Path | None = None
    baselines: tuple[Path, ...] = ()
    packs: tuple[Path, ...] = ()
    impact: Path | None = None


def gather(
    folders: Sequence[Path],
    asked: Asked,
    *,
    plan: Plan | None,
    registers: Registers,
    previous: Previous | None,
    trust: Trust | None = None,
) -> Given:
    """Read the runs and everything that the submission needs.

    Raises ConfigurationError for a name that is not known, with the nearest, and for any file that is wrong.
    """
    if not _PLAIN.fullmatch(asked.submission):
        raise ConfigurationError(
            f"'{asked.submission}' is no plain name",
            where="--submission",
            mend=f"Use letters, digits and hyphens, such as {', '.join(POINTS)}.",
        )
    runs = read_runs(folders)
    subject = find(asked.party, asked.role, (party for run in runs for party in run.parties), plan)
    stage = _stage(asked.stage, runs, plan)
    release = _release(asked.release, runs, plan, subject)
    catalogue = asked.catalogue or data_folder("test_catalogue")
    shipped = register_of(catalogue)
    own = [read_register(path) for path in asked.baselines]
    least, because = _least(asked, plan, stage)
    _same_subject(previous, subject)
    register = joined([shipped, *own])
    changes = read_changes(asked.impact, register) if asked.impact else ()
    parties = {
        name for run in runs for each in run.parties for name in (each.organisation, each.mpid, each.name)
    }
    check_parties(changes, {*parties, *(plan.parties if plan else ()), "DIP"}, str(asked.impact))
    return Given(
        subject=subject,
        point=Point(
            stage=stage,
            submission=asked.submission,
            version=asked.version or (previous.version + 1 if previous else 1),
            as_of=asked.as_of,
            least=least,
            least_because=because,
        ),
        standing=standing(runs, registers, plan, as_of=asked.as_of),
        register=register,
        baseline=together(own) if own else shipped,
        catalogue=read_catalogue(catalogue, release, _stages(stage)),
        parts=parts_of(runs),
        plan=plan,
        registers=registers,
        facts=_facts(registers, runs, trust),
        packs=_packs(asked.packs, trust),
        changes=changes,
    )


def write(submission: Submission, out: Path) -> tuple[Path, Path]:
    """Write the workbook and the JSON file, each whole; raises ConfigurationError where one is there."""
    out.mkdir(parents=True, exist_ok=True)
    paths = out / f"{submission.name}.xlsx", out / f"{submission.name}.json"
    for path in paths:
        if path.exists():
            raise ConfigurationError(
                "exists; a submission is never overwritten",
                where=str(path),
                mend="Give it with --previous, so that this one is the next version, or name --version.",
            )
    write_whole(paths[0], workbook(submission))
    write_whole(paths[1], orjson.dumps(submission.as_dict(), option=orjson.OPT_INDENT_2))
    return paths


def _stage(asked: str, runs: Iterable[Run], plan: Plan | None) -> str:
    """Return the stage: as asked, else that of the runs."""
    of_runs = list(dict.fromkeys(run.header.stage for run in runs))
    if asked:
        known = [*STAGES, "qualification", ALL_STAGES, *of_runs, *(plan.stages if plan else ())]
        if asked not in known:
            raise ConfigurationError(f"'{asked}' is no stage", where="--stage", mend=nearest(asked, known))
        return asked
    if len(of_runs) != 1:
        several = f"the runs are of {', '.join(of_runs)}" if of_runs else "no run says it"
        raise ConfigurationError(f"{several}: which stage is the submission for?", where="--stage")
    return of_runs[0]


def _stages(stage: str) -> tuple[str, ...]:
    """Return the stages of runs whose tests show something for the phases of a submission."""
    wanted = set(phases_of(stage))
    return tuple(name for name in STAGES if set(phases_of(name)) & wanted) or ("none",)


def _release(asked: str, runs: Sequence[Run], plan: Plan | None, subject: Subject) -> str:
    """Return the API release: as asked, else the party's in the plan, else the newest of the runs."""
    known = names()
    if asked:
        if asked not in known:
            raise ConfigurationError(
                f"'{asked}' is no release", where="--release", mend=nearest(asked, known)
            )
        return asked
    planned = [
        place.release
        for place in (plan.places if plan else ())
        if place.party == subject.plan_id and place.release in known
    ]
    run = [name for each in runs for name in each.header.releases if name in known]
    return max(planned or run, key=known.index, default=DEFAULT)


def _least(asked: Asked, plan: Plan | None, stage: str) -> tuple[EvidenceClass, str]:
    """Return the least evidence that counts: as asked, else what the stage's gate asks for."""
    if asked.evidence is not None:
        return asked.evidence, "as asked for"
    gate = Gate.ENTRY if asked.submission.endswith("entry") else Gate.EXIT
    criteria = [
        (each.id, each.check.evidence)
        for each in (plan.criteria.values() if plan else ())
        if each.stage == stage
        and each.at is gate
        and isinstance(each.check, Automatic)
        and each.check.evidence is not None
    ]
    if not criteria:
        return LEAST, "no gate of a plan says it; this is assumed"
    name, evidence = max(criteria, key=lambda each: RANK.index(each[1] or LEAST))
    return evidence or LEAST, f"criterion {name} of the {gate} gate"


def _same_subject(previous: Previous | None, subject: Subject) -> None:
    if previous is None:
        return
    party, role = previous.about()
    if (party and party not in subject.names) or (role and role != subject.role):
        raise ConfigurationError(
            f"is of {party} ({role}), not of {subject}", where=previous.where, mend="Give the party's own."
        )


def _facts(
    registers: Registers, runs: Iterable[Run], trust: Trust | None
) -> Mapping[str, EvidenceFacts | None]:
    """Look at the evidence that reliance statements name; of a run at hand with its messages."""
    named = {each.evidence.run for each in registers.reliance if not each.evidence.pack}
    known = {run.header.run: read_run(run.folder) for run in runs if run.header.run in named}
    place = registers.folder or Path()
    return {each.id: facts_of(each, place, known, trust=trust) for each in registers.reliance}


def _packs(paths: Iterable[Path], trust: Trust | None) -> Mapping[str, str]:
    """Return the root hash of each pack by its run; raises ConfigurationError for one that is not whole."""
    found = {}
    for path in paths:
        facts = facts_of_pack(path, trust=trust)
        if facts.problems:
            raise ConfigurationError(facts.problems[0], where=str(path), mend="Seal the run again.")
        found[facts.run] = facts.root
    return found
