"""Animals that can't be reached, or not as they should: names, TLS, certificates, sizes, gateways, clocks."""

# ruff: noqa: D102, ARG002 - overridden methods

from __future__ import annotations

import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from harness.evidence.verdicts import BlameClass
from harness.security.authority import Authority
from tests.zoo.configuring import issued, unfit, written
from tests.zoo.dens import Den
from tests.zoo.keeping import DIP_ID, Nest, animal
from tests.zoo.minds import Answer, Mind, Request
from tests.zoo.vaults import tls_vault

ENVIRONMENT = BlameClass.ENVIRONMENT
_LIMIT = 100_000
_PATIENCE = 0.2
_NOWHERE = "https://127.0.0.1:9"


@animal("plain-http", "connectivity.tls-version")
class Plain(Den):
    """Speaks HTTP without TLS on the port that it names with https."""

    def secured(self, line: socket.socket) -> socket.socket:
        line.settimeout(_PATIENCE)
        return line


@animal("tls-1-1", "connectivity.tls-version")
class OldOnly(Den):
    """Speaks TLS 1.1 and nothing newer."""

    def context(self) -> ssl.SSLContext:
        return _weak(super().context(), ssl.TLSVersion.TLSv1_1)


@animal("tls-1-1-too", "connectivity.tls-old-refused")
class OldToo(Den):
    """Agrees on TLS 1.1 where a client asks for it."""

    def context(self) -> ssl.SSLContext:
        return _weak(super().context(), ssl.TLSVersion.TLSv1_3)


@animal(
    "no-forward-secrecy",
    "connectivity.tls-cipher",
    settle=lambda nest: _server(nest, key="rsa2048"),
)
class WeakCiphers(Den):
    """Agrees on RSA key exchange."""

    def context(self) -> ssl.SSLContext:
        context = super().context()
        context.set_ciphers("ALL:eNULL:@SECLEVEL=0")
        return context


@animal(
    "asks-for-no-certificate",
    "connectivity.no-certificate-refused",
    settle=lambda nest: setattr(nest.shown, "client", ssl.CERT_OPTIONAL),
)
class AsksNobody(Mind):
    """Takes calls without a client certificate."""

    def let_in(self, request: Request) -> bool:
        return True


@animal(
    "believes-any-authority",
    "connectivity.foreign-certificate-refused",
    settle=lambda nest: _trusts_foreign(nest),
)
class BelievesAny(Mind):
    """Takes any certificate that names the DIP."""

    def let_in(self, request: Request) -> bool:
        return request.client is not None


@animal("wrong-clock", "connectivity.clock", blame=ENVIRONMENT)
class WrongClock(Mind):
    """Its clock is ten minutes ahead."""

    def answer(self, request: Request) -> Answer:
        found = super().answer(request)
        found.headers["Date"] = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
        return found


@animal("hundred-kilobytes", "connectivity.body-sizes")
class SmallDoor(Mind):
    """Stands behind a gateway that stops bodies of more than 100 kB."""

    def answer(self, request: Request) -> Answer:
        return Answer(413) if len(request.body) > _LIMIT else super().answer(request)


@animal(
    "behind-a-gateway",
    "connectivity.public-url",
    settle=lambda nest: nest.tables["webhook"].update(public_url=f"https://dip.zoo.example/in/{DIP_ID}"),
)
class BehindGateway(Mind):
    """Verifies signatures over the host that its gateway writes."""


def _weak(context: ssl.SSLContext, newest: ssl.TLSVersion) -> ssl.SSLContext:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _server(nest: Nest, **more: object) -> None:
    made = nest.certs.authority.issue(
        f"zoo {nest.folder.name}",
        "tls-server",
        replace=True,
        **more,  # type: ignore[arg-type]
    )
    nest.shown.cert, nest.shown.key = made.cert, made.key


def _foreign_ca(nest: Nest) -> Path:
    """Return the certificates of the other authority, which is made with its first certificate."""
    nest.certs.authority.issue("zoo stranger", "tls-client", flaw="foreign", replace=True)
    return nest.certs.authority.folder / "authority" / "foreign" / "ca.pem"


def _trusts_foreign(nest: Nest) -> None:
    both = nest.folder / "both.pem"
    both.write_bytes(nest.shown.ca.read_bytes() + _foreign_ca(nest).read_bytes())
    nest.shown.ca = both


def _distrusts(nest: Nest) -> None:
    nest.shown.ca = _foreign_ca(nest)


def _self_signed(nest: Nest) -> None:
    written(nest, "webhook", self_signed=True)
    found = nest.tables["webhook"]
    nest.shown.cert, nest.shown.key = Path(str(found.pop("cert"))), Path(str(found.pop("key")))


def _expired(nest: Nest) -> None:
    _server(nest, flaw="expired")


def _leaf_only(nest: Nest) -> None:
    """Let the profile trust the root alone; the den sends no intermediate certificate."""
    authority: Authority = nest.certs.authority
    root = nest.folder / "root.pem"
    root.write_bytes((authority.folder / "authority" / "root.pem").read_bytes())
    nest.tables["webhook"]["ca"] = [str(root)]
    nest.shown.client = ssl.CERT_NONE


def _revoked(nest: Nest, label: str) -> None:
    issued(nest, label, flaw="revoked")


def _dead_responder(nest: Nest) -> None:
    written(nest, "signing", ocsp="http://127.0.0.1:9/ocsp")


def _other_vault(nest: Nest) -> None:
    tls_vault(nest)
    words = nest.tables["tls"]["connect_command"]
    assert isinstance(words, list)
    other = nest.certs.flawed("tls-client", "wrong-party")
    words[-3:-1] = [str(other.cert), str(other.key)]


def _slow_vault(nest: Nest) -> None:
    script = nest.folder / "sign.py"
    script.write_text(
        "import sys, time\n"
        "from cryptography.hazmat.primitives import hashes, serialization\n"
        "from cryptography.hazmat.primitives.asymmetric import padding\n"
        "key = serialization.load_pem_private_key(open(sys.argv[1], 'rb').read(), None)\n"
        "time.sleep(0.45)\n"
        "sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read(), padding.PKCS1v15(), hashes.SHA256()))\n",
        encoding="utf-8",
    )
    own = nest.tables["signing"]
    nest.tables["signing"] = {
        "cert": own["cert"],
        "sign_command": [sys.executable, str(script), str(own["key"])],
    }


unfit(
    "no-such-host",
    "connectivity.name-resolution",
    "The host of its webhook has no address.",
    lambda nest: nest.party.update(webhook="https://receiver.zoo.invalid/"),
    blame=ENVIRONMENT,
)
unfit(
    "nobody-listens",
    "connectivity.tcp",
    "Nothing listens at its webhook.",
    lambda nest: nest.party.update(webhook=f"{_NOWHERE}/"),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "expired-server",
    "connectivity.server-certificate",
    "Its webhook shows an expired certificate.",
    _expired,
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "self-signed-server",
    "connectivity.server-certificate",
    "Its webhook shows a certificate that it signed itself.",
    _self_signed,
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "leaf-only",
    "connectivity.server-certificate",
    "Its webhook sends no intermediate certificate.",
    _leaf_only,
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "distrusts-the-dip",
    "connectivity.dip-accepted",
    "Trusts another authority for client certificates.",
    _distrusts,
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "revoked-client",
    "connectivity.to-dip",
    "Connects with a revoked certificate.",
    lambda nest: _revoked(nest, "tls"),
)
unfit(
    "far-dip",
    "connectivity.real-dip",
    "The real DIP that it names does not answer.",
    lambda nest: nest.tables["dip"].update(url=f"{_NOWHERE}/2.1.0"),
    blame=ENVIRONMENT,
)
unfit(
    "dead-responder",
    "connectivity.revocation",
    "Its certificate names an OCSP responder that nobody can reach.",
    _dead_responder,
    blame=ENVIRONMENT,
)
unfit(
    "broken-proxy",
    "connectivity.proxy",
    "The proxy that it goes through does not answer.",
    lambda nest: nest.top.update(proxy="http://127.0.0.1:9"),
    blame=ENVIRONMENT,
)
unfit(
    "slow-vault",
    "connectivity.sign-command",
    "Its vault takes its time for a signature.",
    _slow_vault,
    blame=None,
    verdict="advisory",
)
unfit(
    "vault-of-another",
    "connectivity.connect-command",
    "Its vault opens connections with another certificate than [tls] names.",
    _other_vault,
)
unfit(
    "dead-back-office",
    "connectivity.probe-points",
    "Its adapter answers and its back office does not.",
    lambda nest: nest.tables.update({"[probe]": {"name": "back-office", "url": "http://127.0.0.1:9/"}}),
    blame=BlameClass.PARTICIPANT,
)
