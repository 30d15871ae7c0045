"""What `dip load` does once its options are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from harness.errors import ConfigurationError, EnvironmentFault
from harness.evidence.verdicts import Verdict
from harness.stages.options import options as run_options
from harness.writing import write_whole
from load import figures
from load.comparing import compare as compared
from load.comparing import differences
from load.figures import Result
from load.judging import shown
from load.playing import EMBEDDED, Request, work
from load.report import page
from load.running import REPORT, STAGE, fitted, named, run, shipped
from load.view import LoadView, outcome
from simulators.addresses import address


def list_profiles(*, as_json: bool) -> None:
    """Print the packaged profiles."""
    found = shipped()
    if as_json:
        listed = [{"profile": each.id, "title": each.title, "area": each.area} for each in found]
        click.echo(json.dumps(listed))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name in ("profile", "messages/s at most", "lasts", "title"):
        table.add_column(
            name, header_style="dim", justify="right" if name in ("lasts", "messages/s at most") else "left"
        )
    for each in found:
        peak = max(max(phase.rate, phase.to) for phase in each.shape)
        table.add_row(
            each.id, f"{peak:,.0f}" if peak >= 1000 else f"{peak:.4g}", f"{each.seconds:,.0f} s", each.title
        )
    Console().print(table)


def run_profiles(
    names: Sequence[str],
    *,
    target: str,
    seconds: float | None,
    scale: float | None,
    connections: int,
    seed: int,
    listen: str,
    certificate: str,
    workers: int,
    bind: str,
    out: Path | None,
    compare: Path | None,
    as_json: bool,
) -> int:
    """Run profiles; returns the exit code of the contract."""
    if target != EMBEDDED and not Path(target).is_file():
        raise ConfigurationError(
            f"'{target}' is no target", where="--target", mend="'embedded', or a target profile (.toml)."
        )
    before = figures.read(compare) if compare is not None else None
    requests = [
        Request(
            fitted(named(name), target=target, scale=scale, seconds=seconds),
            target=target,
            seed=seed,
            connections=connections,
            listen=address(listen, "--listen"),
            certificate=certificate,
            workers=workers,
            bind=address(bind, "--bind"),
        )
        for name in names
    ]
    chosen = run_options(
        stage=STAGE,
        releases=tuple(dict.fromkeys(request.profile.release for request in requests)),
        target=target,
        seed=seed,
        out=out,
        scenarios=tuple(request.profile.id for request in requests),
    )
    console = Console(stderr=True)
    with LoadView(console) as view:
        results = run(requests, chosen, view)
    for found in results:
        folder = chosen.out / "load" / found.profile.id
        content = figures.as_dict(found)
        if before is not None and before["profile"] == found.profile.id:
            write_whole(folder / REPORT, page(content, before).encode())
        if as_json:
            click.echo(json.dumps({key: content[key] for key in content if key != "course"}))
        else:
            _show(found, before, content, folder)
    return 0 if {found.judgement.verdict for found in results} <= {Verdict.PASS} else 1


def run_worker(target: str, master: str) -> int:
    """Be a worker until the master's load is over; returns the exit code."""
    if not Path(target).is_file():
        raise ConfigurationError(
            f"'{target}' is no target profile",
            where="--target",
            mend="A worker needs the target profile with network file, certificates and keys.",
        )
    host, port = address(master, "--master-host")
    if work(Path(target), host, port) != 0:
        raise EnvironmentFault("the worker ended early; it says why above")
    return 0


def _show(found: Result, before: dict[str, object] | None, content: dict[str, object], folder: Path) -> None:
    console = Console()
    console.print(outcome(found))
    if before is not None and before["profile"] == content["profile"]:
        unlike = differences(before, content)
        if unlike:
            console.print(f"not alike: {'; '.join(unlike)}", style="yellow")
        for row in compared(before, content):
            if row.verdict in ("better", "worse"):
                console.print(
                    f"{row.verdict:<7}{row.measure}: {shown(row.measure, row.before)}, "
                    f"now {shown(row.measure, row.after)}",
                    highlight=False,
                )
    console.print(f"report   {folder / REPORT}", highlight=False, soft_wrap=True)
    console.print(f"run      {folder.parent.parent / 'run-report.html'}", highlight=False, soft_wrap=True)
