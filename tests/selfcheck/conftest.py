"""A participant with test certificates, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.selfcheck.beginning import CERTIFICATES, HUB_FOLDER, Answers, issue_test_certificates, write
from harness.selfcheck.profile import FILE

ANSWERS = Answers("Supplier X", "SUP", "SUPX", "2300000077", webhook="https://127.0.0.1:9/dip")


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that `dip check init` has filled."""
    folder = tmp_path_factory.mktemp("participant")
    issue_test_certificates(folder, ANSWERS)
    write(folder / FILE, ANSWERS)
    return folder


@pytest.fixture
def participant(begun: Path, tmp_path: Path) -> Path:
    """Return a profile of one's own, to be changed; the DIP's folder is shared."""
    shutil.copytree(begun / CERTIFICATES, tmp_path / CERTIFICATES)
    text = (begun / FILE).read_text(encoding="utf-8")
    text = text.replace(f'folder = "{HUB_FOLDER}"', f'folder = "{(begun / HUB_FOLDER).as_posix()}"')
    path = tmp_path / FILE
    path.write_text(text, encoding="utf-8")
    return path
