"""The README's commands are real: CI runs the same ones, and the command line knows them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from harness.cli import dip
from harness.transport.target import TargetProfile

_MARKED = re.compile(r"<!-- (run|test)-command -->\s*```\w*\n(.*?)\n```", re.DOTALL)
_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _marked(readme: str) -> dict[str, str]:
    return dict(_MARKED.findall(readme))


def _dip_commands(documents: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Return every `dip ...` of the documents, fenced or in code style, as (document, words)."""
    found = []
    for name, text in documents.items():
        fenced = [line for block in _FENCED.findall(text) for line in block.replace("\\\n", " ").splitlines()]
        spans = re.findall(r"`(dip [^`\n]+)`", _FENCED.sub("", text))
        for line in [*fenced, *spans]:
            for part in re.split(r"&&|\|", line.split(" #")[0]):
                words = shlex.split(part.strip(), posix=True) if part.count("'") % 2 == 0 else []
                if words and (words[0] == "dip" or words[0].endswith(("/dip", "\\dip"))):
                    found.append((name, words[1:]))
    return found


def test_the_two_commands_stand_first(readme: str) -> None:
    """The README's first two fenced blocks are the run command and the test command, one line each."""
    marked = _marked(readme)
    assert sorted(marked) == ["run", "test"]
    assert [block.strip() for block in _FENCED.findall(readme)[:2]] == [marked["run"], marked["test"]]
    assert all("\n" not in command for command in marked.values())
    assert "dip run --stage cit" in marked["run"]
    assert marked["test"].endswith("-m pytest -n auto --dist loadfile --no-loadscope-reorder")


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
@pytest.mark.parametrize("which", ["run", "test"])
def test_ci_runs_the_readmes_own_commands(root: Path, readme: str, which: str) -> None:
    """What .ci/run would run is what the README says, letter by letter."""
    said = subprocess.run(
        ["bash", str(root / ".ci" / "run"), "--print", which],
        cwd=root, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert said.stdout.rstrip("\n") == _marked(readme)[which]


def test_every_dip_command_in_the_documents_exists(
    documents: dict[str, str], none_found: Callable[..., None]
) -> None:
    """Commands, subcommands and options that a document names are those of the command line."""
    wrong = []
    named = _dip_commands(documents)
    assert named
    for name, words in named:
        command: click.Command = dip
        context = click.Context(dip)
        while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
            child = command.get_command(context, words[0])
            if child is None:
                wrong.append(f"{name}: dip ... {words[0]}")
                break
            command, context, words = child, click.Context(child, parent=context), words[1:]
        else:
            usual = getattr(command, "usual", "")
            if usual and isinstance(command, click.Group):
                command = command.get_command(context, usual) or command
            known = {option for parameter in command.params for option in parameter.opts} | {
                "--help",
                "--version",
            }
            wrong += [
                f"{name}: {context.command_path} {word}"
                for word in words
                if word.startswith("-") and word.split("=")[0] not in known
            ]
    none_found("Not on the command line", wrong)


def test_the_readme_names_every_command(readme: str, none_found: Callable[..., None]) -> None:
    """A command that `dip --help` lists has its line in the README."""
    named = {words[0] for _, words in _dip_commands({"README.md": readme}) if words}
    none_found("Commands that the README lacks", set(dip.list_commands(click.Context(dip))) - named)


def test_the_readme_links_every_document(
    readme: str, documents: dict[str, str], none_found: Callable[..., None]
) -> None:
    """A document that nobody is led to is not read."""
    linked = set(re.findall(r"\]\((docs/[\w.-]+)\)", readme))
    none_found("Not linked in README.md", {name for name in documents if name.startswith("docs/")} - linked)


def test_the_readmes_target_profile_loads(readme: str, documents: dict[str, str], tmp_path: Path) -> None:
    """The example profile is complete and right: with the documented network file the harness reads it."""
    (profile,) = re.findall(r"^```toml\n# target.toml\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    network = re.findall(r"^```toml\n(.*?)^```", documents["docs/network-file.md"], re.MULTILINE | re.DOTALL)[
        0
    ]
    (tmp_path / "target.toml").write_text(profile, encoding="utf-8")
    (tmp_path / "network.toml").write_text(network, encoding="utf-8")
    for file in re.findall(r'"([\w./-]+\.(?:pem|key))"', profile + network):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    target = TargetProfile.load(tmp_path / "target.toml")
    assert target.environment == "SIT"
    assert target.url("2.1.0").endswith("/2.1.0")
    assert target.network.parties
