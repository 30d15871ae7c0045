"""Networks of any number of parties: some of the default network, and data services up to the number.

What is added shares the certificates of two data services; each party has an API key of its own.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from harness.errors import ConfigurationError
from harness.transport.network import Network, Organisation, Party, write
from harness.writing import PRIVATE, write_whole
from simulators.network import NETWORK_FILE

_KEPT = ("Distributor A", "Data Company A", "Data Company B", "Simulated DIP")
"""What a message from a registration service to data services needs."""
DATA_SERVICES = ("SDS", "ADS", "UMSDS")
_ADDED = "SDS"
_FIRST = 10_000_000
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def of_size(network: Network, parties: int, folder: Path) -> Network:
    """Return a network of so many parties; new API keys go below ``folder``."""
    organisations = [each for each in network.organisations if each.name in _KEPT]
    found = [party for each in organisations for party in each.parties]
    if parties < len(found):
        raise ConfigurationError(f"{parties} parties are too few", mend=f"At least {len(found)}.")
    pool = [party for party in found if party.role == _ADDED]
    for number in range(parties - len(found)):
        organisations.append(_added(pool[number % len(pool)], number, folder / "keys"))
    return Network(tuple(organisations), network.certificates)


def _added(like: Party, number: int, keys: Path) -> Organisation:
    name, dip_id = f"Data Company {number}", f"{like.dip_id[:2]}{_FIRST + number}"
    key = keys / f"{dip_id}.key"
    write_whole(key, secrets.token_urlsafe(24).encode() + b"\n", mode=PRIVATE)
    party = replace(
        like, organisation=name, name="", mpid=_mpid(number), dip_id=dip_id, api_key_file=key, webhooks={}
    )
    return Organisation(name, (party,))


def _mpid(number: int) -> str:
    letters = ""
    for _ in range(3):
        number, place = divmod(number, len(_LETTERS))
        letters = _LETTERS[place] + letters
    return f"Z{letters}"


def led_to(network: Network, url: str, folder: Path) -> Network:
    """Let all webhooks lead to one server, so that no simulated party acts, and write the network file."""
    organisations = []
    for organisation in network.organisations:
        parties = tuple(_led(party, url) if party.simulated else party for party in organisation.parties)
        organisations.append(replace(organisation, parties=parties))
    network = Network(tuple(organisations), network.certificates)
    write(network, folder / NETWORK_FILE)
    return network


def _led(party: Party, url: str) -> Party:
    base = f"{url}/{party.dip_id}"
    return replace(party, webhook=base, status_webhook=f"{base}/status")
