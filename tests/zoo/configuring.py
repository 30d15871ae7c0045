"""Animals whose profile, certificates and ids are wrong: parts configuration and connectivity's ways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from harness.evidence.verdicts import BlameClass
from harness.security.keys import PrivateKey
from harness.security.profiles import Flaw, KeyKind
from harness.security.profiles import Profile as Kind
from harness.security.vault import write_certificates, write_key
from tests.zoo.keeping import DIP_ID, Animal, Nest, broken

CONFIGURATION = BlameClass.CONFIGURATION
_KINDS: dict[str, Kind] = {"tls": "tls-client", "signing": "signing"}


def unfit(
    name: str,
    check: str,
    fault: str,
    settle: Callable[[Nest], None],
    *,
    blame: BlameClass | None = CONFIGURATION,
    verdict: str = "fail",
    **more: object,
) -> None:
    """Take an animal into the zoo that differs in its profile alone."""
    broken(Animal(name, fault, check, verdict, blame, settle=settle, **more))  # type: ignore[arg-type]


def issued(
    nest: Nest,
    label: str,
    *,
    flaw: Flaw | None = None,
    key: KeyKind | None = None,
    kind: Kind | None = None,
    trusted: bool = True,
) -> None:
    """Give the nest's profile another certificate from the zoo's authority."""
    made = nest.certs.authority.issue(
        f"zoo {nest.folder.name}",
        kind or _KINDS[label],
        organisation="Zoo Energy",
        dip_ids=[DIP_ID],
        flaw=flaw,
        key=key,
        replace=True,
    )
    nest.tables[label] = {"cert": str(made.cert), "key": str(made.key)}
    if not trusted:
        nest.top["trust"] = [str(nest.certs.authority.ca_bundle)]


def written(
    nest: Nest,
    label: str,
    *,
    days: int = 365,
    bits: int = 2048,
    ocsp: str = "",
    self_signed: bool = False,
) -> None:
    """Give the nest's profile a certificate that is too short, too weak or self-signed."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    issuer, issuer_key = nest.certs.authority.issuing
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Zoo Energy"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, DIP_ID),
            x509.NameAttribute(NameOID.COMMON_NAME, nest.folder.name),
        ]
    )
    signing: PrivateKey = key if self_signed else issuer_key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if self_signed else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )
    if label == "tls":
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
    if ocsp:
        place = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    cert, key_file = nest.folder / f"{label}.pem", nest.folder / f"{label}.key"
    write_certificates(cert, builder.sign(signing, hashes.SHA256()))
    write_key(key_file, key)
    nest.tables[label] = {"cert": str(cert), "key": str(key_file)}


def _no_key(nest: Nest) -> None:
    nest.tables["tls"]["key"] = str(nest.folder / "nowhere.key")


def _other_key(nest: Nest) -> None:
    nest.tables["signing"]["key"] = nest.tables["tls"]["key"]


def _silent_command(nest: Nest) -> None:
    nest.tables["signing"] = {"cert": nest.tables["signing"]["cert"], "sign_command": ["true"]}


def _two_parties(nest: Nest) -> None:
    nest.parties["1800000078"] = "MDS"


def _shared_key(nest: Nest) -> None:
    _two_parties(nest)


def _prefix(nest: Nest) -> None:
    nest.parties.clear()
    nest.parties["2300000078"] = "LSS"


def _no_webhook(nest: Nest) -> None:
    nest.party["webhook"] = "simulated"


def _profile(nest: Nest) -> None:
    rules = nest.folder / "rules.toml"
    rules.write_text('[signing]\nkeys = ["RSA-3072"]\nmax_days = 30\n', encoding="utf-8")
    nest.top["certificate_profile"] = str(rules)


def _without_host(nest: Nest) -> None:
    nest.tables["webhook"]["cert"] = str(nest.certs.tls.cert)


unfit("no-key", "config.files-readable", "Names a key file that is not there.", _no_key)
unfit(
    "another-key", "config.key-matches-certificate", "Signs with the key of its TLS certificate.", _other_key
)
unfit(
    "silent-vault",
    "config.key-matches-certificate",
    "Its sign command answers nothing.",
    _silent_command,
)
unfit(
    "self-signed",
    "config.chain-complete",
    "Connects with a certificate that it signed itself.",
    lambda nest: written(nest, "tls", self_signed=True),
)
unfit(
    "foreign-authority",
    "config.chain-complete",
    "Signs with a certificate of another authority with the same names.",
    lambda nest: issued(nest, "signing", flaw="foreign"),
)
unfit(
    "server-for-client",
    "config.certificate-usage",
    "Connects with a certificate for servers.",
    lambda nest: issued(nest, "tls", flaw="wrong-usage"),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "may-not-sign",
    "config.certificate-usage",
    "Signs with a certificate that may not sign.",
    lambda nest: issued(nest, "signing", flaw="wrong-usage"),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "elliptic",
    "config.key-strength",
    "Signs with an EC key.",
    lambda nest: issued(nest, "signing", key="p256"),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "short-key",
    "config.key-strength",
    "Signs with an RSA key of 1024 bits.",
    lambda nest: written(nest, "signing", bits=1024),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "expired",
    "config.in-force",
    "Connects with an expired certificate.",
    lambda nest: issued(nest, "tls", flaw="expired"),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "too-early",
    "config.in-force",
    "Signs with a certificate whose first day lies ahead.",
    lambda nest: issued(nest, "signing", flaw="not-yet-valid"),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "soon-over",
    "config.renewal-calendar",
    "Its certificate ends in ten days.",
    lambda nest: written(nest, "signing", days=10),
    blame=None,
    verdict="advisory",
)
unfit(
    "somebody-else",
    "config.names-agree",
    "Signs with another organisation's certificate.",
    lambda nest: issued(nest, "signing", flaw="wrong-party"),
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "nameless-server",
    "config.names-agree",
    "The certificate of its webhook names no host.",
    _without_host,
    blame=BlameClass.PARTICIPANT,
)
unfit(
    "breaks-its-profile",
    "config.certificate-profile",
    "Its certificate is not as its own certificate profile wants it.",
    _profile,
    blame=BlameClass.PARTICIPANT,
)
unfit("mixed-up-ids", "config.ids-agree", "Gives a supplier's DIP id to its load shaping service.", _prefix)
unfit(
    "release-twice",
    "config.release-set",
    "Names one release twice and means another.",
    lambda nest: nest.top.update(releases=["2.1.0", "2.1.0"]),
)
unfit("no-webhook", "config.webhooks-complete", "Has no webhook for what its role receives.", _no_webhook)
unfit("one-api-key", "config.api-keys", "Uses one API key for two DIP ids.", _shared_key)
