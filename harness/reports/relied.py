"""Reliance statements checked against what their evidence really is: packs verified, runs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.events import Event
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.log import FILE
from harness.evidence.pack.container import PackReader
from harness.evidence.pack.facts import parse_lines
from harness.evidence.pack.verifying import verify
from harness.registers.model import Registers, Reliance
from harness.registers.reliance import Checked, EvidenceFacts, Row, check, own_rows
from harness.reports.results import results
from harness.reports.run import Run, fold
from harness.reports.seen import evidence_facts
from harness.security.trust import Trust

_TOLD = 3


def check_all(
    registers: Registers,
    runs: Iterable[Run] = (),
    *,
    builds: Mapping[str, Iterable[str]],
    as_of: date,
    rows: Sequence[Row] = (),
    trust: Trust | None = None,
    only: Iterable[str] = (),
) -> tuple[Checked, ...]:
    """Check the statements of a register; those of ``only`` by id where it names any.

    ``rows`` is what is asked of each, by default what it claims itself. A pack is looked for from the
    register's folder, a run among ``runs``.
    """
    known = {run.header.run: run for run in runs}
    names = set(only)
    return tuple(
        check(
            each,
            rows or own_rows(each),
            facts_of(each, registers.folder or Path(), known, trust=trust),
            builds=builds,
            as_of=as_of,
        )
        for each in registers.reliance
        if not names or each.id in names
    )


def facts_of(
    statement: Reliance, folder: Path, runs: Mapping[str, Run], *, trust: Trust | None = None
) -> EvidenceFacts | None:
    """Return what a statement's evidence is; None where it names no pack and its run is not at hand."""
    evidence = statement.evidence
    if evidence.pack:
        return facts_of_pack(folder / evidence.pack, trust=trust)
    if evidence.run in runs:
        return evidence_facts(runs[evidence.run])
    return None


def facts_of_pack(path: Path, *, trust: Trust | None = None) -> EvidenceFacts:
    """Verify a pack and read its run; what differs, or that it can't be read, is a problem of the facts."""
    try:
        verified = verify(path, derive=_derived, trust=trust)
        problems = tuple(f"{each.path}: {each.what}" for each in verified.differences[:_TOLD])
        more = len(verified.differences) - len(problems)
        if more > 0:
            problems = (*problems, f"{more} more differences")
        seal = verified.seal
        if verified.differences or seal is None:
            return EvidenceFacts(
                run=str(seal.run.get("run", "")) if seal else "",
                evidence=_class(seal.run.get("evidence_class")) if seal else None,
                root=seal.root if seal else "",
                problems=problems or ("it has no seal",),
            )
        with PackReader(path) as pack:
            run = fold(parse_lines(pack.lines(FILE), f"{path}, {FILE}"), folder=path, where=str(path))
    except ConfigurationError as error:
        return EvidenceFacts(run="", evidence=None, problems=(str(error),))
    return replace(evidence_facts(run), root=seal.root, made_from=seal.original_root)


def _class(name: Any) -> EvidenceClass | None:
    return EvidenceClass(name) if name in list(EvidenceClass) else None


def _derived(events: Iterable[Event]) -> dict[str, Any]:
    return results(fold(events, folder=Path(), where=FILE))
