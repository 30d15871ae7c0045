"""docs/network-file.md describes the formats that the code reads."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from harness.transport.network import ROLES, CertificateSet, Network, Party, load, write
from harness.transport.target import CAPABILITIES, ENVIRONMENTS
from harness.transport.target import load as load_target

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "network-file.md"


@pytest.fixture
def text() -> str:
    """The document."""
    return DOCUMENT.read_text(encoding="utf-8")


def test_the_network_example_loads(text: str, tmp_path: Path) -> None:
    """The example is a network file."""
    example = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0]
    for name in re.findall(r'"((?:pki|keys)/[^"]+)"', example):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "network.toml").write_text(example)
    assert len(load(tmp_path / "network.toml").parties) == 2


def test_the_profile_example_loads(text: str, tmp_path: Path, network: Network) -> None:
    """The example is a target profile."""
    (tmp_path / "target.toml").write_text(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[1])
    (tmp_path / "ca.pem").write_text("x")
    (tmp_path / "admin.key").write_text("x")
    write(network, tmp_path / "network.toml")
    load_target(tmp_path / "target.toml").close()


def test_every_field_and_value_is_described(text: str) -> None:
    """No field, role, tag or capability is missing from the tables, and no field is invented."""
    described = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    known = {field.name for kind in (Party, CertificateSet) for field in fields(kind)}
    assert described >= known - {"organisation"}
    profile = {"url", "ca", "network", "environment", "capabilities", "admin", "admin_key_file"}
    assert described <= known | profile
    for value in (*ROLES, *ENVIRONMENTS, *CAPABILITIES):
        assert f"`{value}`" in text
