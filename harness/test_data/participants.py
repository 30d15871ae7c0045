"""Who can have a metering point in test data: the parties of a network, of a list, or made up."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harness.errors import ConfigurationError
from harness.spec.roles import roles
from harness.standing_data.library import StandingData, standing_data
from harness.standing_data.lists import LEGACY_ROLES, LISTS
from harness.standing_data.reading import Entry, read_list
from harness.transport.network import Network

SUPPLIER, RETRIEVER = "SUP", "MDR"
COMPETITIVE = (SUPPLIER, "MSS", "MSA", "SDS", "ADS", "UMSDS", RETRIEVER)
"""Roles that a cohort holds one party of."""
OF_A_DISTRIBUTOR = ("LDSO", "REGS", "UMSO")
_CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True)
class Participant:
    """A market role with its MPID and DIP id; an agent of the legacy arrangements has no DIP id."""

    mpid: str
    role: str
    dip_id: str = ""
    distributor_id: str = ""
    """First two digits of the MPANs that an LDSO, its registration service or its UMSO looks after."""

    def as_dict(self) -> dict[str, str]:
        """Return what is there, for a file."""
        found = {"dip_id": self.dip_id, "mpid": self.mpid, "distributor_id": self.distributor_id}
        return {name: value for name, value in found.items() if value}


def of_network(network: Network) -> tuple[Participant, ...]:
    """Return the parties of a network; a UMSO has the distributor of its organisation."""
    found = []
    for organisation in network.organisations:
        owned = next((p.distributor_id for p in organisation.parties if p.role == "LDSO"), None)
        for party in organisation.parties:
            distributor = party.distributor_id or (owned if party.role in OF_A_DISTRIBUTOR else None)
            found.append(Participant(party.mpid, party.role, party.dip_id, distributor or ""))
    return tuple(found)


def of_standing_data(lists: StandingData, day: date) -> tuple[Participant, ...]:
    """Return the market participants in force on a day that have a DIP id, and the legacy ones."""
    return _listed(entry for entry in lists.entries("mpid", on=day))


def legacy(participants: Iterable[Participant]) -> tuple[Participant, ...]:
    """Return the participants without a DIP id."""
    return tuple(each for each in participants if not each.dip_id)


def of_file(path: Path) -> tuple[Participant, ...]:
    """Return the participants of a file in the format of the list `mpid`; raises ConfigurationError."""
    entries, _ = read_list(LISTS["mpid"], path)
    return _listed(entries)


def _listed(entries: Iterable[Entry]) -> tuple[Participant, ...]:
    return tuple(
        Participant(e.value, e.values["role"], e.values["dip_id"].upper(), e.values["distributor_id"])
        for e in entries
        if e.values["dip_id"] or e.values["role"] in LEGACY_ROLES or not e.values["qualified_from"]
    )


def made_up(seed: int, number: int, day: date) -> tuple[Participant, ...]:
    """Return ``number`` parties of each competitive role, and as many distributors, half of them independent.

    MPIDs begin with Z and tell no role; DIP ids begin as their role's do. Legacy agents are those of standing
    data. Raises ConfigurationError for more distributors than standing data has.
    """
    rng = random.Random(f"participants/{seed}")
    lists = standing_data()
    kinds = {
        kind: [
            entry.value
            for entry in lists.entries("distributor", on=day)
            if entry.values["distributor_type"] == kind
        ]
        for kind in ("DNO", "iDNO")
    }
    shares = {"DNO": number - number // 2, "iDNO": number // 2} if number > 1 else {"DNO": 1, "iDNO": 1}
    for kind, share in shares.items():
        if len(kinds[kind]) < share:
            raise ConfigurationError(
                f"standing data has {len(kinds[kind])} distributors of type {kind}, not {share}"
            )
    distributors = [each for kind, share in shares.items() for each in sorted(rng.sample(kinds[kind], share))]
    wanted = [(role, "") for _ in range(number) for role in COMPETITIVE]
    wanted += [(role, distributor) for distributor in distributors for role in OF_A_DISTRIBUTOR]
    mpids = rng.sample(range(len(_CONSONANTS) ** 3), len(wanted))
    found = []
    for serial, ((role, distributor), code) in enumerate(zip(wanted, mpids, strict=True), 1):
        dip_id = f"{roles()[role].prefix}{90_000_000 + serial:08d}"
        found.append(Participant(_mpid(code), role, dip_id, distributor))
    return (*found, *legacy(of_standing_data(lists, day)))


def _mpid(code: int) -> str:
    letters = []
    for _ in range(3):
        code, digit = divmod(code, len(_CONSONANTS))
        letters.append(_CONSONANTS[digit])
    return "Z" + "".join(letters)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distributor with its registration service and, perhaps, its unmetered supplies operator."""

    distributor_id: str
    distributor_type: str
    parties: Mapping[str, Participant]


@dataclass(frozen=True, slots=True)
class Cohort:
    """A locked pairing: every metering point of a cohort has its parties and no other.

    It holds one party of each competitive role, and a distributor of each type where there is one.
    """

    name: str
    parties: Mapping[str, Participant]
    distributions: tuple[Distribution, ...]


def cohorts(participants: Sequence[Participant], day: date, number: int = 0) -> tuple[Cohort, ...]:
    """Pair the n-th parties of every role; ``number`` 0 makes as many cohorts as there are suppliers.

    A role that has fewer parties serves several cohorts. Raises ConfigurationError without a supplier or a
    distributor.
    """
    by_role = {role: [p for p in participants if p.role == role and p.dip_id] for role in COMPETITIVE}
    distributions = _distributions(participants, day)
    if not by_role[SUPPLIER] or not distributions:
        lacking = "supplier (SUP)" if not by_role[SUPPLIER] else "LDSO with a distributor id"
        raise ConfigurationError(
            f"there is no {lacking} among the parties",
            mend="Name parties with DIP ids: --network or --parties.",
        )
    by_type: dict[str, list[Distribution]] = {}
    for each in distributions:
        by_type.setdefault(each.distributor_type, []).append(each)
    return tuple(
        Cohort(
            name=str(index + 1),
            parties={role: found[index % len(found)] for role, found in by_role.items() if found},
            distributions=tuple(found[index % len(found)] for found in by_type.values()),
        )
        for index in range(number or len(by_role[SUPPLIER]))
    )


def _distributions(participants: Sequence[Participant], day: date) -> list[Distribution]:
    found = []
    for ldso in participants:
        if ldso.role != "LDSO" or not ldso.distributor_id:
            continue
        entry = standing_data().find("distributor", ldso.distributor_id, on=day)
        if entry is None:
            raise ConfigurationError(
                f"distributor {ldso.distributor_id} of {ldso.mpid} is not in standing data",
                mend="Add it to distributor.csv of your own (DIP_STANDING_DATA).",
            )
        parties = {
            each.role: each
            for each in reversed(participants)
            if each.role in OF_A_DISTRIBUTOR and each.distributor_id == ldso.distributor_id
        }
        found.append(Distribution(ldso.distributor_id, entry.values["distributor_type"], parties))
    return found
