"""Identifiers in messages: MPAN cores, sender unique references, meter and device numbers."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from operator import mul

from harness.errors import ConfigurationError

MPAN_LENGTH = 13
DISTRIBUTOR_DIGITS = 2
UNIQUE_DIGITS = 10
_PRIMES = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_ZERO = ord("0")
_ZEROS = _ZERO * sum(_PRIMES)
_DIGITS = re.compile(r"[0-9]+")

# The pattern of 2.1.0 wants three or four digits: it refuses the letter of REP-002A, REP-002B and REP-003A.
_LETTER_REFUSED = frozenset({"2.1.0"})


def check_digit(core: str) -> int:
    """Return the check digit of the first 12 digits of an MPAN core.

    GB industry rule: the digits weighted by the primes from 3 to 43 without 11, summed, modulo 11, modulo 10.
    Raises ConfigurationError when ``core`` is not 12 digits.
    """
    if len(core) != MPAN_LENGTH - 1 or not _DIGITS.fullmatch(core):
        raise ConfigurationError(f"{core!r} is not the first 12 digits of an MPAN")
    total: int = sum(map(mul, map(int, core), _PRIMES))
    return total % 11 % 10


def mpan(distributor: str | int, unique: int) -> str:
    """Return the MPAN core of a distributor id (two digits) and a unique number (ten digits).

    Raises ConfigurationError when either has too many digits or is negative.
    """
    head = str(distributor).rjust(DISTRIBUTOR_DIGITS, "0")
    if len(head) != DISTRIBUTOR_DIGITS or not _DIGITS.fullmatch(head):
        raise ConfigurationError(f"{distributor!r} is no distributor id", mend="Give two digits, as in '10'.")
    if not 0 <= unique < 10**UNIQUE_DIGITS:
        raise ConfigurationError(f"{unique} is no unique number of an MPAN", mend="Give at most ten digits.")
    core = f"{head}{unique:0{UNIQUE_DIGITS}d}"
    return f"{core}{check_digit(core)}"


def is_mpan(text: str) -> bool:
    """Tell whether ``text`` is 13 digits with the right check digit."""
    if len(text) != MPAN_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    codes = text.encode()
    weighted: int = sum(map(mul, codes, _PRIMES)) - _ZEROS
    return weighted % 11 % 10 == codes[-1] - _ZERO


def distributor_of(mpan_core: str) -> str:
    """Return the distributor id of an MPAN core: its first two digits."""
    return mpan_core[:DISTRIBUTOR_DIGITS]


def sender_unique_reference(
    release_name: str, interface: str, dip_id: str, role: str, moment: datetime, serial: str
) -> str:
    """Return ``S-<interface>-<DIP id>-<role>-<yyyymmdd>-<serial>``, as the release's pattern wants it.

    ``serial`` keeps its letters and digits only. Release 2.1.0 refuses the letter of a report interface
    such as REP-002A: there the letter opens the serial instead, so that references of REP-002 and REP-002A
    stay apart.
    """
    tail = "".join(character for character in serial if character.isascii() and character.isalnum())
    if release_name in _LETTER_REFUSED and interface[-1:].isalpha():
        interface, tail = interface[:-1], interface[-1] + tail
    day = moment.astimezone(UTC).strftime("%Y%m%d")
    return f"S-{interface}-{dip_id}-{role}-{day}-{tail or '0'}"


def meter_id(rng: random.Random, *, smart: bool) -> str:
    """Return a meter serial of ten characters.

    The shapes (year, letter, digits where smart) are assumed; the published type limits the length only.
    """
    if smart:
        return f"{rng.randrange(17, 27)}{rng.choice('ELP')}{rng.randrange(10**7):07d}"
    year, maker = rng.randrange(10**2), rng.choice("ABCDEM")
    return f"{rng.choice('ABDEFKLNPSZ')}{year:02d}{maker}{rng.randrange(10**6):06d}"


def device_guid(rng: random.Random) -> str:
    """Return a device identifier (EUI-64): eight pairs of hex digits joined by hyphens, 23 characters."""
    return "-".join(f"{octet:02X}" for octet in (0x0C, 0xA2, 0xF4, *(rng.randrange(256) for _ in range(5))))


def registration_id(rng: random.Random) -> str:
    """Return a switching-service registration id in the form of a UUID, 36 characters.

    The form is assumed; the published type only limits the length to 36.
    """
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
