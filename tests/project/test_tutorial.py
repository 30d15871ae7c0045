"""The tutorial of the self-check is followed, from an empty folder to a sealed file."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "self-check-tutorial.md"
_BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
_PORT = "9443"
_SECONDS = 120


class Reader:
    """Somebody who follows the page in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = ""
        self._receiver: subprocess.Popen[bytes] | None = None
        self._start = ""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        scripts = str(Path(sys.executable).parent)
        self._environment = os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}

    def follow(self, mark: str, kind: str, text: str) -> None:
        """Do what a block says."""
        text = text.replace(_PORT, self._port)
        if mark.startswith("not run"):
            return
        if mark.startswith("file: "):
            (self.folder / mark.removeprefix("file: ")).write_text(text, encoding="utf-8")
        elif mark.startswith("replaces: "):
            self._replace(mark.removeprefix("replaces: "), text)
        elif mark == "background":
            self._start = text.strip()
            self._restart()
        elif mark == "shows":
            for line in text.splitlines():
                assert _plain(line) in _plain(self.output), (
                    f"the page shows '{line}', and there was: {self.output}"
                )
        elif kind == "sh":
            if mark == "restart":
                self._restart()
            self._run(text, int(mark.removeprefix("exit: ")) if mark.startswith("exit: ") else None)

    def close(self) -> None:
        """Stop the receiver."""
        if self._receiver is not None:
            self._receiver.terminate()
            self._receiver.wait(10)
            self._receiver = None

    def _run(self, text: str, code: int | None) -> None:
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.folder,
            env=self._environment | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        self.output = done.stdout
        assert done.returncode in ((0, 1) if code is None else (code,)), (
            f"{text}\n{done.stdout}\n{done.stderr}"
        )

    def _replace(self, name: str, text: str) -> None:
        path = self.folder / "receiver.py"
        old = path.read_text(encoding="utf-8")
        new = re.sub(rf"def {name}\(.*?\n(?=\n\n\S)", lambda _: text, old, count=1, flags=re.DOTALL)
        assert new != old, f"the receiver has no function {name}"
        path.write_text(new, encoding="utf-8")

    def _restart(self) -> None:
        self.close()
        program, *arguments = self._start.split()
        assert program == "python"
        self._receiver = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", int(self._port)), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("the receiver of the tutorial does not listen")


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Give somebody with an empty folder."""
    found = Reader(tmp_path)
    yield found
    found.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the page's commands are those of a POSIX shell")
def test_the_tutorial_leads_where_it_says(reader: Reader) -> None:
    """Each command of the page runs, ends with the code that it names, and shows what the page shows."""
    page = TUTORIAL.read_text(encoding="utf-8")
    blocks = list(_BLOCK.finditer(page))
    assert len(blocks) >= 12
    for block in blocks:
        reader.follow(block["mark"] or "", block["kind"], block["text"])
    assert (reader.folder / "checks" / "first.evidence.zip").is_file()


def test_the_receiver_has_sixty_lines() -> None:
    """The receiver of the page is as short as it says, apart from empty lines and docstrings."""
    page = TUTORIAL.read_text(encoding="utf-8")
    block = next(each for each in _BLOCK.finditer(page) if (each["mark"] or "").startswith("file: "))
    code = [
        line for line in block["text"].splitlines() if line.strip() and not line.strip().startswith('"""')
    ]
    assert len(code) <= 60
