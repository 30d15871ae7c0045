"""A new `participant.toml`, with comments, and test certificates for whoever has none yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import ConfigurationError
from harness.security.authority import Authority
from harness.security.profiles import Profile as Kind
from harness.selfcheck.context import NETWORK, prepare_hub
from harness.spec.interfaces import interfaces
from harness.spec.roles import roles
from harness.writing import PRIVATE, PUBLIC, write_whole

CERTIFICATES = "certificates"
HUB_FOLDER = "test-dip"
TEST_FILES = {
    "tls": (f"{CERTIFICATES}/tls.pem", f"{CERTIFICATES}/tls.key"),
    "signing": (f"{CERTIFICATES}/signing.pem", f"{CERTIFICATES}/signing.key"),
    "webhook": (f"{CERTIFICATES}/webhook.pem", f"{CERTIFICATES}/webhook.key"),
}
TEST_CA = f"{CERTIFICATES}/dip-ca.pem"
TEST_CRL = f"{CERTIFICATES}/dip-crl.pem"
_KINDS: dict[str, Kind] = {"tls": "tls-client", "signing": "signing", "webhook": "tls-server"}


@dataclass(frozen=True, slots=True)
class Answers:
    """What `dip check init` asks; paths as they are to stand in the file."""

    name: str
    role: str
    mpid: str
    dip_id: str
    environment: str = "SIT"
    releases: tuple[str, ...] = ("2.1.0",)
    webhook: str = ""
    api_key_env: str = ""
    tls: tuple[str, str] = TEST_FILES["tls"]
    """Certificate and key."""
    signing: tuple[str, str] = TEST_FILES["signing"]
    sign_command: tuple[str, ...] = ()
    trust: tuple[str, ...] = (TEST_CA,)
    connection_provider: str = ""
    distributor_id: str = ""


def issue_test_certificates(folder: Path, answers: Answers) -> list[Path]:
    """Issue TLS, signing and webhook certificates below ``folder`` from the embedded DIP's test authority.

    The authority is made when it is missing. Returns the certificates that were written; raises
    ConfigurationError where one is there already.
    """
    prepare_hub(folder / HUB_FOLDER)
    authority = Authority.open(folder / HUB_FOLDER / NETWORK.parent / "pki")
    home = folder / CERTIFICATES
    home.mkdir(parents=True, exist_ok=True)
    host = urlsplit(answers.webhook).hostname if answers.webhook else None
    written = []
    for label, (cert, key) in TEST_FILES.items():
        if (folder / cert).exists():
            raise ConfigurationError(
                "is there already", where=str(folder / cert), mend="Move it away, or name your own files."
            )
        issued = authority.issue(
            f"participant-{label}",
            _KINDS[label],
            organisation=answers.name,
            dip_ids=[answers.dip_id],
            hosts=[host] if host and label == "webhook" else [],
            replace=True,
        )
        write_whole(folder / key, issued.key.read_bytes(), mode=PRIVATE)
        write_whole(folder / cert, issued.cert.read_bytes(), mode=PUBLIC)
        written.append(folder / cert)
    write_whole(folder / TEST_CA, authority.ca_bundle.read_bytes())
    return [*written, folder / TEST_CA]


def text(answers: Answers) -> str:
    """Return the profile with a comment on each part."""
    role = roles().get(answers.role)
    spoken = role.name if role else answers.role
    party = [
        f'role = "{answers.role}"',
        *([f'mpid = "{answers.mpid}"'] if answers.mpid else []),
        f'dip_id = "{answers.dip_id}"',
        *([f'distributor_id = "{answers.distributor_id}"'] if answers.distributor_id else []),
        *([f'connection_provider = "{answers.connection_provider}"'] if answers.connection_provider else []),
        *([f'api_key_env = "{answers.api_key_env}"'] if answers.api_key_env else []),
        f'webhook = "{answers.webhook}"' if answers.webhook else '# webhook = "https://host:port/path"',
    ]
    signing = [f'cert = "{answers.signing[0]}"']
    if answers.sign_command:
        signing.append(f"sign_command = {_listed(answers.sign_command)}")
    else:
        signing.append(f'key = "{answers.signing[1]}"')
    example = next(iter(sorted(interfaces())))
    return _TEXT.format(
        name=_escaped(answers.name),
        environment=answers.environment,
        releases=_listed(answers.releases),
        trust=_listed(answers.trust),
        spoken=spoken,
        party="\n".join(party),
        tls_cert=answers.tls[0],
        tls_key=answers.tls[1],
        signing="\n".join(signing),
        hub=HUB_FOLDER,
        example=example,
    )


def write(path: Path, answers: Answers) -> None:
    """Write the profile; raises ConfigurationError where one is there already."""
    if path.exists():
        raise ConfigurationError("is there already", where=str(path), mend="Edit it, or name another file.")
    write_whole(path, text(answers).encode())


def _listed(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{_escaped(each)}"' for each in values) + "]"


def _escaped(value: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", value)


_TEXT = """\
# Who checks itself. Paths start at the folder of this file. It names where secrets are, and holds none.
format = 1
name = "{name}"                # the organisation, as in its certificates
environment = "{environment}"          # the environment tag of messages: SIT, SITB, UIT or DEV
releases = {releases}          # API releases that the system speaks
trust = {trust}    # who vouches for the certificates below (PEM)
# proxy = "http://proxy:3128"  # what https leaves through, where it is not in the environment
# body_limit = 10000000        # bytes of the largest body that the system says it accepts
# captures = ["sent.http"]     # signed requests that were recorded: text, JSON, or HAR
# certificate_profile = "certificate-profile.toml"   # your copy of the rules for certificates

# One [[party]] for each MPID, market role and DIP id. This one: {spoken}.
[[party]]
{party}
# webhooks = {{ "{example}" = "https://host:port/other" }}   # channels with a URL of their own
# status_webhook = "https://host:port/status"
# connection_provider = "1000000001"     # DIP id of the connection provider that you nominated
# api_key_env = "DIP_API_KEY"            # the NAME of the variable that holds the API key

# The certificate that opens connections to the DIP.
[tls]
cert = "{tls_cert}"
key = "{tls_key}"            # or: key_env = "NAME" (PEM text in a variable)
# connect_command = ["open-tls", "{{host}}", "{{port}}"]   # in place of key, where a vault or HSM holds it
# next_cert = "tls.next.pem"  # the certificate that follows, and next_key: for the rehearsal of the change
# chain = "chain.pem"        # further certificates up to the authority, if cert lacks them

# The certificate that signs. A key in a vault or HSM signs by command: string on stdin, signature on stdout.
[signing]
{signing}
# sign_command = ["vault-sign", "--key", "dip-signing"]

# Your receiver.
[webhook]
# cert = "certificates/webhook.pem"       # what it shows; named, its renewal is in the calendar
# ca = ["other-ca.pem"]                   # who vouches for it, where that is not `trust`
# public_url = "https://dip.example/in"   # what the DIP calls, where a gateway rewrites it
# forwarded_hosts = ["gateway.internal"]  # hosts that the gateway puts in X-Forwarded-Host
# next_url = "https://new.example/in"     # where the webhooks move to, for the rehearsal of that

# The DIP that plays the counterpart. Its test authority lives in the folder: your receiver has to trust
# {hub}/network/pki/authority/ca.pem while it is checked.
[dip]
folder = "{hub}"
# url = "https://dip.sit.example/2.1.0"   # a real DIP, to see whether it can be reached
# ca = "dip-ca.pem"

# The connection provider that you nominate next, for the rehearsal of that change.
# [next_provider]
# dip_id = "1000000002"
# webhook = "https://provider.example/in"   # where it takes publications for you

# Points that tell adapter, gateway and back office apart, from the outside in.
# [[probe]]
# name = "adapter"
# url = "https://127.0.0.1:9443/health"

# Commands that make your system act; without one you are asked at the terminal.
[hooks]
# send = ["./send-message", "{{interface}}", "{{event}}", "{{url}}"]
# stop = ["systemctl", "stop", "receiver"]
# start = ["systemctl", "start", "receiver"]
# rotate = ["./change", "{{what}}", "{{cert}}", "{{key}}", "{{provider}}"]
# clock = ["./set-clock", "{{now}}"]          # only where the system's clock is simulated
# ledger = ["./how-often", "{{reference}}"]   # how often a message was taken: a number, or {{"count": 1}}

# What was agreed not to apply.
# [[exemption]]
# check = "connectivity.expect-continue"
# reason = "the gateway answers for us"
# agreed_with = "the SI's test manager"
"""
