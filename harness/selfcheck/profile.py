"""Who checks itself: `participant.toml` read into a `Profile`.

Paths start at the folder of the file. It names where secrets are and holds none. Every error names the
line and the field. The format is described in `docs/self-check.md` and in `participant.schema.json`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import nearest
from harness.spec.interfaces import interfaces
from harness.spec.release import names
from harness.transport.network import Party, read_party
from harness.transport.target import ENVIRONMENTS, refuse_production
from harness.transport.toml_table import Table

FORMAT = 1
FILE = "participant.toml"
SCHEMA = Path(__file__).with_name("participant.schema.json")
TLS = "participant-tls"
SIGNING = "participant-signing"
"""Names of the participant's certificate sets in the network of a check."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIP_ID = re.compile(r"[0-9A-Fa-f]{10}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A certificate and where its private key is: one of a file, a variable with PEM text, or a command.

    A signing key signs by ``sign_command``; a TLS key opens connections by ``connect_command``.
    """

    label: str
    """The table that it stands in: ``tls``, ``signing``."""
    cert: Path
    key: Path | None = None
    key_env: str = ""
    sign_command: tuple[str, ...] = ()
    chain: Path | None = None
    """Further certificates up to the authority, where they don't follow in ``cert``."""
    connect_command: tuple[str, ...] = ()
    """Opens a TLS connection to ``{host}``, ``{port}``: plain bytes on its standard input and output."""
    next_cert: Path | None = None
    """The certificate that follows this one, for the rehearsal of the change; with ``next_key``."""
    next_key: Path | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """How the participant's webhooks are reached and what stands before them."""

    cert: Path | None = None
    """What the receiver shows, where the file is at hand."""
    ca: tuple[Path, ...] = ()
    """Who vouches for it; the profile's ``trust`` where empty."""
    public_url: str = ""
    """The URL that the DIP calls, where a gateway rewrites it before it reaches the receiver."""
    forwarded_hosts: tuple[str, ...] = ()
    """Hosts that the gateway may put in ``Host`` or ``X-Forwarded-Host``."""
    next_url: str = ""
    """Where the webhooks move to: the rehearsal of a changed domain calls it, with the same paths."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A point of the participant's system that can be asked whether it is there."""

    name: str
    """``adapter``, ``gateway``, ``back-office`` or any other name; from the outside in."""
    url: str


@dataclass(frozen=True, slots=True)
class Hub:
    """The DIP to check against: the folder of the embedded one, and the address of a real one."""

    folder: Path
    """Where the embedded DIP keeps its test authority and network, so that it is trusted once."""
    url: str = ""
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class NextProvider:
    """The connection provider that is nominated next, for the rehearsal of the change."""

    dip_id: str
    webhook: str = ""
    """Where its publications arrive; the party's webhook stays where empty."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Commands of the participant's that make its system do something; run without a shell."""

    send: tuple[str, ...] = ()
    """Sends one message: ``{interface}``, ``{event}``, ``{role}``, ``{url}``, ``{release}`` are replaced."""
    stop: tuple[str, ...] = ()
    """Takes the receiver down, for the outage rehearsal."""
    start: tuple[str, ...] = ()
    """Brings it back."""
    rotate: tuple[str, ...] = ()
    """Changes a credential or provider: ``{what}``, ``{cert}``, ``{key}``, ``{provider}`` are replaced."""
    clock: tuple[str, ...] = ()
    """Sets the system's simulated clock: ``{now}`` is replaced. Without it the system lives in real time."""
    ledger: tuple[str, ...] = ()
    """Tells how often the system took a message: a command, or one URL; ``{reference}`` is replaced."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Something that was agreed not to apply: a check or an interface, and why."""

    reason: str
    check: str = ""
    interface: str = ""
    agreed_with: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that a self-check knows of the participant."""

    where: Path
    name: str
    """The organisation."""
    environment: str
    releases: tuple[str, ...]
    parties: tuple[Party, ...]
    tls: Credentials
    signing: Credentials
    trust: tuple[Path, ...]
    """Who vouches for the participant's own certificates (PEM)."""
    webhook: Webhook
    hub: Hub
    probes: tuple[Probe, ...] = ()
    hooks: Hooks = field(default_factory=Hooks)
    next_provider: NextProvider | None = None
    exemptions: tuple[Exemption, ...] = ()
    certificate_profile: Path | None = None
    """The rules that certificates must meet, as a file of the user's: the programme's are not public."""
    captures: tuple[Path, ...] = ()
    """Signed requests that were recorded, for the part on signing."""
    proxy: str = ""
    """The proxy that https leaves through; that of the environment where empty."""
    body_limit: int = 0
    """Bytes of the largest body that the participant says it accepts; 0: not said."""

    @property
    def base(self) -> Path:
        """The folder that paths start at."""
        return self.where.parent

    def urls(self) -> tuple[tuple[Party, str, str], ...]:
        """Return every webhook as party, channel (empty: the base) and URL."""
        found = []
        for party in self.parties:
            if not party.simulated:
                found.append((party, "", party.webhook))
            found += [(party, channel, url) for channel, url in party.webhooks.items()]
            if party.status_webhook:
                found.append((party, "status", party.status_webhook))
        return tuple(found)


def load(path: Path | str) -> Profile:
    """Read a profile; raises ConfigurationError with line, field and how to mend it."""
    path = Path(path)
    table = Table.of_file(path, lines=True)
    base = path.parent
    version = table.number("format")
    if version not in (None, FORMAT):
        raise table.fail("format", f"is {version}", f"This version reads format {FORMAT}.")
    name = table.text("name")
    parties = tuple(read_party(each, name, base, tls=TLS, signing=SIGNING) for each in table.tables("party"))
    if not parties:
        raise table.fail("party", "is missing", "Write one [[party]] table for each MPID, role and DIP id.")
    profile = Profile(
        where=path,
        name=name,
        environment=_environment(table),
        releases=_releases(table),
        parties=parties,
        tls=_credentials(table.table("tls"), "tls", base),
        signing=_credentials(table.table("signing"), "signing", base),
        trust=_files(table, "trust", base),
        webhook=_webhook(table.table("webhook"), base),
        hub=_hub(table.table("dip"), base),
        probes=tuple(_probe(each) for each in table.tables("probe")),
        hooks=_hooks(table.table("hooks")),
        next_provider=_next_provider(table.table("next_provider")),
        exemptions=tuple(_exemption(each) for each in table.tables("exemption")),
        certificate_profile=table.optional_file("certificate_profile", base),
        captures=_files(table, "captures", base),
        proxy=_optional_url(table, "proxy"),
        body_limit=table.number("body_limit") or 0,
    )
    table.nothing_else()
    seen: set[str] = set()
    for party in profile.parties:
        if party.dip_id in seen:
            raise table.fail("party", f"uses the DIP id {party.dip_id} twice", "Each role has its own.")
        seen.add(party.dip_id)
    return profile


def _environment(table: Table) -> str:
    value = table.text("environment")
    if value not in ENVIRONMENTS:
        if value.upper() in ("PRD", "PROD", "PRODUCTION"):
            raise table.fail("environment", f"is {value}", "The harness never speaks to production.")
        raise table.fail("environment", f"is '{value}'", nearest(value, ENVIRONMENTS))
    return value


def _releases(table: Table) -> tuple[str, ...]:
    given = table.texts("releases")
    if not given:
        raise table.fail("releases", "is missing or empty", f"Known: {', '.join(names())}.")
    for each in given:
        if each not in names():
            raise table.fail("releases", f"names '{each}'", nearest(each, names()))
    return given


def _credentials(table: Table, label: str, base: Path) -> Credentials:
    cert = table.text("cert")
    key, variable, command = table.optional("key"), table.optional("key_env"), table.texts("sign_command")
    chain = table.optional("chain")
    connect = table.texts("connect_command") if label == "tls" else ()
    following, following_key = table.optional("next_cert"), table.optional("next_key")
    table.nothing_else()
    if variable is not None and not _VARIABLE.fullmatch(variable):
        mend = "Never write the key itself into this file."
        raise table.fail("key_env", "is not the name of an environment variable", mend)
    if label == "tls" and command:
        raise table.fail("sign_command", "can't open a TLS connection", "For [tls] give connect_command.")
    if sum(1 for each in (key, variable, command, connect) if each) != 1:
        by_command = "connect_command" if label == "tls" else "sign_command"
        raise table.fail(
            "key",
            "is said not once",
            f"Give one of key (a file), key_env (a variable that holds the PEM text) and {by_command}.",
        )
    if (following is None) != (following_key is None):
        raise table.fail("next_cert", "needs next_key, and next_key needs it", "Give both or neither.")
    return Credentials(
        label,
        base / cert,
        base / key if key else None,
        variable or "",
        command,
        base / chain if chain else None,
        connect,
        base / following if following else None,
        base / following_key if following_key else None,
    )


def _files(table: Table, name: str, base: Path) -> tuple[Path, ...]:
    return tuple(base / each for each in table.texts(name))


def _webhook(table: Table, base: Path) -> Webhook:
    cert = table.optional("cert")
    public = table.optional("public_url")
    following = table.optional("next_url")
    found = Webhook(
        cert=base / cert if cert else None,
        ca=_files(table, "ca", base),
        public_url=_url(table, "public_url", public) if public else "",
        forwarded_hosts=table.texts("forwarded_hosts"),
        next_url=_url(table, "next_url", following) if following else "",
    )
    table.nothing_else()
    return found


def _hub(table: Table, base: Path) -> Hub:
    url, ca = table.optional("url"), table.optional("ca")
    if url:
        refuse_production(_url(table, "url", url), where=f"{table.where}: url")
    found = Hub(base / (table.optional("folder") or "test-dip"), url or "", base / ca if ca else None)
    table.nothing_else()
    return found


def _probe(table: Table) -> Probe:
    found = Probe(table.text("name"), table.text("url"))
    _url(table, "url", found.url, schemes=("http", "https"))
    table.nothing_else()
    return found


def _next_provider(table: Table) -> NextProvider | None:
    dip_id, webhook = table.optional("dip_id"), _optional_url(table, "webhook", ("https",))
    table.nothing_else()
    if dip_id is None and not webhook:
        return None
    if dip_id is None or not _DIP_ID.fullmatch(dip_id):
        raise table.fail("dip_id", f"is '{dip_id or ''}', expected a DIP id: ten hexadecimal digits")
    return NextProvider(dip_id, webhook)


def _hooks(table: Table) -> Hooks:
    found = Hooks(
        table.texts("send"),
        table.texts("stop"),
        table.texts("start"),
        table.texts("rotate"),
        table.texts("clock"),
        table.texts("ledger"),
    )
    table.nothing_else()
    return found


def _exemption(table: Table) -> Exemption:
    check, interface = table.optional("check") or "", table.optional("interface") or ""
    if bool(check) == bool(interface):
        raise table.fail("exemption", "names not one thing", "Give either check or interface.")
    if interface and interface not in interfaces():
        raise table.fail("interface", f"is '{interface}'", nearest(interface, interfaces()))
    found = Exemption(table.text("reason"), check, interface, table.optional("agreed_with") or "")
    table.nothing_else()
    return found


def _optional_url(table: Table, name: str, schemes: tuple[str, ...] = ("https", "http")) -> str:
    value = table.optional(name)
    return _url(table, name, value, schemes) if value else ""


def _url(table: Table, name: str, value: str, schemes: tuple[str, ...] = ("https",)) -> str:
    try:
        parts = urlsplit(value)
        fine = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine:
        raise table.fail(name, f"is '{value}'", f"Expected a URL: {schemes[-1]}://host:port/path.")
    return value
