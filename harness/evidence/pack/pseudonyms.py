"""One-to-one replacements under a secret salt: the same value always gives the same pseudonym.

A pseudonym has the shape of its value: a digit for a digit, a letter for a letter of the same case, all else
where it was. Values of one shape are permuted among themselves (a Feistel network over their characters with
SHAKE-256 under the salt), so that no two values share a pseudonym and none can be traced back without the
salt. A value of one or two characters hides little whatever is done to it.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from harness.errors import ConfigurationError, EnvironmentFault
from harness.evidence.pack.personal import MPAN, hexadecimal
from harness.messages.identifiers import MPAN_LENGTH, check_digit, distributor_of

SALT_BYTES = 32
LONGEST = 4096
"""Characters of a value that keeps its shape; a longer one is replaced by its length and a mark."""
_ROUNDS = 10
_ASCII = {"0": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz"}
_HEX = {"0": _ASCII["0"], "A": "ABCDEF", "a": "abcdef"}


class Pseudonyms:
    """The replacements that one salt gives."""

    def __init__(self, salt: bytes) -> None:
        if len(salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes")
        self._salt = salt
        self._kept: dict[tuple[str, str], str] = {}

    @property
    def salt_id(self) -> str:
        """A name for the salt that does not give it away."""
        return hashlib.sha256(b"dip-harness salt id\n" + self._salt).hexdigest()[:16]

    def mark(self, text: str, octets: int = 8) -> str:
        """Return hex digits that stand for ``text`` and can't be found without the salt."""
        return self._stream(f"mark|{text}", octets).hex()

    def of(self, category: str, value: str) -> str:
        """Return the pseudonym of a value."""
        key = (category, value)
        if key not in self._kept:
            self._kept[key] = self._made(category, value)
        return self._kept[key]

    def _made(self, category: str, value: str) -> str:
        if len(value) > LONGEST:
            return f"({len(value)} characters, {self.mark(f'{category}|{value}')})"
        return self._mpan(value) if category == MPAN else self._shaped(category, value)

    def _mpan(self, value: str) -> str:
        if len(value) != MPAN_LENGTH or not (value.isascii() and value.isdigit()):
            return self._shaped(MPAN, value)
        head, wrong_by = distributor_of(value), int(value[-1]) - check_digit(value[:-1])
        core = head + self._shaped(f"{MPAN} {head}", value[len(head) : -1])
        return f"{core}{(check_digit(core) + wrong_by) % 10}"

    def _shaped(self, category: str, value: str) -> str:
        alphabets = _HEX if category in hexadecimal() else _ASCII
        places: list[int] = []
        digits: list[int] = []
        sizes: list[int] = []
        firsts: list[tuple[str, int]] = []
        shape: list[str] = []
        for place, char in enumerate(value):
            kind, letters, first = _kind(char, alphabets)
            shape.append(kind)
            if letters or first:
                places.append(place)
                digits.append(letters.index(char) if letters else ord(char) - first)
                sizes.append(len(letters) if letters else 64)
                firsts.append((letters, first))
        tweak = f"{category}|{''.join(shape)}"
        middle = len(digits) // 2
        for number in range(_ROUNDS):
            low, high = (0, middle) if number % 2 else (middle, len(digits))
            others = digits[high:] if low == 0 else digits[:low]
            stream = self._stream(f"{tweak}|{number}|{others}", 8 * (high - low))
            for index in range(low, high):
                added = int.from_bytes(stream[8 * (index - low) : 8 * (index - low) + 8], "big")
                digits[index] = (digits[index] + added) % sizes[index]
        replaced = list(value)
        for place, digit, (letters, first) in zip(places, digits, firsts, strict=True):
            replaced[place] = letters[digit] if letters else chr(first + digit)
        return "".join(replaced)

    def _stream(self, text: str, length: int) -> bytes:
        told = text.encode("utf-8", "surrogatepass")
        return hashlib.shake_256(b"dip-harness pseudonym\n" + self._salt + told).digest(length)


def _kind(char: str, alphabets: dict[str, str]) -> tuple[str, str, int]:
    """Return a character's class, the letters of that class, or the first of its 64 where it is not ASCII."""
    for kind, letters in alphabets.items():
        if char in letters:
            return kind, letters, 0
    if not char.isascii() and char.isalnum():
        first = ord(char) // 64 * 64
        return f"<{first}>", "", first
    if char in _ASCII["A"] or char in _ASCII["a"]:
        return ("X", _ASCII["A"][6:], 0) if char.isupper() else ("x", _ASCII["a"][6:], 0)
    return f"={char}", "", 0


def load_salt(path: Path, *, draw: bool = False) -> Pseudonyms:
    """Read the salt in ``path``; ``draw`` makes one, readable by its owner only, where there is none yet.

    Raises ConfigurationError for a file that holds no salt.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        if not draw:
            raise ConfigurationError(
                "is not there", where=str(path), mend="Give the salt that the redacted copy was made with."
            ) from error
        text = secrets.token_hex(SALT_BYTES)
        try:
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text + "\n", encoding="ascii")
        except OSError as error:
            raise EnvironmentFault(f"the salt can't be written: {error}", where=str(path)) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the salt can't be read: {error}", where=str(path)) from error
    try:
        return Pseudonyms(bytes.fromhex(text))
    except ValueError as error:
        raise ConfigurationError(
            "holds no salt: 64 hex digits are expected",
            where=str(path),
            mend="Name a file that is not there yet, and a salt is drawn into it.",
        ) from error
