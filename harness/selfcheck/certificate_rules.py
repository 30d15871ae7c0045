"""Rules for certificates, from the user's file: the programme's certificate profiles are not public.

::

    [tls]                               # also [signing] and [webhook]
    keys = ["RSA-2048", "RSA-3072"]     # as `dip pki show` writes them
    usages = ["digital signature", "TLS client"]
    max_days = 398
    min_days_left = 30
    issuer = "GlobalSign"               # a text that the issuer's name holds
    subject = ["O=", "OU="]             # texts that the subject's name holds
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.security.describing import describe
from harness.selfcheck.certificates import Held
from harness.transport.toml_table import Table


@dataclass(frozen=True, slots=True)
class Rules:
    """What one kind of certificate must be; what is empty is not judged."""

    keys: tuple[str, ...] = ()
    usages: tuple[str, ...] = ()
    max_days: int | None = None
    min_days_left: int | None = None
    """Days before its end from which a certificate fails, where renewals are otherwise advice."""
    issuer: str = ""
    subject: tuple[str, ...] = ()


def read_rules(path: Path) -> Mapping[str, Rules]:
    """Read the rules by table; raises ConfigurationError with line, field and fix."""
    table = Table.of_file(path, lines=True)
    found = {}
    for label in ("tls", "signing", "webhook"):
        each = table.table(label)
        found[label] = Rules(
            keys=each.texts("keys"),
            usages=each.texts("usages"),
            max_days=each.number("max_days"),
            min_days_left=each.number("min_days_left"),
            issuer=each.optional("issuer") or "",
            subject=each.texts("subject"),
        )
        each.nothing_else()
    table.nothing_else()
    return found


def broken_rules(rules: Mapping[str, Rules], held: Held, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield each rule that a certificate breaks at a moment, as what is expected and what was found."""
    rule, said = rules[held.label], describe(held.certificate)
    if rule.keys and said["key"] not in rule.keys:
        yield f"a key of {' or '.join(rule.keys)}", str(said["key"])
    usages = said["usages"]
    assert isinstance(usages, list)
    lacking = [each for each in rule.usages if each not in usages]
    if lacking:
        yield f"the usages {', '.join(rule.usages)}", f"without {', '.join(lacking)}"
    days = (held.certificate.not_valid_after_utc - held.certificate.not_valid_before_utc).days
    if rule.max_days is not None and days > rule.max_days:
        yield f"{rule.max_days} days or fewer", f"{days} days"
    left = (held.certificate.not_valid_after_utc - now).days
    if rule.min_days_left is not None and left < rule.min_days_left:
        yield f"{rule.min_days_left} days or more before its end", f"{left} days"
    if rule.issuer and rule.issuer not in str(said["issuer"]):
        yield f"an issuer with '{rule.issuer}'", str(said["issuer"])
    for each in rule.subject:
        if each not in str(said["subject"]):
            yield f"a subject with '{each}'", str(said["subject"])
