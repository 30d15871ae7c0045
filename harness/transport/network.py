"""The network file: `network.toml` read into a `Network`, and written from one.

Every error names the file, the table and the field. The format is described in `docs/network-file.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import nearest
from harness.transport.parties import ROLES, SIMULATED, CertificateSet, Network, Organisation, Party
from harness.transport.toml_table import Table
from harness.writing import write_whole

__all__ = [
    "ROLES",
    "SIMULATED",
    "CertificateSet",
    "Network",
    "Organisation",
    "Party",
    "load",
    "read_party",
    "write",
]

_DIP_ID = re.compile(r"[0-9A-Fa-f]{10}")
_MPID = re.compile(r"[A-Z]{4}")
_CHANNEL = re.compile(r"(IF-[0-9]{3}|REP-[0-9]{3}[AB]?)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WITHOUT_MPID = ("DIP", "DCP")
_WITH_DISTRIBUTOR = ("LDSO", "REGS")


def load(path: Path | str) -> Network:
    """Read a network file, whose paths start at its folder; raises ConfigurationError with field and fix."""
    path = Path(path)
    table = Table.of_file(path)
    certificates = tuple(_certificate(t, path.parent) for t in table.tables("certificate"))
    organisations = tuple(_organisation(t, path.parent) for t in table.tables("organisation"))
    table.nothing_else()
    return Network(organisations, certificates, where=str(path))


def _certificate(table: Table, base: Path) -> CertificateSet:
    name = table.text("name")
    cert = table.file("cert", base)
    key = table.optional_file("key", base)
    command = table.texts("sign_command")
    table.nothing_else()
    if key is None and not command:
        raise table.fail("key", "is missing", 'Add key = "...", or sign_command where a vault has it.')
    return CertificateSet(name, cert, key, command)


def _organisation(table: Table, base: Path) -> Organisation:
    name = table.text("name")
    parties = tuple(read_party(t, name, base) for t in table.tables("party"))
    table.nothing_else()
    return Organisation(name, parties)


def read_party(table: Table, organisation: str, base: Path, *, tls: str = "", signing: str = "") -> Party:
    """Read a party of an organisation; ``tls`` and ``signing`` name certificate sets that all share.

    Raises ConfigurationError with field and fix.
    """
    role = table.text("role")
    if role not in ROLES:
        raise table.fail("role", f"is '{role}', which is no market role", nearest(role, ROLES))
    dip_id = _matching(table, "dip_id", _DIP_ID, "ten hexadecimal digits")
    mpid = table.optional("mpid") or ""
    if not (_MPID.fullmatch(mpid) or (not mpid and role in _WITHOUT_MPID)):
        raise table.fail("mpid", f"is '{mpid}'" if mpid else "is missing", "An MPID is four capital letters.")
    variable = table.optional("api_key_env")
    if variable is not None and not _VARIABLE.fullmatch(variable):
        mend = "Never write the key itself into this file."
        raise table.fail("api_key_env", "is not the name of an environment variable", mend)
    party = Party(
        organisation=organisation,
        name=table.optional("name") or "",
        mpid=mpid,
        role=role,
        dip_id=dip_id,
        tls=tls or table.text("tls"),
        signing=signing or table.text("signing"),
        webhook=_webhook(table),
        webhooks=_webhooks(table),
        status_webhook=_url(table, "status_webhook", table.optional("status_webhook")),
        api_key_env=variable,
        api_key_file=table.optional_file("api_key_file", base),
        connection_provider=_provider(table),
        distributor_id=_distributor(table, role),
    )
    table.nothing_else()
    return party


def _matching(table: Table, name: str, pattern: re.Pattern[str], meaning: str) -> str:
    value = table.text(name)
    if not pattern.fullmatch(value):
        raise table.fail(name, f"is '{value}', expected {meaning}")
    return value


def _provider(table: Table) -> str | None:
    value = table.optional("connection_provider")
    if value is not None and not _DIP_ID.fullmatch(value):
        raise table.fail("connection_provider", f"is '{value}', expected a DIP id: ten hexadecimal digits")
    return value


def _distributor(table: Table, role: str) -> str | None:
    value = table.optional("distributor_id")
    if value is None:
        return None
    if role not in _WITH_DISTRIBUTOR:
        raise table.fail("distributor_id", f"does not apply to role {role}", "It belongs to LDSO and REGS.")
    if not re.fullmatch(r"[0-9]{2}", value):
        raise table.fail("distributor_id", f"is '{value}', expected two digits, as its MPANs begin")
    return value


def _webhook(table: Table) -> str:
    value = table.optional("webhook")
    if value is None or value == SIMULATED:
        return SIMULATED
    return _url(table, "webhook", value) or value


def _webhooks(table: Table) -> dict[str, str]:
    urls = table.mapping("webhooks")
    for channel, url in urls.items():
        if not _CHANNEL.fullmatch(channel):
            mend = 'Channels look like "IF-036" or "REP-002A".'
            raise table.fail(f"webhooks '{channel}'", "is no message channel", mend)
        _url(table, f"webhooks {channel}", url)
    return urls


def _url(table: Table, name: str, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        fine = parts.scheme == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine:
        mend = 'Webhooks are mutual TLS: "https://host:port/path".'
        raise table.fail(name, f"is '{value}', expected an https URL", mend)
    return value


def write(network: Network, path: Path | str) -> None:
    """Write a network file, whole or not at all; files below its folder are named relative to it.

    Raises EnvironmentFault when the disk refuses it.
    """
    path = Path(path)
    lines: list[str] = []
    for organisation in network.organisations:
        lines += ["[[organisation]]", f"name = {_quoted(organisation.name)}"]
        for party in organisation.parties:
            lines += ["", "  [[organisation.party]]"]
            lines += [f"  {line}" for line in _party_lines(party, path.parent)]
        lines.append("")
    for certificate in network.certificates:
        lines += ["[[certificate]]", *_certificate_lines(certificate, path.parent), ""]
    write_whole(path, "\n".join(lines).encode())


def _party_lines(party: Party, base: Path) -> list[str]:
    fields: list[tuple[str, str | None]] = [
        ("name", None if party.name == f"{party.organisation} ({party.role})" else party.name),
        ("mpid", party.mpid or None),
        ("role", party.role),
        ("dip_id", party.dip_id),
        ("api_key_env", party.api_key_env),
        ("api_key_file", _relative(party.api_key_file, base) if party.api_key_file else None),
        ("tls", party.tls),
        ("signing", party.signing),
        ("webhook", party.webhook),
        ("status_webhook", party.status_webhook),
        ("connection_provider", party.connection_provider),
        ("distributor_id", party.distributor_id),
    ]
    lines = [f"{name} = {_quoted(value)}" for name, value in fields if value is not None]
    if party.webhooks:
        pairs = (f"{_quoted(channel)} = {_quoted(url)}" for channel, url in party.webhooks.items())
        lines.append(f"webhooks = {{ {', '.join(pairs)} }}")
    return lines


def _certificate_lines(certificate: CertificateSet, base: Path) -> list[str]:
    lines = [f"name = {_quoted(certificate.name)}", f"cert = {_quoted(_relative(certificate.cert, base))}"]
    if certificate.key:
        lines.append(f"key = {_quoted(_relative(certificate.key, base))}")
    if certificate.sign_command:
        lines.append(f"sign_command = [{', '.join(map(_quoted, certificate.sign_command))}]")
    return lines


def _relative(path: Path, base: Path) -> str:
    path, base = path.absolute(), base.absolute()
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


_ESCAPES: Callable[[str], str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.__getitem__


def _quoted(text: str) -> str:
    plain = re.sub(r'["\\\n\r\t]', lambda match: _ESCAPES(match[0]), text)
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04x}", plain) + '"'
