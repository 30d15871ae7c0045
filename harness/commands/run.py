"""``dip run``: a stage of the catalogue against a target, through pytest."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import pytest
from rich.console import Console

from harness.commands.progress import DistributedProgress, ProgressView
from harness.data import folder
from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.evidence.verdicts import Verdict
from harness.reports.run import read_run
from harness.reports.terminal import summary
from harness.scenarios.twins import TWINS
from harness.stages.options import (
    DEFAULT_RELEASE,
    DEFAULT_SEED,
    STAGES,
    RunOptions,
    folder_of,
    options,
)
from harness.stages.players import player
from harness.stages.resume import resumed

REPORTS = (
    "run-report.html", "results.json", "junit.xml", "ctrf.json", "rttm.xlsx", "rttm.json", "events.ndjson",
)  # fmt: skip
_INI = Path(__file__).resolve().parent.parent / "run.ini"


@click.command(
    epilog="""\b
Example:
  dip run --stage cit
  dip run --stage cit --release 2.2.1 --interface IF-031 --out runs/appointments
  dip run --stage sit-functional --theme 8
  dip run --stage cit --release 2.2.1 --changed-since 2.1.0
  dip run --stage cit --last-failures runs/20261122-081530-3fa9c1
  dip run --stage sit-functional --plan plan.yaml --cycle cycle-1 --cohort core
  dip run --stage cit --target my-target.toml -n auto
  dip run --resume runs/20261122-081530-3fa9c1 --answers answers.yaml"""
)
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--stage", default="", help=f"The test stage: {', '.join(STAGES)}.")
@click.option(
    "--resume",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Go on with the cases of this run that wait for something.",
)
@click.option(
    "--release", "releases", multiple=True, help=f"DIP API release; many. [default: {DEFAULT_RELEASE}]"
)
@click.option(
    "--target", default="embedded", show_default=True, help="'embedded', or a target profile (.toml)."
)
@click.option(
    "--environment", default="", help="Environment tag of the messages. [default: SIT, or the profile's]"
)
@click.option("--interface", "interfaces", multiple=True, help="Only this interface; many.")
@click.option("--event", "events", multiple=True, help="Only this event code; many.")
@click.option("--role", "roles", multiple=True, help="Only cases that this market role sends; many.")
@click.option("--segment", "segments", multiple=True, help="Only this market segment; many.")
@click.option("--area", "areas", multiple=True, help="Only this process area; many.")
@click.option("--theme", "themes", multiple=True, help="Only this theme, by our id or its number; many.")
@click.option(
    "--twins",
    multiple=True,
    help=f"Run each case again, perturbed: all, or names from {', '.join(TWINS)}, with commas.",
)
@click.option(
    "--changed-since",
    default="",
    metavar="RELEASE",
    help="Only cases that something which changed since this API release touches.",
)
@click.option(
    "--last-failures",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="RUN",
    help="Only cases that did not pass in this run's folder, by default with its releases and seed.",
)
@click.option(
    "--requirement", "requirements", multiple=True, help="Only cases that verify this requirement; many."
)
@click.option("--scenario", "scenarios", multiple=True, help="Only this scenario; many.")
@click.option("--tag", "tags", multiple=True, help="Only scenarios that carry this tag; many.")
@click.option("--cycle", default="", help="Only cases of this cycle; the run records it.")
@click.option(
    "--cohort",
    "cohorts",
    multiple=True,
    help="Only cases in which this cohort or pairing of the plan has a part; many.",
)
@click.option(
    "--interval",
    "intervals",
    multiple=True,
    help="Only cases in which parties of this interval have a part; many.",
)
@click.option("--plan", default="", metavar="FILE", help="The plan that says who they are, and their builds.")
@click.option(
    "--build", "builds", multiple=True, metavar="PARTY=BUILD", help="A party's build, for the record; many."
)
@click.option(
    "--shard", default="", metavar="K/N", help="Only the K-th of N parts of the cases, for CI jobs."
)
@click.option("--seed", type=int, help=f"Seed of all test data. [default: {DEFAULT_SEED}]")
@click.option("--answers", type=click.Path(path_type=Path), help="YAML file with a person's answers.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run. [default: runs/<run id>]")
@click.option("-n", "workers", default="", help="Worker processes: a number, or 'auto'.")
def run(
    path: Path | None,
    stage: str,
    resume: Path | None,
    releases: tuple[str, ...],
    target: str,
    environment: str,
    interfaces: tuple[str, ...],
    events: tuple[str, ...],
    roles: tuple[str, ...],
    segments: tuple[str, ...],
    areas: tuple[str, ...],
    themes: tuple[str, ...],
    twins: tuple[str, ...],
    changed_since: str,
    last_failures: Path | None,
    requirements: tuple[str, ...],
    scenarios: tuple[str, ...],
    tags: tuple[str, ...],
    cycle: str,
    cohorts: tuple[str, ...],
    intervals: tuple[str, ...],
    plan: str,
    builds: tuple[str, ...],
    shard: str,
    seed: int | None,
    answers: Path | None,
    out: Path | None,
    workers: str,
) -> None:
    """Run a stage of the catalogue (PATH: the packaged one) and write its reports.

    Exit codes: 0 all passed; 1 a scenario failed, is inconclusive or blocked; 2 wrong usage, or nothing
    selected; 3 a fault of the environment; 4 a fault of the harness.
    """
    if workers and workers != "auto" and not workers.isdigit():
        raise ConfigurationError(
            f"'{workers}' is no number of workers", where="-n", mend="Give a number, or 'auto'."
        )
    if not stage and resume is None:
        raise ConfigurationError("no stage is given", where="dip run", mend="Add --stage cit.")
    if resume is not None:
        chosen = resumed(resume, answers=answers, catalogue=folder("test_catalogue"))
    else:
        chosen = options(
            stage=stage,
            releases=releases,
            target=target,
            environment=environment,
            seed=seed,
            out=out,
            catalogue=path if path is not None and (path / "requirements").is_dir() else None,
            interfaces=interfaces,
            events=events,
            roles=roles,
            requirements=requirements,
            scenarios=scenarios,
            segments=segments,
            areas=areas,
            themes=themes,
            twins=twins,
            changed_since=changed_since,
            last_failures=last_failures,
            tags=tags,
            cycle=cycle,
            cohorts=cohorts,
            intervals=intervals,
            plan=plan,
            builds=builds,
            shard=shard,
            answers=answers,
        )
    console = Console(stderr=True)
    view = ProgressView(console)
    console.print(
        f"Run {chosen.run}: stage {chosen.stage}, "
        f"release {', '.join(chosen.releases)}, target {chosen.target}",
        highlight=False,
    )
    own = player(chosen.stage)
    if own is not None:
        own(chosen, path)
        code = int(pytest.ExitCode.OK)
    else:
        code = _pytest(chosen, path, workers, view)
        view.stop()
        _explain(code, view, chosen)
    done = read_run(chosen.out)
    verdicts = {instance.verdict for instance in done.instances}
    exit_code, reason = _exit(verdicts, interrupted=code == pytest.ExitCode.INTERRUPTED)
    written = [path for name in REPORTS if (path := chosen.out / name).exists()]
    Console().print(summary(done, [_shown(path) for path in written], exit_reason=reason), soft_wrap=True)
    sys.exit(exit_code)


def _exit(verdicts: set[Verdict], *, interrupted: bool) -> tuple[int, str]:
    """Return the exit code of the contract and why."""
    if interrupted:
        return EnvironmentFault.exit_code, f"{EnvironmentFault.exit_code}: the run was interrupted"
    if Verdict.ERROR in verdicts:
        return HarnessError.exit_code, f"{HarnessError.exit_code}: the harness itself failed"
    if verdicts & {Verdict.FAIL, Verdict.INCONCLUSIVE}:
        return 1, "1: a case failed or is inconclusive"
    if Verdict.SKIPPED in verdicts:
        return 1, "1: a case is blocked, so that it was not run"
    return 0, "0: all that was run passed"


def _shown(path: Path) -> Path:
    """Shorten a path below the folder that the command was started in."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _pytest(chosen: RunOptions, path: Path | None, workers: str, view: ProgressView) -> int:
    """Run pytest in this process with nothing but the plugins that a run needs."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    distributed = workers not in ("", "0", "1")
    arguments = [
        str(path or _stage_folder(chosen)),
        "-c",
        str(_INI),
        f"--rootdir={chosen.catalogue}",
        "-p",
        "harness.plugin",
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
        "--capture=no",
        *(
            ["--resume", str(chosen.out)]
            if chosen.resumed
            else ["--stage", chosen.stage, "--out", str(chosen.out)]
        ),
        "--target",
        chosen.target,
        "--seed",
        str(chosen.seed),
        "--run",
        chosen.run,
    ]
    for name, values in (
        ("--release", chosen.releases),
        ("--interface", chosen.selection.interfaces),
        ("--event", chosen.selection.events),
        ("--role", chosen.selection.roles),
        ("--segment", chosen.selection.segments),
        ("--area", chosen.selection.areas),
        ("--theme", chosen.selection.themes),
        ("--twins", chosen.selection.twins),
        ("--requirement", chosen.selection.requirements),
        ("--scenario", chosen.selection.scenarios),
        ("--tag", chosen.selection.tags),
        ("--cohort", chosen.selection.cohorts),
        ("--interval", chosen.selection.intervals),
        ("--build", [f"{party}={build}" for party, build in chosen.builds.items()]),
    ):
        for value in values:
            arguments += [name, value]
    for name, value in (
        ("--changed-since", chosen.selection.changed_since),
        ("--last-failures", chosen.selection.last_failures),
        ("--cycle", chosen.selection.cycle),
        ("--plan", chosen.selection.plan),
        ("--shard", chosen.selection.shard),
    ):
        if value:
            arguments += [name, value]
    if chosen.environment:
        arguments += ["--environment", chosen.environment]
    if chosen.answers is not None:
        arguments += ["--answers", str(chosen.answers)]
    plugins: list[object] = [view]
    if distributed:
        arguments += ["-p", "xdist", "-n", workers]
        plugins.append(DistributedProgress(view))
    return int(pytest.main(arguments, plugins=plugins))


def _stage_folder(chosen: RunOptions) -> Path:
    """Return the folder of the stage's scenarios; raises ConfigurationError when there is none."""
    found = folder_of(chosen.catalogue, chosen.stage)
    if not found.is_dir():
        raise ConfigurationError(
            f"the catalogue has no scenarios of stage {chosen.stage}", where=str(chosen.catalogue)
        )
    return found


def _nothing_selected(chosen: RunOptions) -> str:
    """Say why no case is left, where the selection is by what changed or by an earlier run."""
    since, earlier = chosen.selection.changed_since, chosen.selection.last_failures
    if since:
        to = ", ".join(chosen.releases)
        return f"no case is selected: nothing that changed from {since} to {to} touches one"
    if earlier:
        number = len(chosen.selection.cases)
        return f"no case is selected: none of the {number:,} that did not pass in {earlier} is among these"
    return "no case is selected"


def _explain(code: int, view: ProgressView, chosen: RunOptions) -> None:
    """Turn what pytest met before or beside the cases into the harness's own errors."""
    if view.internal:
        raise HarnessError(view.internal[-1])
    if view.faults:
        exit_code, fault = view.faults[0]
        raise (
            ConfigurationError(fault)
            if exit_code == ConfigurationError.exit_code
            else EnvironmentFault(fault)
        )
    if view.problems:
        more = f" ({len(view.problems) - 1} more files can't be read)" if len(view.problems) > 1 else ""
        raise ConfigurationError(view.problems[0] + more)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED or not view.selected:
        raise ConfigurationError(
            _nothing_selected(chosen),
            where="dip run",
            mend="Loosen --interface, --role, --area, --cycle, --cohort, --tag, --requirement or --scenario.",
        )
    if not (chosen.out / "events.ndjson").exists():
        raise HarnessError("the run ended without events", where=str(chosen.out))
