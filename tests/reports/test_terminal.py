"""The summary on the terminal, the excerpt of a message, the command to repeat."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import orjson
from example_run import ExampleRun
from rich.console import Console

from harness.commands.run import run as run_command
from harness.reports.excerpt import LINES, excerpt
from harness.reports.repeat import command
from harness.reports.run import Run, read_run
from harness.reports.terminal import MOST_FAILURES, summary
from harness.stages.selection import Selection


def _shown(run: Run, *paths: Path, exit_reason: str = "") -> str:
    stream = io.StringIO()
    Console(file=stream, width=200).print(summary(run, paths, exit_reason=exit_reason))
    return stream.getvalue()


def test_the_summary_says_what_matters(mixed: Run) -> None:
    """Counts, pairs, failures with whose move it is, evidence class, reports and exit reason are there."""
    shown = _shown(mixed, Path("runs/x/run-report.html"), exit_reason="1: two cases failed")
    for words in (
        "9 cases: 3 pass, 2 fail, 1 inconclusive, 1 omitted, 1 skipped, 1 error",
        "2 of 132 interface-event pairs",
        "0 of 1 of IF-051, dormant, counted apart",
        "2 x fail The send is refused: expected 401, got 201 MSG0000",
        "move: the central system",
        "rehearsal",
        "runs/x/run-report.html",
        "1: two cases failed",
    ):
        assert words in shown, words


def test_the_summary_stays_short(example: ExampleRun) -> None:
    """However many kinds of failure there are, the summary lists ten and says how many more."""
    for number in range(MOST_FAILURES + 5):
        example.refusal(passes=False, key=f"kind-{number}")
    shown = _shown(read_run(example.write()))
    assert "5 more kinds of failure" in shown
    assert len(shown.splitlines()) < 45


def test_square_brackets_are_not_markup(example: ExampleRun) -> None:
    """An event code in brackets is shown as it is."""
    example.verdict("error", "IF-031 [red]x[/red] [MSApp]", "harness")
    assert "[red]x[/red] [MSApp]" in _shown(read_run(example.write()))


def test_an_excerpt_is_indented_and_cut() -> None:
    """Long lists and texts are cut, and say what is left out."""
    body = orjson.dumps({"days": list(range(200)), "text": "x" * 5000, "MPANCore": "1012345678906"})
    shown = excerpt(body)
    assert '"MPANCore": "1012345678906"' in shown
    assert "196 more of 200" in shown
    assert "(5,000 characters)" in shown
    assert len(shown) < 1000


def test_an_excerpt_of_many_lines_is_cut() -> None:
    """A message with a thousand fields is shown up to a limit."""
    shown = excerpt(orjson.dumps({f"field{number}": number for number in range(1000)}))
    assert len(shown.splitlines()) == LINES + 1
    assert "more lines" in shown


def test_bytes_that_are_no_json_are_shown() -> None:
    """Text is shown as text, other bytes in hex, nothing as an empty body."""
    assert excerpt(b"not json") == "not json"
    assert "ff fe" in excerpt(b"\xff\xfe").replace("fffe", "ff fe")
    assert excerpt(b"") == "(empty body)"
    assert "bytes in all" in excerpt(b"a" * 100_000)


def test_the_command_quotes_what_a_shell_would_split(mixed: Run) -> None:
    """Values with spaces are quoted; output folder and worker count are left out."""
    options = {
        "path": "my catalogue",
        "out": "x",
        "n": "auto",
        "roles": ["SUP", "MSS"],
        "theme": "",
        "json": True,
    }
    header = dataclasses.replace(mixed.header, options=options)
    told = command(dataclasses.replace(mixed, header=header))
    assert told == (
        "dip run 'my catalogue' --stage cit --target embedded --release 2.1.0 --seed 20261103 "
        "--role SUP --role MSS"
    )


def test_every_option_of_the_command_exists(mixed: Run) -> None:
    """The command to repeat names only options that `dip run` has, for every way to select."""
    selected = dataclasses.asdict(Selection("cit", *([("X",)] * 6)))
    header = dataclasses.replace(mixed.header, options={**selected, "environment": "SIT"})
    told = command(dataclasses.replace(mixed, header=header)).split()
    known = {name for parameter in run_command.params for name in parameter.opts}
    used = {word for word in told if word.startswith("--")}
    assert used <= known
    assert {"--interface", "--event", "--role", "--requirement", "--scenario", "--segment"} <= used
