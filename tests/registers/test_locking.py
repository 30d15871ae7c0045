"""Two commands that change one folder of registers."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.errors import EnvironmentFault
from harness.registers.locking import LOCK, held
from harness.registers.reading import read_registers

ADDING = """
import sys
from pathlib import Path
from click.testing import CliRunner
from harness.cli import dip

folder, name = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
for number in range(6):
    given = {"--registers": folder, "--status": "passed", "--reason": "r", "--by": "A", "--second": "B",
             "--approval": "M", "--run": "r1"}
    words = ["override", "add", f"{name}-{number}/*", *(word for pair in given.items() for word in pair)]
    done = CliRunner().invoke(dip, words)
    assert done.exit_code == 0, done.exception
"""
HOLDING = """
import sys, time
from pathlib import Path
from harness.registers.locking import held

with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def _process(code: str, *words: str) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    started.stdout.readline()
    return started


def test_two_processes_lose_no_entry_and_give_no_id_twice(tmp_path: Path) -> None:
    """Each of two processes adds overrides to one register as fast as it can; all are there, once."""
    folder = tmp_path / "registers"
    both = [_process(ADDING, str(folder), name) for name in ("one", "two")]
    for each in both:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in both:
        each.communicate(timeout=60)
        assert each.returncode == 0
    overrides = read_registers(folder).overrides
    assert sorted(each.id for each in overrides) == [f"DH-OVR-{number:04d}" for number in range(1, 13)]
    assert {each.cases for each in overrides} == {
        f"{name}-{n}/*" for name in ("one", "two") for n in range(6)
    }
    assert [each.name for each in folder.iterdir()] == ["overrides.yaml"]


def test_a_lock_that_is_held_too_long_is_an_environment_fault_and_ends_with_its_process(
    tmp_path: Path,
) -> None:
    """The error names the lock; once the holder is killed, whatever it left behind locks nobody out."""
    holder = _process(HOLDING, str(tmp_path))
    try:
        with (
            pytest.raises(EnvironmentFault, match="another command has held it"),
            held(tmp_path, patience=0.1),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()
    assert (tmp_path / LOCK).exists()
    before = time.monotonic()
    with held(tmp_path, patience=5):
        pass
    assert time.monotonic() - before < 5
    assert not (tmp_path / LOCK).exists()


def test_a_folder_that_nothing_was_written_into_goes_with_the_lock(tmp_path: Path) -> None:
    """A command that is refused leaves neither a lock nor a folder."""
    with held(tmp_path / "registers"):
        assert (tmp_path / "registers" / LOCK).exists()
    assert not (tmp_path / "registers").exists()
