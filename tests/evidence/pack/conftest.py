"""A run and its sealed pack for the tests of evidence packs."""

from __future__ import annotations

from pathlib import Path

import pytest
from sealed_run import Signing, build, derive

from harness.evidence.pack.sealing import seal
from harness.security.authority import Authority
from harness.security.signing import Signer


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run's folder; nobody may change it."""
    return build(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="session")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Signing:
    """Return a signer and who issued its certificate."""
    authority = Authority.create(tmp_path_factory.mktemp("pki"), name="Evidence")
    issued = authority.issue("integrator", "signing")
    return Signing(authority, Signer.load(issued.cert, issued.key), issued.cert, issued.key)


@pytest.fixture(scope="session")
def pack(run: Path, signing: Signing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run sealed and signed."""
    out = tmp_path_factory.mktemp("pack") / "run.evidence.zip"
    seal(run, out, derive=derive, signer=signing.signer)
    return out
