"""Who calls: the test DIP, with its own certificates, with new ones, and with ones to be refused."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from harness.security.authority import Authority, Issued
from harness.security.profiles import Flaw, Profile
from harness.selfcheck.conduct.calling import Identity
from harness.transport.network import CertificateSet, Network, Party

_NEW = itertools.count(1)


class Identities:
    """Identities of a test DIP, each made when first needed."""

    def __init__(self, network: Network, authority: Authority, trusted: Sequence[Path]) -> None:
        """``trusted`` vouches for the webhooks; nothing: the system's authorities do."""
        self._network, self.authority, self._trusted = network, authority, tuple(trusted)
        self.hub: Party = network.with_role("DIP")[0]

    @cached_property
    def usual(self) -> Identity:
        """The DIP as it always calls."""
        return self._identity(self._signing, self._tls)

    @cached_property
    def revoked(self) -> Identity:
        """The DIP with a client certificate that its authority has revoked."""
        return self._identity(self._signing, self._issue("tls-client", "revoked"))

    @cached_property
    def stranger(self) -> Identity:
        """Another party of the same authority, whose certificate signs a publication."""
        return self._identity(self._issue("signing", "wrong-party"), self._tls)

    @cached_property
    def renewed_client(self) -> Identity:
        """The DIP with a new client certificate."""
        return self._identity(self._signing, self._issue("tls-client"))

    @cached_property
    def renewed_signer(self) -> Identity:
        """The DIP with a new signing certificate."""
        return self._identity(self._issue("signing"), self._tls)

    def revocable(self) -> tuple[Identity, Issued]:
        """Return the DIP with a new client certificate that can be revoked, and that certificate."""
        issued = self._issued("tls-client")
        return self._identity(self._signing, _as_set(issued)), issued

    @property
    def _signing(self) -> CertificateSet:
        return self._network.certificate(self.hub.signing)

    @property
    def _tls(self) -> CertificateSet:
        return self._network.certificate(self.hub.tls)

    def _identity(self, signing: CertificateSet, tls: CertificateSet) -> Identity:
        first, *others = self._trusted or (None,)
        identity = Identity.load(first, signing, tls)
        for path in others:
            identity.context.load_verify_locations(cafile=path)
        return identity

    def _issue(self, profile: Profile, flaw: Flaw | None = None) -> CertificateSet:
        return _as_set(self._issued(profile, flaw))

    def _issued(self, profile: Profile, flaw: Flaw | None = None) -> Issued:
        return self.authority.issue(
            f"dip-selfcheck-{next(_NEW)}",
            profile,
            organisation=self.hub.organisation,
            dip_ids=(self.hub.dip_id,),
            flaw=flaw,
            replace=True,
        )


def _as_set(issued: Issued) -> CertificateSet:
    return CertificateSet(issued.name, issued.cert, issued.key)
