"""How long reports take, and how much memory, on a large run: 10,000 verdicts with 200,000 messages.

The run is made up: exchanges of every pair of a release, again and again under other names, each with 20
messages and one condition; one in forty fails. Its bytes are really there. Each report is made by a process
of its own, as a user would make it, and its time and greatest memory are those of that process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from benchmarks import cores
from benchmarks.shape import rounded, shape
from harness.evidence.events import (
    AnswerReceived,
    CheckMade,
    InstanceFinished,
    InstanceStarted,
    MessageSent,
    PublicationReceived,
    RunFinished,
    RunStarted,
)
from harness.evidence.log import FILE, EventLog
from harness.evidence.store import EvidenceStore
from harness.spec.release import DEFAULT, load

VERDICTS = 10_000
MESSAGES = 20
"""Of each case."""
SECONDS = 30.0
"""Within which each report is made: this project's own requirement, as the next two are."""
RESIDENT_BYTES = 1 << 30
PAGE_BYTES = 10_000_000

_FAILS_EACH = 40
_START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
_SUPPLIER, _REGISTRATION = "2300000001", "2200000001"
_STAGE, _PARTY, _ROLE = "cit", "SUPA", "SUP"
_MOST_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Made:
    """One report: how long it took, the most memory, and its largest page."""

    name: str
    seconds: float
    cpu_seconds: float
    resident_bytes: int
    page_bytes: int
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A run: what was made, and the limits that were missed."""

    verdicts: int
    messages: int
    events_bytes: int
    reports: tuple[Made, ...]
    missed: tuple[str, ...]
    machine: str
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the JSON shape."""
        figures = {
            "verdicts": self.verdicts,
            "messages": self.messages,
            "events_bytes": self.events_bytes,
            "reports": [rounded(asdict(made), digits=2) for made in self.reports],
        }
        limits = {"seconds": SECONDS, "resident_bytes": RESIDENT_BYTES, "page_bytes": PAGE_BYTES}
        return shape("reports", self, figures, limits)


def run(verdicts: int = VERDICTS) -> Report:
    """Make a run and every report of it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dip-bench-") as name:
        folder = Path(name)
        made_up(folder / "run", verdicts)
        size = (folder / "run" / FILE).stat().st_size
        reports = tuple(_make(folder, name, command) for name, command in _COMMANDS.items())
    return Report(
        verdicts,
        verdicts * MESSAGES,
        size,
        reports,
        tuple(text for made in reports for text in _missed(made)),
        cores.machine(),
        time.monotonic() - began,
    )


def _rerun(run_folder: Path, _out: Path) -> list[str]:
    code = "from pathlib import Path; from harness.reports.write import write_reports; "
    return ["-c", code + f"write_reports(Path({str(run_folder)!r}))"]


def _dip(*words: str) -> Callable[[Path, Path], list[str]]:
    return lambda run_folder, out: [
        "-m",
        "harness",
        "report",
        *(str(run_folder) if word == "RUN" else word for word in words),
        "--out",
        str(out),
    ]


_COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "run": _rerun,
    "progress": _dip("progress", "RUN", "--stage", _STAGE, "--plan", "template"),
    "cycle": lambda run_folder, _out: ["-m", "harness", "report", "cycle", str(run_folder), "--json"],
    "rttm": _dip("rttm", "write", "RUN", "--party", _PARTY, "--role", _ROLE, "--submission", "bench"),
    "completion": _dip("completion", "RUN", "--stage", _STAGE, "--plan", "template"),
}


def _make(folder: Path, name: str, command: Callable[[Path, Path], Sequence[str]]) -> Made:
    out = folder / name
    out.mkdir(exist_ok=True)
    words = [sys.executable, *command(folder / "run", out)]
    began = time.monotonic()
    with (folder / f"{name}.log").open("wb") as log:
        child = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    pages = [*out.rglob("*.html"), *((folder / "run").glob("*.html") if name == "run" else ())]
    said = (folder / f"{name}.log").read_text(errors="replace").strip()
    return Made(
        name,
        seconds,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        max((page.stat().st_size for page in pages), default=0),
        said[-400:] if child.returncode not in (0, 1) else "",
    )


def _missed(made: Made) -> list[str]:
    if made.failed:
        return [f"{made.name} was not made: {made.failed}"]
    found = []
    if made.seconds > SECONDS:
        found.append(f"{made.name} took {made.seconds:.1f} s, at most {SECONDS:.0f} is wanted")
    if made.resident_bytes > RESIDENT_BYTES:
        most = RESIDENT_BYTES >> 20
        found.append(f"{made.name} took {made.resident_bytes >> 20} MiB, at most {most} is wanted")
    if made.page_bytes > PAGE_BYTES:
        found.append(f"{made.name}: a page of {made.page_bytes / 1e6:.1f} MB, at most {PAGE_BYTES / 1e6:.0f}")
    return found


def lines(report: Report) -> list[str]:
    """Return the report for a terminal."""
    size = f"{report.events_bytes / 1e6:.0f} MB of events"
    head = f"{report.verdicts:,} verdicts, {report.messages:,} messages, {size}"
    rows = [
        f"{made.name:12} {made.seconds:6.1f} s {made.resident_bytes / 2**20:7.0f} MiB "
        f"{made.page_bytes / 1e6:6.1f} MB page{'  not made' if made.failed else ''}"
        for made in report.reports
    ]
    return [head, *rows, *(f"missed: {each}" for each in report.missed)]


def made_up(folder: Path, verdicts: int) -> None:
    """Write a run of that many cases, of evidence class ``self-test``: so every report can be made of it."""
    store = EvidenceStore(folder / "evidence")
    release = load(DEFAULT)
    pairs = [pair for pair in release.pairs if not pair.report]
    parties = [
        {
            "organisation": "Supplier A",
            "name": "Supplier A (SUP)",
            "mpid": _PARTY,
            "role": _ROLE,
            "dip_id": _SUPPLIER,
            "real": "yes",
        },
        {
            "organisation": "Registration A",
            "name": "Registration A (REGS)",
            "mpid": "REGA",
            "role": "REGS",
            "dip_id": _REGISTRATION,
            "real": "no",
        },
    ]
    payloads = ({"CommonBlock": {}, "CustomBlock": {"n": n, "text": "x" * 2000}} for n in range(1000))
    bodies = [store.put(orjson.dumps([{"payload": payload}])) for payload in payloads]
    with EventLog(folder / FILE) as log:
        log.write(
            RunStarted(
                at=_at(0),
                run="bench",
                stage=_STAGE,
                releases=[DEFAULT],
                seed=1,
                target="target.toml",
                environment="SIT",
                network=parties,
                harness_version="bench",
                catalogue="0" * 64,
                options={},
                selected=verdicts,
            )
        )
        for number in range(verdicts):
            pair = pairs[number % len(pairs)]
            _case(log, bodies, number, pair.interface, pair.event)
        log.write(
            RunFinished(
                at=_at(verdicts),
                evidence_class="self-test",
                evidence_class_reason="one real system: Supplier A",
                seconds=float(verdicts),
            )
        )


def _case(log: EventLog, bodies: Sequence[str], number: int, interface: str, event: str) -> None:
    case_id = f"BENCH-{number:05d}/{interface}/{event}/SUP"
    case, at, fails = f"{case_id}@{DEFAULT}", _at(number), number % _FAILS_EACH == 0
    log.write(
        InstanceStarted(
            at=at,
            case=case,
            case_id=case_id,
            scenario=f"BENCH-{number:05d}",
            title=f"{interface} [{event}] arrives",
            release=DEFAULT,
            stage=_STAGE,
            area="exchange",
            polarity="positive",
            interface=interface,
            event_code=event,
            role=_ROLE,
            parties=[_SUPPLIER, _REGISTRATION],
            requirements=[f"DH-{interface}", "DH-RSP-001", "DH-PUB-005"],
            external_ids={},
            seed=number,
            instance=f"bench {number}",
        )
    )
    for message in range(MESSAGES // 2):
        body = bodies[(number * MESSAGES + message) % len(bodies)]
        log.write(
            MessageSent(
                at=at,
                case=case,
                sender=_SUPPLIER,
                method="POST",
                url=f"https://dip.example/dip-channel/{interface}",
                interface=interface,
                event_code=event,
                references=[f"S-{number}-{message}"],
                body=body,
                headers={"X-DIP-Signature": "MEUCIQ", "Content-Type": "application/json"},
            )
        )
        log.write(
            AnswerReceived(
                at=at,
                case=case,
                status=201,
                refused_in_handshake=False,
                codes=["MSG0000"],
                body=body,
                seconds=0.01,
            )
        )
        log.write(
            PublicationReceived(
                at=at,
                case=case,
                party=_REGISTRATION,
                role="REGS",
                publication=interface.replace("IF", "PUB"),
                interface=interface,
                event_code=event,
                transaction=f"T-{number}-{message}",
                reference=f"S-{number}-{message}",
                body=body,
                signature_valid=True,
                findings=[],
                answered=201,
                response_codes=["RCP0000"],
            )
        )
    blame = {"class": "participant", "party": "Supplier A (SUP)"} if fails else None
    reason = "The send is accepted: expected 201, got 400 MSG1001" if fails else ""
    log.write(
        CheckMade(
            at=at,
            case=case,
            title="The send is accepted",
            passed=not fails,
            severity="error",
            expected="201",
            actual="400 MSG1001" if fails else "201",
            rule="DIP API",
            blame=blame,
            key=f"refused {interface}",
        )
    )
    log.write(
        InstanceFinished(
            at=at,
            case=case,
            verdict="fail" if fails else "pass",
            status="failed" if fails else "passed",
            reason=reason,
            blame=blame,
            seconds=1.0,
        )
    )


def _at(second: int) -> str:
    return (_START + timedelta(seconds=second)).isoformat(timespec="milliseconds")
