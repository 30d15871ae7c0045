"""A project of the stubbed service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_devops_stub import TOKEN, Stub
from azure_project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Return a project with an empty test plan."""
    monkeypatch.setenv("TEST_PAT", TOKEN)
    stub = Stub()
    made = Project(stub, tmp_path)
    made.begin(stub.start())
    yield made
    stub.stop()
