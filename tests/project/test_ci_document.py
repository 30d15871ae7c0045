"""The jobs and the registers that documents show are what the commands take."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import yaml

from harness.cli import dip
from harness.registers.reading import read_registers

_BLOCK = re.compile(r"^```(yaml|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"/bin/dip ([^\n|;&]+)")


def _blocks(text: str, kind: str) -> list[str]:
    return [body for found, body in _BLOCK.findall(text) if found == kind]


def _refused(words: list[str]) -> str:
    """Return what a command has against its words; options are looked at, files are not."""
    command: click.Command = dip
    context = click.Context(dip, info_name="dip")
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context, name)
        if found is None:
            return f"no command {name}"
        command = found
    known = {option for parameter in command.params for option in parameter.opts}
    asked = [word for word in words if word.startswith("-") and not word.startswith("$")]
    return ", ".join(word for word in asked if word not in known)


def test_every_command_of_the_jobs_is_there(root: Path) -> None:
    """Commands and their options are known."""
    jobs = _blocks((root / "docs/ci.md").read_text(encoding="utf-8"), "yaml")
    calls = [shlex.split(call) for job in jobs for call in _CALL.findall(job)]
    assert len(calls) == 6
    assert [(words, refused) for words in calls if (refused := _refused(words))] == []


def test_each_job_runs_in_parts_publishes_and_lets_the_summary_decide(root: Path) -> None:
    """Three jobs, each YAML, with all that the document promises of them."""
    jobs = _blocks((root / "docs/ci.md").read_text(encoding="utf-8"), "yaml")
    assert len(jobs) == 3
    for job in jobs:
        assert isinstance(yaml.safe_load(job), dict)
        for part in (
            "pip install -q .",
            "--shard",
            "-n auto",
            "|| [ $? -eq 1 ]",
            "report summary",
            "--exit-code",
        ):
            assert part in job


def test_the_registers_that_a_document_shows_can_be_read(root: Path, tmp_path: Path) -> None:
    """The YAML of docs/defects.md is a register as it stands."""
    entries, scale, reliance = _blocks((root / "docs/defects.md").read_text(encoding="utf-8"), "yaml")
    (tmp_path / "defects.yaml").write_text(entries)
    (tmp_path / "reliance.yaml").write_text(reliance)
    read = read_registers(tmp_path)
    assert [each.id for each in (*read.entries, *read.reliance)] == [
        "DH-DEF-0001",
        "DH-DQ-0001",
        "DH-REL-0001",
    ]
    (tmp_path / "defects.yaml").write_text(scale)
    assert list(read_registers(tmp_path).severities.values) == ["S1", "S2"]


def test_the_document_has_the_moves_of_the_table(root: Path) -> None:
    """Which status may follow which is told as the code has it."""
    from harness.registers.lifecycle import DEFECT_MOVES

    text = (root / "docs/defects.md").read_text(encoding="utf-8")
    told: dict[str, Any] = dict(
        re.findall(r"^\| (\w+) \| ([\w, ]+?)(?: \(reopened\))? \|$", text, re.MULTILINE)
    )
    assert {str(key): ", ".join(after) for key, after in DEFECT_MOVES.items()}.items() <= told.items()
