"""The user's own rules for certificates: each rule that is broken is said with what was found."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.security.certificates import first_certificate
from harness.selfcheck.certificate_rules import broken_rules, read_rules
from harness.selfcheck.certificates import Held


def _broken(folder: Path, text: str, certificate: Path, *, days_left: int = 300) -> list[tuple[str, str]]:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    found, _ = first_certificate(certificate)
    held = Held("signing", "signing", certificate, found, ())
    return list(broken_rules(read_rules(path), held, found.not_valid_after_utc - timedelta(days=days_left)))


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ('keys = ["RSA-3072"]', "RSA-2048"),
        ('usages = ["TLS client"]', "without TLS client"),
        ("max_days = 10", "365 days"),
        ("min_days_left = 301", "300 days"),
        ('issuer = "GlobalSign"', "CN=Test DIP"),
        ('subject = ["L="]', "O=Supplier X"),
    ],
)
def test_each_rule_can_be_broken(begun: Path, tmp_path: Path, rule: str, found: str) -> None:
    """A rule that the certificate breaks is told once, and the others stay silent."""
    told = _broken(tmp_path, f"[signing]\n{rule}\n", begun / "certificates" / "signing.pem")
    assert len(told) == 1
    assert found in told[0][1]


def test_a_certificate_that_keeps_all_rules_breaks_none(begun: Path, tmp_path: Path) -> None:
    """Rules that fit, and rules for other certificates, are silent."""
    text = (
        '[signing]\nkeys = ["RSA-2048"]\nusages = ["digital signature"]\nmax_days = 400\nmin_days_left = 30\n'
        'issuer = "Test DIP"\nsubject = ["O=Supplier X"]\n[tls]\nmax_days = 1\n'
    )
    assert _broken(tmp_path, text, begun / "certificates" / "signing.pem") == []


def test_an_unknown_rule_is_refused(begun: Path, tmp_path: Path) -> None:
    """A misspelt rule is found, with its line."""
    with pytest.raises(ConfigurationError, match="line 2: max_day is no field"):
        _broken(tmp_path, "[signing]\nmax_day = 10\n", begun / "certificates" / "signing.pem")
