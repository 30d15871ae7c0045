"""What a check has to work with: the profile, time, a DIP when one is needed, and where evidence goes."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from harness.clock import OffsetClock
from harness.errors import ConfigurationError, HarnessError
from harness.evidence.events import AnswerReceived, InstanceEvent, MessageSent
from harness.evidence.store import EvidenceStore
from harness.security.authority import Authority, Issued
from harness.security.certificates import first_certificate, identity_of
from harness.security.profiles import Profile as CertificateKind
from harness.security.signing import Signer
from harness.selfcheck.check import Result
from harness.selfcheck.conduct.publications import received_pairs
from harness.selfcheck.profile import SIGNING, TLS, Credentials, Profile
from harness.settings import Settings, current
from harness.spec.release import load as load_release
from harness.spec.routing import load_routing
from harness.stages.targets import Provider, provider
from harness.transport.client import Answer, DipClient
from harness.transport.network import CertificateSet, Network, Organisation, Party, write
from harness.transport.target import Target
from harness.writing import PRIVATE, write_whole

EMBEDDED = "embedded"
HUB_ROLE = "DIP"
NEXT_PROVIDER = "selfcheck-next-provider"
"""Names the certificate set of the provider that is nominated next, with -tls: it carries, and signs not."""
NETWORK = Path("network") / "network.toml"
WEBHOOK_SECONDS = 30.0


class Context:
    """Holds what a self-check started; `close` lets go of it. Keys lie in a private folder that is removed.

    ``ask`` puts a question to the person at the terminal and returns the answer, None where nobody is asked.
    """

    def __init__(
        self,
        profile: Profile,
        folder: Path,
        *,
        offline: bool = False,
        clock: OffsetClock | None = None,
        ask: Callable[[str], str | None] | None = None,
        store: EvidenceStore | None = None,
    ) -> None:
        self.profile = profile
        self.folder = folder
        self.offline = offline
        self.clock = clock or OffsetClock()
        """Real time, but where a rehearsal moves it together with the DIP's and the participant's."""
        self.ask = ask or (lambda _: None)
        self.store = store or EvidenceStore(folder / "evidence")
        self.results: dict[str, Result] = {}
        """What earlier checks came to, by id."""
        self.met: set[str] = set()
        """Real systems that answered or sent something: ``participant``, ``dip``."""
        self.emit: Callable[[InstanceEvent], None] = lambda _: None
        """Writes an event of the check that is running; the runner sets it."""
        self.case = ""
        """The case that events of the running check belong to."""
        self._private: Path | None = None
        self._target: Target | None = None
        self._clients: dict[str, DipClient] = {}
        self._closing: list[Callable[[], None]] = []

    @property
    def settings(self) -> Settings:
        """The figures in force."""
        return current()

    @property
    def release(self) -> str:
        """The API release that single questions use: the profile's first."""
        return self.profile.releases[0]

    @cached_property
    def private(self) -> Path:
        """A folder for keys and the like, only for us, removed at the end."""
        self._private = Path(tempfile.mkdtemp(prefix="dip-check-"))
        return self._private

    @cached_property
    def authority(self) -> Authority:
        """The test authority of the embedded DIP: whom the participant trusts for a self-check."""
        return Authority.open(Path(self.base_network.where).parent / "pki")

    @cached_property
    def network(self) -> Network:
        """The embedded DIP's network with the participant in it, under the certificates of its profile."""
        base = self.base_network
        own = {party.dip_id for party in self.profile.parties}
        organisations = []
        for each in base.organisations:
            name = f"{each.name} (simulated)" if each.name == self.profile.name else each.name
            others = tuple(
                replace(party, organisation=name) for party in each.parties if party.dip_id not in own
            )
            organisations.append(Organisation(name, others))
        parties = tuple(self._called(self._with_key(party)) for party in self.profile.parties)
        certificates = (
            *base.certificates,
            self._stand_in if self.profile.tls.connect_command else self._tls,
            self.certificate_set(self.profile.signing, SIGNING),
        )
        organisations.append(Organisation(self.profile.name, parties))
        organisations += self._carriers({each.dip_id for each in base.parties})
        coming = self.profile.next_provider
        if coming is None or any(each.dip_id == coming.dip_id for each in base.parties):
            return Network(tuple(organisations), certificates, str(self.profile.where))
        provider, tls = self._coming(coming.dip_id)
        organisations.append(Organisation(provider.organisation, (provider,)))
        return Network(tuple(organisations), (*certificates, tls), str(self.profile.where))

    @property
    def hub_party(self) -> Party:
        """The DIP itself as a party of the network: whose certificates it shows and signs with."""
        return self.network.with_role(HUB_ROLE)[0]

    @property
    def hub_ca(self) -> Path:
        """Who vouches for the embedded DIP's certificates (PEM): what the participant has to trust."""
        return self.authority.ca_bundle

    def trust_files(self) -> tuple[Path, ...]:
        """Return the files that vouch for the participant's certificates; by default the test authority's."""
        return self.profile.trust or (self.hub_ca,)

    def webhook_ca(self) -> Path:
        """Return one file with whoever vouches for the participant's webhooks."""
        files = self.profile.webhook.ca or self.trust_files()
        return self._joined("webhook-ca.pem", files)

    def trusted_clients(self) -> Path:
        """Return one file with whoever vouches for callers of the embedded DIP and the participant."""
        return self._joined("clients-ca.pem", (self.hub_ca, *self.profile.trust))

    def also_close(self, closing: Callable[[], None]) -> None:
        """Have something closed with the context."""
        self._closing.append(closing)

    def hub(self) -> Target:
        """Return the running embedded DIP; it is started when first asked for.

        The participant is a party of it, and its webhooks are the profile's. Raises EnvironmentFault when it
        does not come up.
        """
        if self._target is None:
            own = _embedded()
            folder = self.private / "dip"
            (folder / NETWORK).parent.mkdir(parents=True, exist_ok=True)
            write(self._as_the_hub_knows(), folder / NETWORK)
            options = ["--pki", str(self.authority.folder.absolute())]
            for path in self.profile.trust:
                options += ["--trust", str(path.absolute())]
            self._target = own(
                self.profile.releases,
                folder,
                environment=self.profile.environment,
                worker="main",
                options=options,
            )
        return self._target

    def client(self, release: str = "") -> DipClient:
        """Return a client of the embedded DIP that can send as any party, the participant among them."""
        name = f"hub {release or self.release}"
        if name not in self._clients:
            target = self.hub()
            self._clients[name] = DipClient(
                target.url(release or self.release), self.network, target.ca, clock=self.clock
            )
        return self._clients[name]

    def deliver(
        self,
        url: str,
        body: bytes,
        *,
        method: str = "POST",
        sign: bool = True,
        headers: Mapping[str, str | None] | None = None,
        tls: str | None = None,
        signer: Signer | None = None,
        timeout: float = WEBHOOK_SECONDS,
        as_party: Party | None = None,
    ) -> Answer:
        """Call a webhook of the participant as the DIP does: mutual TLS with its certificate, signed by it.

        ``headers`` are set after signing and may falsify it, None takes one away; ``tls`` names another
        certificate set of the network, or ``"none"``; ``signer`` signs in the DIP's place.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        name = f"webhook {origin} {timeout}"
        if name not in self._clients:
            self._clients[name] = DipClient(
                origin, self.network, self.webhook_ca(), timeout=timeout, clock=self.clock
            )
        answer = self._clients[name].request(
            as_party or self.hub_party,
            method,
            path,
            body,
            sign=sign,
            headers=headers,
            tls=tls,
            api_key="",
            signer=signer,
        )
        if answer.status is not None or answer.refused_in_handshake:
            self.met.add("participant")
        return answer

    def record(
        self,
        answer: Answer,
        *,
        sender: str = "DIP",
        interface: str = "",
        event: str = "",
        departure: str = "",
    ) -> tuple[str, ...]:
        """Keep a request and its answer as evidence of the running check; returns the hashes of their bytes.

        ``departure`` says in words what was deliberately made wrong.
        """
        sent, received = self.store.put(answer.request.body), self.store.put(answer.body)
        self.emit(
            MessageSent(
                case=self.case,
                sender=sender,
                method=answer.request.method,
                url=answer.request.url,
                interface=interface,
                event_code=event,
                references=[],
                body=sent,
                headers=dict(answer.request.headers),
                departure=departure,
            )
        )
        self.emit(
            AnswerReceived(
                case=self.case,
                status=answer.status,
                refused_in_handshake=answer.refused_in_handshake,
                codes=list(answer.codes),
                body=received,
                seconds=round(answer.seconds, 4),
                error=answer.error,
            )
        )
        return sent, received

    def certificate_set(self, credentials: Credentials, name: str) -> CertificateSet:
        """Return credentials as a certificate set; a key from a variable is put into a private file."""
        cert, key = credentials.cert, credentials.key
        if credentials.chain is not None:
            cert = self._joined(f"{name}.pem", (credentials.cert, credentials.chain))
        if credentials.key_env:
            text = os.environ.get(credentials.key_env, "")
            if not text:
                raise ConfigurationError(
                    f"the environment variable {credentials.key_env} holds no key",
                    where=f"{self.profile.where}: {credentials.label}",
                    mend=f"Put the PEM text of the private key into {credentials.key_env}.",
                )
            key = self.private / f"{name}.key"
            write_whole(key, text.encode(), mode=PRIVATE)
        return CertificateSet(
            name, cert.absolute(), key.absolute() if key else None, credentials.sign_command
        )

    def close(self) -> None:
        """Stop the DIP, close connections and remove the private folder."""
        while self._closing:
            self._closing.pop()()
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._target is not None:
            self._target.close()
            self._target = None
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def base_network(self) -> Network:
        """The embedded DIP's network as it is without the participant; made when missing."""
        return prepare_hub(self.profile.hub.folder)

    @property
    def _tls(self) -> CertificateSet:
        return self.certificate_set(self.profile.tls, TLS)

    @property
    def _stand_in(self) -> CertificateSet:
        """Return what the check itself shows where the participant's TLS key is in a vault."""
        ids = self._named or tuple(party.dip_id for party in self.profile.parties)
        issued = self._issued("selfcheck-tls-stand-in", "tls-client", self.profile.name, ids)
        return CertificateSet(TLS, issued.cert, issued.key)

    @property
    def _named(self) -> tuple[str, ...]:
        """Return the DIP ids that the certificate of [tls] names; none for one that can't be read."""
        try:
            return identity_of(first_certificate(self.profile.tls.cert)[0]).dip_ids
        except HarnessError:
            return ()

    def _carriers(self, known: Container[str]) -> list[Organisation]:
        """Return the providers that hold the certificate of [tls] and that the simulated network lacks."""
        nominated = dict.fromkeys(party.connection_provider for party in self.profile.parties)
        named = self._named
        found = []
        for dip_id in nominated:
            if dip_id is not None and dip_id in named and dip_id not in known:
                name = f"Connection provider {dip_id}"
                party = self._with_key(Party(name, "", "DCP", dip_id, TLS, TLS))
                found.append(Organisation(name, (party,)))
        return found

    def _as_the_hub_knows(self) -> Network:
        """Return the network with the participant's real TLS certificate, whoever holds its key."""
        sets = tuple(self._tls if each.name == TLS else each for each in self.network.certificates)
        return replace(self.network, certificates=sets)

    def _coming(self, dip_id: str) -> tuple[Party, CertificateSet]:
        """Return the connection provider that is nominated next, with a certificate of the authority."""
        name = f"{NEXT_PROVIDER} {dip_id}"
        tls = self._issued(f"{NEXT_PROVIDER}-tls", "tls-client", name, (dip_id,))
        provider = Party(name, "", "DCP", dip_id, tls.name, tls.name)
        return self._with_key(provider), CertificateSet(tls.name, tls.cert, tls.key)

    def _issued(self, name: str, profile: CertificateKind, organisation: str, ids: tuple[str, ...]) -> Issued:
        """Return a certificate of the test authority, the one of an earlier check where it names the same."""
        known = self.authority.find(name, profile)
        if known is not None and known.dip_ids == ids:
            return known
        return self.authority.issue(name, profile, organisation=organisation, dip_ids=ids, replace=True)

    def _with_key(self, party: Party) -> Party:
        """Return the party with an API key for the embedded DIP, drawn where the profile names none."""
        if party.api_key_file or (party.api_key_env and os.environ.get(party.api_key_env)):
            return party
        path = self.private / f"{party.dip_id}.api-key"
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(24).encode() + b"\n", mode=PRIVATE)
        return replace(party, api_key_file=path)

    def _called(self, party: Party) -> Party:
        """Return the party with its webhook as the URL of each channel that it receives."""
        if party.simulated:
            return party
        routing = load_routing()
        channels = {
            pair.interface: party.webhook
            for release in self.profile.releases
            for pair in received_pairs(load_release(release), routing, party.role)
        }
        return replace(party, webhooks={**channels, **party.webhooks})

    def _joined(self, name: str, files: tuple[Path, ...]) -> Path:
        path = self.private / name
        try:
            data = b"".join(each.read_bytes().rstrip(b"\n") + b"\n" for each in files)
        except OSError as error:
            raise ConfigurationError(
                f"can't be read: {error.strerror or error}", where=str(error.filename)
            ) from error
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)
        return path


def prepare_hub(folder: Path) -> Network:
    """Return the network of the embedded DIP in ``folder``, made there with its authority when missing."""
    return _embedded().prepare(folder)


def _embedded() -> Provider:
    own = provider(EMBEDDED)
    if own is None:
        raise HarnessError("the embedded DIP is not installed", mend="Install dip-harness again.")
    return own
