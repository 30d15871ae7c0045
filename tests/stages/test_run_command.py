"""``dip run`` as a user starts it: a process of its own, with its exit codes and files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.data import folder
from tests.scenarios.process import PROCESS

NARROW = ("--interface", "IF-027", "--interface", "IF-028")


def dip(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the dip command."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "110"},
    )


def verdicts(run: Path) -> dict[tuple[str, str], str]:
    """Return the verdict of each case of a run."""
    results = json.loads((run / "results.json").read_text())
    return {(case["id"], case["release"]): case["verdict"] for case in results["scenarios"]}


@contextmanager
def simulators(tmp: Path) -> Iterator[dict[str, Any]]:
    """Start `dip sim up` by hand; yields what it says when it is ready."""
    child = subprocess.Popen(
        [sys.executable, "-m", "harness", "sim", "up", "--store", str(tmp), "--release", "2.1.0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())
    finally:
        child.terminate()
        child.wait(10)
        assert child.stdout is not None
        child.stdout.close()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A narrow run on the embedded target."""
    cwd = tmp_path_factory.mktemp("embedded")
    done = dip("run", "--stage", "cit", *NARROW, "--out", "run", cwd=cwd)
    assert done.returncode == 0, done.stderr + done.stdout
    return cwd / "run"


def test_a_run_writes_every_file_of_the_contract(embedded: Path) -> None:
    """Events, results, JUnit, RTTM, report and evidence stand in the run's folder, and nothing half-made."""
    names = {path.name for path in embedded.iterdir()}
    assert names == {
        "events.ndjson",
        "results.json",
        "junit.xml",
        "ctrf.json",
        "rttm.json",
        "rttm.xlsx",
        "run-report.html",
        "evidence",
    }
    assert json.loads((embedded / "results.json").read_text())["evidence_class"] == "rehearsal"


def test_workers_reach_the_same_verdicts(embedded: Path, tmp_path: Path) -> None:
    """With two workers the same cases end with the same verdicts."""
    done = dip("run", "--stage", "cit", *NARROW, "--out", "run", "-n", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert verdicts(tmp_path / "run") == verdicts(embedded)


def test_pytest_is_the_same_run(embedded: Path, tmp_path: Path) -> None:
    """`pytest test_catalogue --stage cit` ends with the same verdicts and writes the same files."""
    arguments = ["--stage", "cit", *NARROW, "--out", str(tmp_path / "run"), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(folder("test_catalogue")), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert verdicts(tmp_path / "run") == verdicts(embedded)


def test_simulators_started_by_hand_give_the_same_verdicts(embedded: Path, tmp_path: Path) -> None:
    """A target profile that points at `dip sim up` ends as the embedded target does, as a rehearsal."""
    with simulators(tmp_path / "sim") as ready:
        done = dip(
            "run",
            "--stage",
            "cit",
            *NARROW,
            "--target",
            ready["target"],
            "--out",
            "run",
            "-n",
            "2",
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    assert verdicts(tmp_path / "run") == verdicts(embedded)
    assert json.loads((tmp_path / "run" / "results.json").read_text())["evidence_class"] == "rehearsal"


def test_a_question_is_answered_in_a_later_run(tmp_path: Path) -> None:
    """A case that waits for a person is inconclusive, exit 1; `--resume` with answers ends it, exit 0."""
    catalogue = tmp_path / "catalogue"
    (catalogue / "cit").mkdir(parents=True)
    (catalogue / "requirements").symlink_to(folder("test_catalogue") / "requirements")
    (catalogue / "cit" / "families.yaml").write_text("consumption: [IF-027]\n")
    (catalogue / "cit" / "ask.yaml").write_text(
        "scenario: CIT-ASK\ntitle: A person looks at the screen\nstage: cit\n"
        "area: screens\npolarity: positive\n"
        "requirements: [DH-IF-027]\ncase: {interface: IF-027, event: ConsumptionAmendment, role: SUP}\n"
        "steps:\n  - send: {}\n  - expect_status: {http: ['201']}\n"
        "  - ask: {question: 'Is it on the screen?', of: Supplier A}\n  - receive: {by: [addressed]}\n"
    )
    with simulators(tmp_path / "sim") as ready:
        first = dip(
            "run", str(catalogue), "--stage", "cit", "--target", ready["target"], "--out", "run", cwd=tmp_path
        )
        assert first.returncode == 1, first.stderr + first.stdout
        assert set(verdicts(tmp_path / "run").values()) == {"inconclusive"}
        (tmp_path / "answers.yaml").write_text('"Is it on the screen?": yes\n')
        again = dip("run", str(catalogue), "--resume", "run", "--answers", "answers.yaml", cwd=tmp_path)
    assert again.returncode == 0, again.stderr + again.stdout
    assert set(verdicts(tmp_path / "run").values()) == {"pass"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run",), "no stage is given"),
        (("run", "--stage", "ctt"), "Did you mean 'cit'"),
        (("run", "--stage", "cit", "--release", "2.2"), "Did you mean '2.2.1'"),
        (("run", "--stage", "cit", "--target", "nowhere.toml"), "nowhere.toml"),
        (("run", "--stage", "cit", "--interface", "IF-031", "--role", "MDS"), "no case is selected"),
        (("run", "--stage", "cit", "-n", "many"), "'many' is no number of workers"),
        (("runn",), "Did you mean 'run'"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    """Nothing is written, nothing is traced back, and the sentence says how to mend it."""
    done = dip(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_malformed_scenario_file_is_named(tmp_path: Path) -> None:
    """A slip in a scenario file is exit 2 with the file, the place and the nearest known name."""
    catalogue = tmp_path / "catalogue"
    (catalogue / "cit").mkdir(parents=True)
    (catalogue / "requirements").mkdir()
    (catalogue / "cit" / "families.yaml").write_text("all: [IF-027]\n")
    (catalogue / "cit" / "slip.yaml").write_text(
        "scenario: CIT-SLIP\ntitle: A slip in a step\nstage: cit\narea: slips\npolarity: positive\n"
        "requirements: [DH-IF-027]\nmatrix: {pairs: every}\nsteps:\n  - sendd: {}\n"
    )
    done = dip("run", str(catalogue), "--stage", "cit", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2, done.stderr + done.stdout
    assert "slip.yaml" in done.stderr
    assert "Did you mean 'send'" in done.stderr


def test_a_target_that_does_not_start_ends_the_run_with_exit_3(tmp_path: Path) -> None:
    """The simulators' own words are shown once; no case is blamed on anybody."""
    settings = tmp_path / "settings.yaml"
    settings.write_text("delivery.order: backwards\n")
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "--stage", "cit", *NARROW, "--out", str(tmp_path / "run")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "DIP_SETTINGS": str(settings)},
    )
    assert done.returncode == 3, done.stderr + done.stdout
    assert "delivery.order" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_of_processes_runs_with_its_twins_and_is_named_in_every_report(tmp_path: Path) -> None:
    """`dip run --stage sit-functional --theme 2 --twins duplicate` of one file: two cases and their table."""
    catalogue = tmp_path / "catalogue"
    place = catalogue / "sit_functional" / "metering-service-appointment"
    place.mkdir(parents=True)
    (catalogue / "requirements").symlink_to(folder("test_catalogue") / "requirements")
    (place / "change.yaml").write_text(yaml.safe_dump(PROCESS, sort_keys=False))
    arguments = ("run", str(catalogue), "--stage", "sit-functional", "--twins", "duplicate")
    done = dip(*arguments, "--theme", "2", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    case = "DHF-TEST/IF-031/MSApp/SUP"
    assert verdicts(tmp_path / "run") == {(case, "2.1.0"): "pass", (f"{case}~duplicate", "2.1.0"): "pass"}
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert (results["stage"], results["twins"]["names"]) == ("sit-functional", ["duplicate"])
    assert "SIT-FUNCTIONAL on release" in (tmp_path / "run" / "run-report.html").read_text()
    assert dip(*arguments, "--theme", "3", "--out", "none", cwd=tmp_path).returncode == 2


def test_a_stage_without_scenarios_is_wrong_usage(tmp_path: Path) -> None:
    """Nothing to run is no success."""
    done = dip("run", "--stage", "sit-operational", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "no scenarios of stage sit-operational" in done.stderr


def test_a_run_is_narrowed_to_what_changed_and_then_to_what_failed(tmp_path: Path) -> None:
    """From 1.8.3 to 2.0.1 only IF-051 is touched, and each case says why; the one that failed runs again."""
    newer = ("run", "--stage", "cit", "--release", "2.0.1", "--changed-since", "1.8.3")
    done = dip(*newer, "--scenario", "CIT-EXC", "--scenario", "CIT-TRIAL", "--out", "first", cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    ran = verdicts(tmp_path / "first")
    assert {case.split("/")[1] for case, _ in ran} == {"IF-051"}
    assert "are not tied to a scenario" in done.stdout
    events = tmp_path / "first" / "events.ndjson"
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    started = [line for line in lines if line["event"] == "instance-started"]
    assert all("Interface IF-051 is new, with event EESRefresh." in line["touched_by"] for line in started)
    assert "Selected because: " in (tmp_path / "first" / "run-report.html").read_text()

    lines[-2]["verdict"] = "fail"
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    again = dip(
        "run", "--stage", "cit", "--last-failures", "first", "--out", "again", "-n", "2", cwd=tmp_path
    )
    assert again.returncode == 0, again.stderr + again.stdout
    case, _, release = lines[-2]["case"].partition("@")
    assert verdicts(tmp_path / "again") == {(case, release): "pass"}

    untouched = dip(*newer, "--interface", "IF-031", "--out", "none", cwd=tmp_path)
    assert untouched.returncode == 2
    assert "nothing that changed from 1.8.3 to 2.0.1 touches one" in untouched.stderr
