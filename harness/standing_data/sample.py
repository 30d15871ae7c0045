"""The shipped sample of standing data: seeded, and made up but for what is published.

Published: the meter type codes (they are in the API), the GSP groups and the distributors that own one, the
profile classes. Made up: the group and digits of a meter type, everything else. ``python -m
harness.standing_data.sample FOLDER`` writes it; a test compares the shipped files with what it writes.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.spec.roles import roles
from harness.standing_data.lists import LISTS, Listing
from harness.standing_data.reading import SAMPLE_MARK

SEED = 1
START = "1998-04-01"
ENDED = "2024-12-31"
LATER = "2027-04-01"
_MARK = (
    f"{SAMPLE_MARK}: made-up standing data for tests, not the industry's. "
    "Put your own files in its place with DIP_STANDING_DATA.\n"
)

Row = Mapping[str, str]

_SMART = ("S1", "S2A", "S2AD", "S2ADE", "S2B", "S2BDE", "S2C", "S2CDE", "S2BD", "S2CD")
_SMART_LATER = (
    "2ADF", "2ADEF", "2AEF", "2AF", "2BF", "2BDF", "2BDEF", "2BEF", "2CDEF", "2CF", "2CDF", "2CEF",
)  # fmt: skip
_TRADITIONAL = ("N", "K", "T", "S", "NSS")
_ADVANCED = ("H", "RCAMR", "RCAMY", "NCAMR", "MAIN_", "LEAD_", "LAG_", "SPECL")
_PROFILES = (
    "half-hourly", "domestic unrestricted", "domestic economy 7", "non-domestic unrestricted",
    "non-domestic economy 7", "maximum demand, load factor to 20 %", "maximum demand, load factor 20 to 30 %",
    "maximum demand, load factor 30 to 40 %", "maximum demand, load factor over 40 %",
)  # fmt: skip
_GSP_GROUPS = {
    "_A": "Eastern", "_B": "East Midlands", "_C": "London", "_D": "Merseyside and North Wales",
    "_E": "Midlands", "_F": "Northern", "_G": "North Western", "_H": "Southern", "_J": "South Eastern",
    "_K": "South Wales", "_L": "South Western", "_M": "Yorkshire", "_N": "South Scotland",
    "_P": "North Scotland",
}  # fmt: skip
_OWNERS = {
    "10": "_A", "11": "_B", "12": "_C", "13": "_D", "14": "_E", "15": "_F", "16": "_G",
    "17": "_P", "18": "_N", "19": "_J", "20": "_H", "21": "_K", "22": "_L", "23": "_M",
}  # fmt: skip
_INDEPENDENT = tuple(f"{number}" for number in range(24, 34))
_PARTICIPANTS = (
    ("SUPA", "SUP", ""), ("SUPB", "SUP", ""),
    ("REGA", "REGS", "10"), ("LDSA", "LDSO", "10"), ("UMOA", "UMSO", "10"),
    ("REGB", "REGS", "24"), ("LDSB", "LDSO", "24"), ("UMOB", "UMSO", "24"),
    ("MSSA", "MSS", ""), ("MSAA", "MSA", ""), ("MSSB", "MSS", ""), ("MSAB", "MSA", ""),
    ("SDSA", "SDS", ""), ("ADSA", "ADS", ""), ("UDSA", "UMSDS", ""),
    ("SDSB", "SDS", ""), ("ADSB", "ADS", ""), ("UDSB", "UMSDS", ""), ("MSSC", "MSS", ""), ("SDSC", "SDS", ""),
    ("MDRA", "MDR", ""), ("MDRB", "MDR", ""),
    ("MDSX", "MDS", ""), ("LSSX", "LSS", ""), ("VASX", "VAS", ""), ("ISDX", "ISD", ""),
    ("EESX", "EES", ""), ("DCCX", "DCC", ""),
)  # fmt: skip
"""MPID, role and, where there is one, distributor: the parties of the default network, in its order."""
_LEGACY = (("SUPL", "SUP"), ("MOPA", "MOP"), ("MOPB", "MOP"), ("DCAA", "DC"), ("DCAB", "DC"))
_TARIFFS = 40


def rows(kind: str, seed: int = SEED) -> Iterator[Row]:
    """Yield the rows of a list; what a row leaves out is empty, or in force since `START`."""
    yield from _MAKERS[kind](random.Random(f"standing data/{kind}/{seed}"))


def text(listing: Listing, seed: int = SEED) -> str:
    """Return the file of a list."""
    out = io.StringIO()
    writer = csv.DictWriter(out, listing.header, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows(listing.kind, seed):
        writer.writerow({"effective_from": START, **row})
    return _MARK + out.getvalue()


def write(folder: Path, seed: int = SEED) -> None:
    """Write every list into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for listing in LISTS.values():
        (folder / listing.file).write_text(text(listing, seed), encoding="utf-8", newline="")


def _meter_types(_: random.Random) -> Iterator[Row]:
    for group, types, least, most in (
        ("smart", (*_SMART, *_SMART_LATER), "5", "8"),
        ("traditional", _TRADITIONAL, "4", "6"),
        ("advanced", _ADVANCED, "5", "9"),
        ("check", ("CHECK",), "", ""),
    ):
        for each in types:
            row = {"meter_type": each, "meter_group": group, "least_digits": least, "most_digits": most}
            yield row


def _sscs(rng: random.Random) -> Iterator[Row]:
    # The first three are those that built messages carry.
    for ssc in ("0393", "0151", "0428"):
        yield {"ssc": ssc}
    drawn = rng.sample([n for n in range(1, 1000) if n not in (393, 151, 428)], 27)
    for number, each in enumerate(sorted(drawn)):
        yield {"ssc": f"{each:04d}", **_in_time(number)}


def _profile_classes(_: random.Random) -> Iterator[Row]:
    for number, name in enumerate(_PROFILES):
        yield {"profile_class": f"{number:02d}", "name": name}


def _providers(_: random.Random) -> Iterator[Row]:
    for letter in "ABCD":
        yield {"map_id": f"MAP{letter}", "name": f"Meter Asset Provider {letter}"}
    yield {"map_id": "MAPY", "name": "Meter Asset Provider Y", "effective_to": ENDED}
    yield {"map_id": "MAPZ", "name": "Meter Asset Provider Z", "effective_from": LATER}


def _operators(_: random.Random) -> Iterator[Row]:
    for letter in "AB":
        yield {"smso_id": f"SMS{letter}", "name": f"Smart Metering System Operator {letter}"}
    yield {"smso_id": "SMSY", "name": "Smart Metering System Operator Y", "effective_to": ENDED}


def _participants(_: random.Random) -> Iterator[Row]:
    numbers: Counter[str] = Counter()
    for mpid, role, distributor in _PARTICIPANTS:
        prefix = roles()[role].prefix
        numbers[prefix] += 1
        dip_id = f"{prefix}{numbers[prefix]:08d}"
        row = {"mpid": mpid, "role": role, "dip_id": dip_id, "distributor_id": distributor}
        yield {**row, "qualified_from": START}
    for mpid, role in _LEGACY:
        yield {"mpid": mpid, "role": role, "name": "legacy arrangements only"}
    yield {"mpid": "SUPY", "role": "SUP", "qualified_from": START, "effective_to": ENDED}
    yield {"mpid": "MDRY", "role": "MDR", "qualified_from": START, "effective_to": ENDED}


def _distributors(_: random.Random) -> Iterator[Row]:
    for number, group in _OWNERS.items():
        name = f"Network operator {number}"
        yield {"distributor_id": number, "name": name, "distributor_type": "DNO", "gsp_group": group}
    for number in _INDEPENDENT:
        name = f"Independent network operator {number}"
        yield {"distributor_id": number, "name": name, "distributor_type": "iDNO"}


def _gsp_groups(_: random.Random) -> Iterator[Row]:
    for group, name in _GSP_GROUPS.items():
        yield {"gsp_group": group, "name": name}


def _loss_classes(rng: random.Random) -> Iterator[Row]:
    for distributor in (*_OWNERS, *_INDEPENDENT):
        for number, each in enumerate(sorted(rng.sample(range(1, 1000), 12))):
            yield {"llf_class": f"{each:03d}", "distributor_id": distributor, **_in_time(number)}


def _tariffs(rng: random.Random) -> Iterator[Row]:
    for distributor in (*_OWNERS, *_INDEPENDENT):
        for number, each in enumerate(sorted(rng.sample(range(1, 1000), _TARIFFS))):
            direction = "E" if number % 5 == 4 else "I"
            row = {"duos_tariff": f"{each:03d}", "distributor_id": distributor, "energy_direction": direction}
            yield {**row, **_in_time(number)}


def _in_time(number: int) -> Row:
    """Let one entry in ten have ended, and one begin later, so that dates matter."""
    ended = {"effective_to": ENDED} if number % 10 == 8 else {}
    return {"effective_from": LATER} if number % 10 == 9 else ended


_MAKERS = {
    "meter_type": _meter_types,
    "ssc": _sscs,
    "profile_class": _profile_classes,
    "map_id": _providers,
    "smso_id": _operators,
    "mpid": _participants,
    "distributor": _distributors,
    "gsp_group": _gsp_groups,
    "llf_class": _loss_classes,
    "duos_tariff": _tariffs,
}


if __name__ == "__main__":
    write(Path(sys.argv[1]))
