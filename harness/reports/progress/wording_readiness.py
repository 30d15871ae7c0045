"""A readiness report in sections: nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator

from harness.reports.completion.document import (
    BAD,
    GOOD,
    OPEN,
    Block,
    Cell,
    Document,
    Section,
    Text,
    Value,
    facts,
    table,
)
from harness.reports.completion.sections.words import classes, code, listed, moment, plural, status
from harness.reports.progress.readiness import CONNECTIVITY, WEEKS_AHEAD, Entry, Readiness
from harness.reports.progress.wording import rag
from harness.stages.plan.model import Kind, Party

_READY = {"ready": GOOD, "not ready": BAD}


def document(found: Readiness) -> Document:
    """Return the sections of a readiness report."""
    sections: list[tuple[str, list[Block]]] = [
        ("What can start", list(_can_start(found))),
        ("Entry criteria", list(_entries(found))),
        ("Parties", list(_parties(found))),
        ("Places: builds, releases, certificates, data loads", list(_places(found))),
        ("Connectivity proving", list(_connectivity(found))),
        ("Self-checks of participants", list(_self_checks(found))),
        (f"Papers due within {WEEKS_AHEAD} weeks, and milestones ahead", list(_dates(found))),
        ("What is inconsistent in the plan", list(_findings(found))),
        ("Runs given", list(_runs(found))),
    ]
    ready = len(found.ready)
    waiting = sum(not each.ready for entry in found.entries for each in entry.candidates)
    return Document(
        title=f"Readiness: {found.plan.title}",
        subtitle=f"As of {found.as_of}, from {found.plan.where}",
        stamp=f"Readiness as of {found.as_of}",
        verdict=Cell(
            f"{plural(ready, 'step')} can start, {waiting:,} {'waits' if waiting == 1 else 'wait'}",
            GOOD if ready and not waiting else OPEN,
        ),
        sections=tuple(
            Section(str(number), title, tuple(blocks)) for number, (title, blocks) in enumerate(sections, 1)
        ),
        draft=False,
        band="An interval is a label: a party that is ready need not wait for the others of its interval.",
    )


def _can_start(found: Readiness) -> Iterator[Block]:
    yield facts(
        ("As of", str(found.as_of)),
        ("Plan", f"{found.plan.name} ({found.plan.kind.value})"),
        ("Minimum viable cohort", _cohort(found)),
    )
    yield table(
        "Can start",
        ("Stage", "Party", "Interval (a label)"),
        [(each.stage, each.party or "all", each.interval or "none") for each in found.ready],
        empty="Nothing can start.",
    )
    yield table(
        "Waits",
        ("Stage", "Party", "For"),
        [
            (each.stage, each.party or "all", "; ".join(each.waits_for))
            for entry in found.entries
            for each in entry.candidates
            if not each.ready
        ],
        empty="Nothing waits.",
    )


def _cohort(found: Readiness) -> Cell:
    if found.plan.cohort is None:
        return Cell("the plan states none", OPEN)
    lacks = "; ".join(map(str, found.shortages))
    if not found.plan.parties:
        return Cell("the plan names no parties", OPEN)
    return Cell(f"short: {lacks}", BAD) if lacks else Cell("there", GOOD)


def _entries(found: Readiness) -> Iterator[Block]:
    shown = [entry for entry in found.entries if entry.decision]
    yield table(
        "Gates",
        ("Stage", "Entry gate", "RAG", "Basis of the scale"),
        [
            (
                entry.stage.id,
                status(entry.decision.verdict),
                rag(entry.decision.rag, found.plan),
                entry.decision.scale_basis,
            )
            for entry in shown
            if entry.decision
        ],
        empty="No stage here has entry criteria in the plan.",
    )
    for entry in shown:
        yield from _criteria(entry)
    without = [entry.stage.id for entry in found.entries if not entry.decision]
    if without and shown:
        yield Text(f"Without entry criteria in the plan: {', '.join(without)}.")


def _criteria(entry: Entry) -> Iterator[Block]:
    decision = entry.decision
    if decision is None:
        return
    yield table(
        f"{entry.stage.title}",
        ("Criterion", "State", "Found", "Speaks against it", "Owner", "Basis", "Evidence"),
        [
            (
                each.criterion.text,
                status(each.state),
                each.said,
                listed(each.against),
                each.criterion.check.owner or "harness",
                each.criterion.basis,
                listed(each.refs),
            )
            for each in decision.criteria
        ],
    )


def _parties(found: Readiness) -> Iterator[Block]:
    stages = found.per_party
    yield table(
        "",
        ("Party", "Organisation", "Role", "Interval (a label)", "RAG", *(stage.title for stage in stages)),
        [
            (
                code(party.id),
                party.organisation,
                party.role,
                party.interval or "none",
                rag(party.rag, found.plan) if party.rag else "not given",
                *(_reached(found, party, stage.id) for stage in stages),
            )
            for party in found.plan.parties.values()
        ],
        empty="The plan names no parties.",
        note="A date says when the party left the stage.",
    )


def _reached(found: Readiness, party: Party, stage: str) -> Value:
    left = party.reached.get(stage)
    if left is not None and left <= found.as_of:
        return Cell(str(left), GOOD)
    step = found.candidate(stage, party.id)
    if step is None:
        return "not known"
    return Cell("can start", OPEN) if step.ready else plural(len(step.waits_for), "open point")


def _places(found: Readiness) -> Iterator[Block]:
    yield table(
        "",
        ("Environment", "Party", "Build", "Design", "API release", "Certificates", "Data load", "Loaded",
         "Ready", "Lacks"),
        [
            (
                each.place.environment,
                each.place.party,
                each.place.build or "none",
                each.place.design or "none",
                each.place.release or "none",
                each.place.certificates or "none",
                each.place.data_load or "none",
                str(each.place.data_loaded or "not yet"),
                str(each.place.ready or "not yet"),
                Cell(", ".join(each.lacks), BAD) if each.lacks else Cell("nothing", GOOD),
            )
            for each in found.places
        ],
        empty="The plan names no places.",
    )  # fmt: skip


def _connectivity(found: Readiness) -> Iterator[Block]:
    known = [name for name in CONNECTIVITY if name in found.plan.stages]
    if not known:
        yield Text(f"The plan has no stages called {' and '.join(CONNECTIVITY)}.")
        return
    silent = found.plan.kind is Kind.RECORD and not any(each.reached for each in found.plan.parties.values())
    yield table(
        "",
        ("Party", *(found.plan.stages[name].title for name in known), "Waits for"),
        [
            (
                code(party.id),
                *(_reached(found, party, name) for name in known),
                "; ".join(
                    f"{name}: {lack}"
                    for name in known
                    if (step := found.candidate(name, party.id))
                    for lack in step.waits_for
                )
                or "nothing",
            )
            for party in found.plan.parties.values()
            if not silent
        ],
        empty="The plan does not say which party has proved what.",
        note="Part a: the party reaches the DIP. Part b: the DIP reaches the party's webhooks.",
    )


def _self_checks(found: Readiness) -> Iterator[Block]:
    checked = {name for each in found.self_checks if each.counts for name in each.parties}
    without = [party.id for party in found.plan.parties.values() if party.id not in checked]
    yield table(
        "",
        ("Participant", "Party", "Ready", "Made on", "API release", "Evidence class", "Counts", "Sealed file",
         "Signed by"),
        [
            (
                each.participant,
                listed(each.parties) if each.parties else "none of the plan",
                Cell(each.state, _READY.get(each.state, OPEN) if each.counts else ""),
                str(each.day or "not known"),
                ", ".join(each.releases) or "not known",
                each.evidence_class or "none",
                Cell("; ".join(each.problems), BAD) if each.problems else Cell("yes", GOOD),
                code(each.file),
                each.signer or "nobody",
            )
            for each in found.self_checks
        ],
        empty="No sealed self-check was given.",
        note="A participant's own check of its own system, each seal verified and ready or not worked out "
        "again from the events. It adds to no total and takes the place of no entry criterion.",
    )  # fmt: skip
    firsts = [
        (each.participant, what, how or "not said") for each in found.self_checks for what, how in each.first
    ]
    if firsts:
        yield table("Mend first", ("Participant", "What", "How"), firsts)
    if found.self_checks and without:
        yield Text(f"No self-check counts of: {', '.join(without)}.")


def _dates(found: Readiness) -> Iterator[Block]:
    yield table(
        "Papers",
        ("Day", "Track", "What", "From"),
        [(f"{each.day:%a} {each.day}", each.track, each.artefact, each.issued_by) for each in found.due],
        empty="None falls due.",
    )
    yield table(
        "Milestones not reached",
        ("Milestone", "Title", "Baseline", "Forecast", "Against the baseline", "RAG"),
        [
            (
                code(each.id),
                each.title,
                str(each.baseline or "none"),
                str(each.forecast or "none"),
                f"{(each.day - each.baseline).days:+d} days" if each.day and each.baseline else "not known",
                rag(each.rag, found.plan) if each.rag else "not given",
            )
            for each in found.milestones
        ],
    )


def _findings(found: Readiness) -> Iterator[Block]:
    yield table(
        "",
        ("About", "What", "Expected", "Found", "Basis of the rule"),
        [(each.subject, each.what, each.expected, each.got, each.basis) for each in found.findings],
        empty="Nothing.",
    )


def _runs(found: Readiness) -> Iterator[Block]:
    standing = found.standing
    yield table(
        "",
        ("Run", "Stage", "Began", "Evidence class", "Tests", "Passed", "Ended"),
        [
            (
                code(run.header.run),
                run.header.stage,
                moment(run.header.at),
                run.evidence_class.value,
                len(run.instances),
                sum(each.verdict.value == "pass" for each in run.instances),
                Cell("interrupted or cut off", BAD) if run.interrupted else moment(run.finished),
            )
            for run in standing.runs
        ],
        empty="No run was given.",
        note=f"Evidence classes, never added up: {classes(standing.classes)}." if standing.runs else "",
    )
