"""Other certificates than the hub's own: broken ones, and good new ones after a rotation."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from harness.security.authority import Authority
from harness.security.profiles import Profile
from harness.transport.network import CertificateSet, Network, Party
from simulators.dip.courier import Identity
from simulators.faults.kinds import SIGNING, TLS, Credentials


class Issuer:
    """Has certificates issued by the test authority as they are first needed."""

    def __init__(self, authority: Authority, network: Network, hub: Party, ca: Path) -> None:
        self._authority, self._network, self._hub, self._ca = authority, network, hub, ca
        self._issued: dict[Credentials, asyncio.Task[Identity]] = {}

    async def identity(self, credentials: Credentials) -> Identity:
        """Return the hub's identity with the certificates replaced that the credentials name."""
        making = self._issued.get(credentials)
        if making is None:
            making = asyncio.create_task(asyncio.to_thread(self._make, credentials))
            self._issued[credentials] = making
        return await asyncio.shield(making)

    def _make(self, credentials: Credentials) -> Identity:
        signing = self._network.certificate(self._hub.signing)
        tls = self._network.certificate(self._hub.tls)
        if credentials.which != TLS:
            signing = self._issue("signing", credentials)
        if credentials.which != SIGNING:
            tls = self._issue("tls-client", credentials)
        return Identity.load(self._ca, signing, tls)

    def _issue(self, profile: Profile, credentials: Credentials) -> CertificateSet:
        name = f"dip-{credentials.flaw or 'rotated'}-{os.getpid()}-{credentials.number}"
        issued = self._authority.issue(
            name,
            profile,
            organisation=self._hub.organisation,
            dip_ids=(self._hub.dip_id,),
            flaw=credentials.flaw,
            replace=True,
        )
        return CertificateSet(name, issued.cert, issued.key)
