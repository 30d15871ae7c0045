"""What differs from the previous submission, and why (pure); what people wrote there is carried on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.reports.rttm import Row
from harness.reports.rttm_layout import Column
from harness.reports.submission.given import row
from harness.reports.submission.layout import CHANGES, SHEETS
from harness.reports.submission.previous import Previous

Sheets = Mapping[str, tuple[Row, ...]]

_BASELINE = (
    *("req_id_external", "parent", "source_document", "source_version", "clause_or_process_step"),
    *("requirement_text", "type", "process_area", "moscow", "role", "segment_or_feature_condition"),
    *("interfaces", "data_items", "phases_required", "method"),
)
_STANDING = (
    *("applies_to_this_party", "basis_of_reliance", "reliance_ref", "coverage", "coverage_note"),
    *("pit_status", "sit_or_qt_status", "regression_status", "overall_status", "met", "evidence_class"),
    *("release", "stale_reason", "open_defects_by_severity", "defect_ids", "work_off_ref", "target_date"),
)
_WHERE_SILENT = frozenset({"planned_date", "preconditions"})
"""Columns that people fill where neither plan nor scenario says it."""
_LAPSES = ("requirement_text", "overall_status", "applies_to_this_party", "stale_reason", "coverage")
"""Columns over which an assurer's decision does not stand."""
_DECISION = ("assurer_decision", "assurer", "date")


@dataclass(frozen=True, slots=True)
class _Watch:
    """What makes a row of a sheet unique, and which of its columns are compared."""

    key: tuple[str, ...]
    columns: tuple[str, ...]


_WATCHED: Mapping[str, _Watch] = {
    "Requirements": _Watch(("our_id", "role"), (*_BASELINE, *_STANDING)),
    "Tests": _Watch(
        ("our_test_id", "evidence_class"),
        (
            "release",
            "final_result",
            "execution_status",
            "override_who_why",
            "flaky",
            "stale_reason",
            "defects",
        ),
    ),
    "Defects": _Watch(("defect_id",), ("severity", "status", "owner", "release_fixed", "build_fixed")),
    "Work-off": _Watch(("work_off_ref",), ("item", "owner", "due", "approved_by", "state", "covers")),
    "Exemptions": _Watch(("legal_entity", "segment"), ("state", "reference", "until")),
    "Reliance": _Watch(("reliance_ref", "requirement"), ("state", "reason", "build", "until")),
}


def changes(now: Sheets, previous: Previous | None) -> tuple[Row, ...]:
    """Return what differs, sheet by sheet; nothing where no previous submission is given."""
    if previous is None:
        return ()
    found: list[Row] = []
    for sheet, watch in _WATCHED.items():
        found += _of_sheet(sheet, watch, now, previous)
    return tuple(found)


def _of_sheet(sheet: str, watch: _Watch, now: Sheets, previous: Previous) -> Iterator[Row]:
    titles = {column.key: column.title for column in SHEETS[sheet]}
    before, after = _keyed(previous.sheets[sheet], watch), _keyed(now[sheet], watch)
    for key, new in after.items():
        subject = " / ".join(filter(None, key))
        old = before.get(key)
        if old is None and sheet == "Tests":
            old = before.get((key[0], ""))
        if old is None:
            yield _change(sheet, subject, "", "", "new", _why_new(sheet, new))
            continue
        for column in watch.columns:
            was, is_now = str(old.get(column, "")), str(new.get(column, ""))
            if was != is_now:
                why = _why(sheet, column, old, new, now, previous)
                yield _change(sheet, subject, titles[column], was, is_now, why)
    run = {key[0] for key in after}
    for key in before:
        if key not in after and not (sheet == "Tests" and key[1] == "" and key[0] in run):
            yield _change(sheet, " / ".join(filter(None, key)), "", "there", "gone", _why_gone(sheet))


def _keyed(rows: Iterable[Row], watch: _Watch) -> dict[tuple[str, ...], Row]:
    """Return rows by key, without ids that tests cite and the register lacks."""
    return {
        tuple(str(each.get(name, "")) for name in watch.key): each
        for each in rows
        if "our_id" not in each or "level" in each
    }


def _change(sheet: str, subject: str, column: str, old: str, new: str, why: str) -> Row:
    return row(CHANGES, sheet=sheet, subject=subject, column=column, old_value=old, new_value=new, why=why)


def _why_new(sheet: str, new: Row) -> str:
    if sheet == "Requirements":
        return "the requirement baseline has it now"
    if sheet == "Tests":
        return f"run in {_run(new)}" if new.get("evidence_ref") else "the catalogue has it now"
    return "entered since"


def _why_gone(sheet: str) -> str:
    if sheet == "Requirements":
        return "the requirement baseline has it no longer"
    return "neither the catalogue nor the runs given have it" if sheet == "Tests" else "no longer entered"


def _why(sheet: str, column: str, old: Row, new: Row, now: Sheets, previous: Previous) -> str:
    if sheet == "Requirements":
        return _why_requirement(column, old, new, now, previous)
    if sheet == "Tests":
        if new.get("override_who_why", "") != old.get("override_who_why", ""):
            return f"override: {new.get('override_who_why', 'withdrawn')}"
        if new.get("evidence_ref") != old.get("evidence_ref"):
            return f"run in {_run(new)}"
        return str(new.get("stale_reason") or "the registers or the plan changed")
    if sheet == "Reliance":
        return str(new.get("reason") or "the statement holds again")
    return "the register changed" if sheet == "Defects" else "the plan changed"


def _why_requirement(column: str, old: Row, new: Row, now: Sheets, previous: Previous) -> str:
    if column in _BASELINE:
        version = new.get("source_version")
        return f"requirement baseline, now version {version}" if version else "requirement baseline"
    reasons = []
    own = str(new["our_id"])
    runs = _runs(now["Trace"], own) - _runs(previous.sheets["Trace"], own)
    if runs:
        reasons.append(f"run {', '.join(sorted(runs))}")
    for name, words in (
        ("stale_reason", "stale"),
        ("work_off_ref", "work-off"),
        ("reliance_ref", "reliance"),
        ("defect_ids", "defects"),
        ("reason_or_exemption_ref", "scope"),
    ):
        if new.get(name, "") != old.get(name, ""):
            reasons.append(f"{words}: {new.get(name) or 'none any more'}")
    if new.get("requirement_text") != old.get("requirement_text"):
        reasons.append("the requirement changed")
    if _tests(now["Trace"], own) != _tests(previous.sheets["Trace"], own):
        reasons.append("other tests verify it")
    return "; ".join(reasons) or "a test, an override or the plan changed: see Tests"


def _runs(trace: Sequence[Row], requirement: str) -> set[str]:
    return {str(each["run"]) for each in trace if each.get("req_id") == requirement and each.get("run")}


def _tests(trace: Sequence[Row], requirement: str) -> set[str]:
    return {str(each.get("test_id")) for each in trace if each.get("req_id") == requirement}


def _run(new: Row) -> str:
    return str(new.get("evidence_ref", "")).partition("/")[0]


def carried(
    sheets: Sheets, previous: Previous | None, found: Iterable[Row]
) -> tuple[dict[str, tuple[Row, ...]], tuple[Row, ...]]:
    """Return the sheets with what people wrote in the previous workbook, and the decisions that lapsed.

    A comment stays. An assurer's decision stays while nothing changed that it was made on. The column "Change
    since last submission" says what changed.
    """
    listed = list(found)
    told: dict[str, list[str]] = {}
    for each in listed:
        if each["sheet"] == "Requirements":
            what = str(each.get("column") or each.get("new_value", ""))
            told.setdefault(str(each["subject"]), []).append(what)
    done: dict[str, tuple[Row, ...]] = dict(sheets)
    lapsed: list[Row] = []
    if previous is not None:
        keys = {"Requirements": ("our_id", "role"), "Tests": ("our_test_id", "evidence_class")}
        for sheet, key in {**keys, "Gaps": ("gap", "subject", "release")}.items():
            done[sheet] = tuple(_with_words(sheet, key, done[sheet], previous, lapsed))
    done["Requirements"] = tuple(
        {**each, "change_since_last_submission": ", ".join(dict.fromkeys(words))}
        if (words := told.get(f"{each['our_id']} / {each.get('role', '')}"))
        else each
        for each in done["Requirements"]
    )
    return done, tuple(lapsed)


def _with_words(
    sheet: str, key: tuple[str, ...], rows: Sequence[Row], previous: Previous, lapsed: list[Row]
) -> Iterator[Row]:
    columns: tuple[Column, ...] = SHEETS[sheet]
    people = [column.key for column in columns if not column.by_harness or column.key in _WHERE_SILENT]
    watch = _Watch(key, ())
    before = _keyed(previous.sheets[sheet], watch)
    for each in rows:
        own = tuple(str(each.get(name, "")) for name in key)
        old = before.get(own, {})
        words = {
            name: old[name]
            for name in people
            if old.get(name) and not (name in _WHERE_SILENT and each.get(name))
        }
        decided = str(words.get("assurer_decision", ""))
        over = [name for name in _LAPSES if str(old.get(name, "")) != str(each.get(name, ""))]
        if sheet == "Requirements" and decided and over:
            words = {name: text for name, text in words.items() if name not in _DECISION}
            titles = {column.key: column.title for column in columns}
            why = f"{', '.join(titles[name] for name in over)} changed since it was decided"
            subject = " / ".join(filter(None, own))
            lapsed.append(_change(sheet, subject, "Assurer decision", decided, "to be decided anew", why))
        yield {**each, **words}
