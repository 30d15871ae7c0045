"""The certificate that the hub's server shows: its usual one, or another while a fault asks for it.

A certificate is no part of a call: who is connected keeps what was shown, who connects sees the present one.
"""

from __future__ import annotations

import asyncio
import os

from harness.security.authority import Authority, Issued
from harness.transport.server import Server
from harness.transport.tls import ServerTls
from simulators.faults.kinds import Credentials
from simulators.faults.plan import Plan

_NAME = "Simulated DIP"


class Rotation:
    """Keeps a running server in line with the plan."""

    def __init__(
        self, plan: Plan, server: Server, usual: ServerTls, authority: Authority, hosts: tuple[str, ...]
    ) -> None:
        """``usual`` is what the server shows without a fault, ``hosts`` are further names of it."""
        self._plan, self._server, self._usual = plan, server, usual
        self._authority, self._hosts = authority, hosts
        self._shown: Credentials | None = None
        self._issued: dict[Credentials, Issued] = {}
        self._turn = asyncio.Lock()

    async def follow(self) -> None:
        """Show what the plan wants now, and record each certificate that is shown for the first time.

        Raises ConfigurationError or EnvironmentFault when a certificate can't be issued.
        """
        async with self._turn:
            fault = self._plan.shown()
            wanted = fault.effect.credentials if fault else None
            if wanted == self._shown:
                return
            if fault is None or wanted is None:
                self._server.show(self._usual.cert, self._usual.key)
            else:
                issued = self._issued.get(wanted)
                if issued is None:
                    issued = self._issued[wanted] = await asyncio.to_thread(self._issue, wanted)
                    self._plan.record(fault)
                self._server.show(issued.cert, issued.key)
            self._shown = wanted

    def _issue(self, wanted: Credentials) -> Issued:
        return self._authority.issue(
            f"dip-server-rotated-{os.getpid()}-{wanted.number}",
            "tls-server",
            organisation=_NAME,
            hosts=self._hosts,
            flaw=wanted.flaw,
            replace=True,
        )
