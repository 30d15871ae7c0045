"""A test certificate authority in a folder: root, issuing CA, parties' certificates, revocation.

::

    FOLDER/
      <name>.tls.pem, .key          a TLS client set; .server for TLS servers, .signing for signing
      <name>.tls.expired.pem, .key  a broken one, named by its flaw
      authority/
        authority.json              the authority's name; written last
        ca.pem                      issuing CA and root: what a peer is given to trust
        crl.pem                     revocation list, signed by the issuing CA
        root.pem, root.key, issuing.pem, issuing.key
        issued/<serial>.json        one record per certificate
        revoked/<serial>.json       one per revoked certificate
        foreign/                    another authority with the same names, made when first needed

Keys have mode 600. The authority is made in a folder beside and renamed, and every file is renamed into
place, so a reader never meets half of anything and several processes may share one folder. Certificates
live in real time. The profile is assumed (`harness.security.profiles`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from harness.errors import ConfigurationError, nearest
from harness.security.certificates import Identity, first_certificate, identity_of, load_pem
from harness.security.founding import RECORD, found, issuing_pair
from harness.security.keys import PrivateKey
from harness.security.profiles import (
    FLAWS,
    KEY_KINDS,
    PROFILES,
    Flaw,
    KeyKind,
    Profile,
    Subject,
    checked,
    generate_key,
    party_certificate,
    usual_key,
)
from harness.security.revocation import revocation_list
from harness.security.vault import write_certificates, write_key
from harness.writing import write_whole

_SHORT = {"tls-client": "tls", "tls-server": "server", "signing": "signing"}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate of the authority: its files, its serial number in hexadecimal, what it was issued as."""

    name: str
    profile: str
    cert: Path
    key: Path
    serial: str
    flaw: str = ""
    organisation: str = ""
    dip_ids: tuple[str, ...] = ()
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to issue, for `Authority.issue_all`; the fields are those of `Authority.issue`."""

    name: str
    profile: Profile
    organisation: str = ""
    dip_ids: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    flaw: Flaw | None = None
    key: KeyKind | None = None


class Authority:
    """An authority that is on disk. Safe to share between threads and processes."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self._home = folder / "authority"

    @classmethod
    def create(cls, folder: Path | str, *, name: str = "Test DIP") -> Authority:
        """Make an authority in ``folder``, or open the one that is there (its name must be the same)."""
        folder = Path(folder)
        if not (folder / "authority" / RECORD).exists():
            found(folder / "authority", name)
        authority = cls.open(folder)
        if authority.name != name:
            raise ConfigurationError(
                f"holds the authority '{authority.name}', not '{name}'",
                where=str(folder),
                mend="Take another folder.",
            )
        return authority

    @classmethod
    def open(cls, folder: Path | str) -> Authority:
        """Open the authority in ``folder``; raises ConfigurationError where there is none."""
        folder = Path(folder)
        try:
            record = json.loads((folder / "authority" / RECORD).read_text(encoding="utf-8"))
            name = record["name"]
        except FileNotFoundError as error:
            raise ConfigurationError(
                "holds no test authority", where=str(folder), mend=f"Make one with: dip pki init {folder}"
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"the authority's record {RECORD} can't be read",
                where=str(folder),
                mend="Make the authority again.",
            ) from error
        return cls(folder, str(name))

    @property
    def ca_bundle(self) -> Path:
        """The PEM file that a peer trusts: issuing CA and root."""
        return self._home / "ca.pem"

    @property
    def crl(self) -> Path:
        """The revocation list in PEM, signed by the issuing CA."""
        return self._home / "crl.pem"

    @cached_property
    def issuing(self) -> tuple[x509.Certificate, PrivateKey]:
        """The issuing CA's certificate and key."""
        return issuing_pair(self._home)

    def issue(
        self,
        name: str,
        profile: Profile,
        *,
        organisation: str = "",
        dip_ids: Sequence[str] = (),
        hosts: Sequence[str] = (),
        flaw: Flaw | None = None,
        key: KeyKind | None = None,
        replace: bool = False,
    ) -> Issued:
        """Issue a certificate with a new key and write both.

        ``profile`` is ``tls-client``, ``tls-server`` or ``signing``; ``key`` is ``p256`` or ``rsa2048`` (RSA
        by default for signing, else P-256); ``hosts`` are further names of a TLS server, which always answers
        for the loopback host. ``flaw`` issues a broken one. Raises ConfigurationError for an unknown choice,
        a name that makes no file name, or files that are there already unless ``replace`` is set.
        """
        checked(profile, PROFILES, "profile")
        kind: KeyKind = key or usual_key(profile)
        checked(kind, KEY_KINDS, "kind of key")
        if flaw is not None:
            checked(flaw, FLAWS, "flaw")
        subject = Subject(name, organisation, tuple(dip_ids))
        subject.x509_name()
        cert_path, key_path = self._paths(name, profile, flaw)
        if cert_path.exists() and not replace:
            raise ConfigurationError(
                "is there already", where=str(cert_path), mend="Take another name, or ask to replace it."
            )
        issuer, issuer_key = self._foreign() if flaw == "foreign" else self.issuing
        private_key = generate_key(kind)
        certificate = party_certificate(
            subject, profile, private_key, issuer=issuer, issuer_key=issuer_key, hosts=hosts, flaw=flaw
        )
        identity = identity_of(certificate)
        issued = Issued(
            name=name,
            profile=profile,
            cert=cert_path,
            key=key_path,
            serial=_hex(certificate.serial_number),
            flaw=flaw or "",
            organisation=identity.organisation,
            dip_ids=identity.dip_ids,
            expires=certificate.not_valid_after_utc.isoformat(),
        )
        cert_path.unlink(missing_ok=True)
        write_key(key_path, private_key)
        write_certificates(cert_path, certificate)
        pem = certificate.public_bytes(Encoding.PEM).decode("ascii")
        record = asdict(issued) | {"cert": cert_path.name, "key": key_path.name, "pem": pem}
        _write_json(self._home / "issued" / f"{issued.serial}.json", record)
        if flaw == "revoked":
            self.revoke(issued.serial)
        return issued

    def issue_all(self, wishes: Iterable[Wish], *, replace: bool = False) -> list[Issued]:
        """Issue many at once, on all cores: making RSA keys is what takes the time."""
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            return list(
                pool.map(
                    lambda w: self.issue(
                        w.name,
                        w.profile,
                        organisation=w.organisation,
                        dip_ids=w.dip_ids,
                        hosts=w.hosts,
                        flaw=w.flaw,
                        key=w.key,
                        replace=replace,
                    ),
                    wishes,
                )
            )

    def find(self, name: str, profile: Profile, flaw: Flaw | None = None) -> Issued | None:
        """Return the certificate whose files are there under that name, or None."""
        cert_path, _ = self._paths(name, profile, flaw)
        if not cert_path.is_file():
            return None
        record = self._home / "issued" / f"{_serial_of(cert_path)}.json"
        issued = self._issued(record) if record.is_file() else None
        return issued if issued is not None and issued.cert == cert_path else None

    def issued(self) -> tuple[Issued, ...]:
        """Return what was issued and not replaced, ordered by file name."""
        current: list[Issued] = []
        for path in (self._home / "issued").glob("*.json"):
            issued = self._issued(path)
            if _serial_of(issued.cert) == issued.serial:
                current.append(issued)
        return tuple(sorted(current, key=lambda issued: issued.cert.name))

    def _issued(self, path: Path) -> Issued:
        record = _read_json(path)
        del record["pem"]
        paths = {"cert": self.folder / record["cert"], "key": self.folder / record["key"]}
        return Issued(**(record | paths | {"dip_ids": tuple(record["dip_ids"])}))

    def certificate(self, serial: str) -> x509.Certificate | None:
        """Return the certificate with that serial number (hexadecimal), replaced or not; None if unknown."""
        path = self._home / "issued" / f"{serial}.json"
        if not path.exists():
            return None
        record = _read_json(path)
        return None if record["flaw"] == "foreign" else load_pem(record["pem"].encode())

    def revoke(self, certificate: Issued | Path | str) -> str:
        """Revoke a certificate (as issued, by file or by serial number), publish the list, return the serial.

        Revoking twice changes nothing. Raises ConfigurationError for a certificate of another authority.
        """
        serial = self._serial(certificate)
        path = self._home / "revoked" / f"{serial}.json"
        if not path.exists():
            _write_json(path, {"serial": serial, "revoked": datetime.now(UTC).isoformat()})
        self._publish()
        return serial

    def revoked(self) -> dict[str, datetime]:
        """Return serial number -> moment of revocation."""
        records = [_read_json(path) for path in (self._home / "revoked").glob("*.json")]
        return {record["serial"]: datetime.fromisoformat(record["revoked"]) for record in records}

    def _publish(self) -> None:
        issuer, key = self.issuing
        while True:
            revoked = self.revoked()
            write_whole(self.crl, revocation_list(issuer, key, revoked))
            if self.revoked().keys() == revoked.keys():
                return

    def _serial(self, certificate: Issued | Path | str) -> str:
        if isinstance(certificate, Issued):
            serial = certificate.serial
        elif isinstance(certificate, Path) or Path(certificate).is_file():
            serial = _hex(first_certificate(Path(certificate))[0].serial_number)
        else:
            serial = certificate.lower().replace(":", "").lstrip("0")
        record = self._home / "issued" / f"{serial}.json"
        if not re.fullmatch(r"[0-9a-f]{1,40}", serial) or not record.is_file():
            names = [issued.cert.name for issued in self.issued()]
            given = certificate.cert if isinstance(certificate, Issued) else certificate
            raise ConfigurationError(
                f"'{given}' is no certificate of this authority",
                where=str(self.folder),
                mend=nearest(Path(str(given)).name, names),
            )
        if _read_json(record)["flaw"] == "foreign":
            raise ConfigurationError(
                "a foreign certificate is not this authority's to revoke", where=str(self.folder)
            )
        return serial

    def _paths(self, name: str, profile: Profile, flaw: Flaw | None) -> tuple[Path, Path]:
        slug = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")
        if not slug:
            raise ConfigurationError(f"{name!r} makes no file name", mend="Use letters or digits in it.")
        stem = ".".join(part for part in (slug, _SHORT[profile], flaw) if part)
        return self.folder / f"{stem}.pem", self.folder / f"{stem}.key"

    def _foreign(self) -> tuple[x509.Certificate, PrivateKey]:
        home = self._home / "foreign"
        if not (home / RECORD).exists():
            found(home, self.name)
        return issuing_pair(home)


def _hex(serial: int) -> str:
    return f"{serial:x}"


def _serial_of(path: Path) -> str:
    return _hex(first_certificate(path)[0].serial_number) if path.is_file() else ""


def _write_json(path: Path, data: dict[str, Any]) -> None:
    write_whole(path, json.dumps(data, indent=2).encode())


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "can't be read", where=str(path), mend="Make the authority again."
        ) from error


__all__ = ["Authority", "Identity", "Issued", "Wish", "identity_of"]
