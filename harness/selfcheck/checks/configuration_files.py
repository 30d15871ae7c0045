"""Configuration: files are there and can be read, and keys belong to their certificates."""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import HarnessError
from harness.evidence.verdicts import BlameClass
from harness.security.certificates import all_certificates, first_certificate, parse
from harness.security.keys import load_private_key, sign_through
from harness.selfcheck.check import Finding, check, failed, held
from harness.selfcheck.context import Context
from harness.selfcheck.profile import SIGNING, TLS, Credentials


def credentials(context: Context) -> tuple[tuple[str, Credentials], ...]:
    """Return the two sets of credentials with the names of their certificate sets."""
    return ((TLS, context.profile.tls), (SIGNING, context.profile.signing))


@check(
    id="config.files-readable",
    part="configuration",
    title="Every certificate, key and trust file can be read",
    rule="RFC 7468: certificates and keys in PEM text; the harness takes keys without a password",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    online=False,
)
def files_readable(context: Context) -> Iterator[Finding]:
    """Nothing else can be judged before each file that the profile names can be read."""
    profile = context.profile
    for _, each in credentials(context):
        yield _tried(f"[{each.label}] cert {each.cert.name}", lambda each=each: first_certificate(each.cert))
        if each.chain is not None:
            yield _tried(
                f"[{each.label}] chain {each.chain.name}", lambda each=each: all_certificates([each.chain])
            )
        if each.sign_command or each.connect_command:
            continue
        name = each.key_env or (each.key.name if each.key else "")
        yield _tried(f"[{each.label}] key {name}", lambda each=each: _key(context, each))
    for path in (*profile.trust, *profile.webhook.ca, *([profile.hub.ca] if profile.hub.ca else [])):
        yield _tried(f"trust {path.name}", lambda path=path: all_certificates([path]))
    if profile.webhook.cert is not None:
        path = profile.webhook.cert
        yield _tried(f"[webhook] cert {path.name}", lambda: first_certificate(path))


@check(
    id="config.key-matches-certificate",
    part="configuration",
    title="Each private key belongs to its certificate",
    rule="RFC 8446 4.4.3: whoever shows a certificate proves that it holds its key",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    after=["config.files-readable"],
    online=False,
)
def key_matches(context: Context) -> Iterator[Finding]:
    """A key of another certificate fails every handshake and signature, and the error seldom says why."""
    for name, each in credentials(context):
        if each.connect_command:
            continue  # connectivity.connect-command shows it
        certificate, _ = first_certificate(each.cert)
        public = parse(certificate).public_key
        title = f"the key of [{each.label}] belongs to {each.cert.name}"
        if public is None:
            yield failed(
                title,
                expected="an RSA or EC key",
                actual="the certificate's key is of another kind",
                hint="Request a certificate with an RSA key (signing) or an RSA or EC key (TLS).",
            )
        elif each.sign_command:
            yield _by_command(title, each, public)
        elif _key(context, each).public_key() == public:
            yield held(title)
        else:
            yield failed(
                title,
                expected=f"the private key that {each.cert.name} was requested with",
                actual=f"the key of another certificate ({name})",
                hint=f"Name in [{each.label}] the key that the certificate was requested with.",
            )


def _by_command(title: str, each: Credentials, public: object) -> Finding:
    try:
        sign_through(each.sign_command, public)(b"dip check")  # type: ignore[arg-type]
    except HarnessError as error:
        return failed(
            title,
            expected="a signature of the certificate's key from the sign command",
            actual=error.what,
            hint=error.mend or "Run the command by hand: it reads standard input and writes the signature.",
        )
    return held(title, "the sign command signs, and the certificate verifies it")


def _key(context: Context, each: Credentials):  # type: ignore[no-untyped-def]
    found = context.certificate_set(each, f"check-{each.label}").key
    assert found is not None
    return load_private_key(found)


def _tried(title: str, read) -> Finding:  # type: ignore[no-untyped-def]
    try:
        read()
    except HarnessError as error:
        return failed(
            title,
            expected="a file that can be read",
            actual=f"{error.where}: {error.what}" if error.where else error.what,
            hint=error.mend or "Paths start at the folder of the profile.",
        )
    return held(title)
