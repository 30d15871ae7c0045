"""Finding and replacing what names people, in JSON, HTML, XML and plain text alike.

First every text is read (`Replacer.collect`), then every text is rewritten (`Replacer.replace`). A value is
known by the field that it stands in; a long enough one is then replaced wherever it stands, in whatever case,
as are 13 digits with the right check digit. Texts are never parsed and written again: a broken message
stays broken in the same place.
"""

from __future__ import annotations

import base64
import html
import json
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError
from harness.evidence.pack.personal import MPAN, fields
from harness.evidence.pack.pseudonyms import Pseudonyms
from harness.messages.identifiers import MPAN_LENGTH, is_mpan

WITHHELD = "withheld-with-the-replaced-bytes"
_LONG = 8
_SHORT_HASH = 8
_DIGITS = re.compile(r"[0-9]{13,}")
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{8,64}(?![0-9A-Za-z])")
_BASE64 = re.compile(r"(?<![0-9A-Za-z+/])[0-9A-Za-z+/]{43,2000}={0,2}(?![0-9A-Za-z+/=])")
_ASCII_ESCAPE = re.compile(r"\\u00([2-7][0-9a-fA-F])")

_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class _Writing:
    """One way of writing a field and its value: a pattern, and how the value is read and written."""

    signs: tuple[str, ...]
    """One of them stands in every text that is worth searching."""
    pattern: re.Pattern[str]
    read: Callable[[str], str]
    write: Callable[[str], str]


def _json_read(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _json_write(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _html_write(text: str) -> str:
    return html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;")


def _writings() -> tuple[_Writing, ...]:
    names = "|".join(sorted(map(re.escape, fields()), key=len, reverse=True))
    flags = re.IGNORECASE | re.DOTALL
    text = r'"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"'
    plain = rf'"(?P<key>{names})"\s*:\s*(?:{text}|(?P<list>\[[^\[\]{{}}]*\])|(?P<bare>[0-9]+))'
    quote = "&(?:#34|quot);"
    escaped = rf"{quote}(?P<key>{names}){quote}\s*:\s*{quote}(?P<text>(?:\\.|(?!{quote})[^\\])*){quote}"
    nested = rf'\\+"(?P<key>{names})\\+"\s*:\s*\\+"(?P<text>(?:(?!\\*").)*)\\+"'
    both = rf"\\+{quote}(?P<key>{names})\\+{quote}\s*:\s*\\+{quote}(?P<text>(?:(?!\\*{quote}).)*)\\+{quote}"
    return (
        _Writing(('"',), re.compile(plain, flags), _json_read, _json_write),
        _Writing(
            ("&#34;", "&quot;"),
            re.compile(escaped, flags),
            lambda text: _json_read(html.unescape(text)),
            lambda text: _html_write(_json_write(text)),
        ),
        _Writing(
            ('\\"',),
            re.compile(nested, flags),
            lambda text: _json_read(_json_read(text)),
            lambda text: _json_write(_json_write(text)),
        ),
        _Writing(
            ("\\&#34;", "\\&quot;"),
            re.compile(both, flags),
            lambda text: _json_read(_json_read(html.unescape(text))),
            lambda text: _html_write(_json_write(_json_write(text))),
        ),
    )


_WRITINGS = _writings()
_IN_LIST = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"')


class Replacer:
    """The replacements of one pack. Collect from every text before replacing in any."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._of = pseudonyms.of
        self._values: dict[tuple[str, str], None] = {}
        self._mpans: set[str] = set()
        self._tokens: dict[str, str] = {}
        self._hashes: dict[str, list[tuple[str, str]]] = {}
        self._written: dict[str, str] = {}
        self._anywhere: re.Pattern[str] | None = None
        self._made: set[str] = set()
        self._ready = False

    def collect(self, text: str) -> None:
        """Take note of every value in ``text`` that has to be replaced."""
        for _, _, category, value in _keyed(text):
            self._note(category, value)
        for match in _DIGITS.finditer(text):
            if _stands_alone(text, match) and is_mpan(match.group()):
                self._mpans.add(match.group())

    def _note(self, category: str, value: str) -> None:
        if category == MPAN and (found := _DIGITS.findall(value)):
            self._mpans.update(run[:MPAN_LENGTH] for run in found)
        elif value:
            self._values[(category, value)] = None

    def with_digests(self, digests: Mapping[str, str], tokens: Mapping[str, str]) -> Replacer:
        """Return a replacer of the same values that replaces SHA-256 digests and exact texts too.

        Digests are found in hex, shortened hex and base64; ``tokens`` are such as signatures.
        """
        other = Replacer(self._pseudonyms)
        other._values, other._mpans = self._values, self._mpans
        other._tokens = dict(tokens)
        for old, new in digests.items():
            other._hashes.setdefault(old[:_SHORT_HASH], []).append((old, new))
            other._tokens[_base64(old)] = _base64(new)
        return other

    def counts(self) -> dict[str, int]:
        """Return how many different values each category has."""
        counted = Counter(category for category, _ in self._values)
        counted[MPAN] += len(self._mpans)
        return dict(sorted(counted.items()))

    def replace(self, text: str) -> str:
        """Return ``text`` with every replacement made once."""
        self._prepare()
        spans = sorted(self._spans(text), key=lambda span: (span[0], -span[1]))
        if not spans:
            return text
        pieces: list[str] = []
        end = 0
        for start, stop, replacement in spans:
            if start >= end:
                pieces += [text[end:start], replacement]
                end = stop
        pieces.append(text[end:])
        replaced = "".join(pieces)
        self._check(replaced)
        return replaced

    def _spans(self, text: str) -> list[Span]:
        keyed: list[Span] = []
        for start, writing, category, value in _keyed(text):
            stop, write = writing
            keyed.append((start, stop, write(self._pseudonym(category, value))))
        keyed.sort()
        free: list[Span] = []
        for match in _DIGITS.finditer(text):
            free += self._in_digits(text, match)
        for match in _HEX.finditer(text):
            for old, new in self._hashes.get(match.group()[:_SHORT_HASH], ()):
                if old.startswith(match.group()):
                    free.append((match.start(), match.end(), new[: len(match.group())]))
        for match in _BASE64.finditer(text):
            if match.group() in self._tokens:
                free.append((match.start(), match.end(), self._tokens[match.group()]))
        if self._anywhere is not None:
            free += [
                (match.start(), match.end(), self._written[match.group()])
                for match in self._anywhere.finditer(_small(text))
            ]
        return [*keyed, *_outside(free, keyed)]

    def _pseudonym(self, category: str, value: str) -> str:
        if category == MPAN and _DIGITS.search(value):
            return re.sub(r"[0-9]{13}", lambda match: self._of(MPAN, match.group()), value)
        return self._of(category, value)

    def _in_digits(self, text: str, match: re.Match[str]) -> Iterator[Span]:
        run, start = match.group(), match.start()
        if _stands_alone(text, match) and is_mpan(run):
            yield start, match.end(), self._of(MPAN, run)
            return
        place = 0
        while place + MPAN_LENGTH <= len(run):
            part = run[place : place + MPAN_LENGTH]
            if part in self._mpans:
                yield start + place, start + place + MPAN_LENGTH, self._of(MPAN, part)
                place += MPAN_LENGTH
            else:
                place += 1

    def _prepare(self) -> None:
        if self._ready:
            return
        for category, value in self._values:
            if len(value) < _LONG and not (category == "postcode" and len(value) > 4):
                continue
            if value.isalpha() and value.islower():
                continue
            for write in _FORMS:
                self._written.setdefault(_small(write(value)), write(self._of(category, value)))
        for token, replacement in self._tokens.items():
            if not _BASE64.fullmatch(token):
                self._written.setdefault(_small(token), replacement)
        if self._written:
            self._anywhere = re.compile(_alternatives(self._written))
        self._made = {_small(written) for written in self._written.values()}
        self._made |= {self._of(MPAN, each) for each in self._mpans}
        self._ready = True

    def _check(self, replaced: str) -> None:
        """Refuse what still holds a value that had to go; a pseudonym may look like another's original."""
        for match in _DIGITS.finditer(replaced):
            run = match.group()
            for place in range(len(run) - MPAN_LENGTH + 1):
                part = run[place : place + MPAN_LENGTH]
                if part in self._mpans and part not in self._made:
                    raise HarnessError("an MPAN is left after redaction")
        for match in self._anywhere.finditer(_small(replaced)) if self._anywhere else ():
            if match.group() not in self._made:
                raise HarnessError("a value is left after redaction")


def plain_escapes(text: str) -> str:
    """Write needlessly escaped ASCII characters of JSON plainly, so that nothing hides behind them."""

    def plain(match: re.Match[str]) -> str:
        char = chr(int(match.group(1), 16))
        return match.group() if char in '"\\\x7f' else char

    return _ASCII_ESCAPE.sub(plain, text) if "\\u00" in text else text


def _small(text: str) -> str:
    """Return ``text`` with its ASCII letters small; every character keeps its place."""
    return text.translate(_SMALL)


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    before = text[match.start() - 1 : match.start()] if match.start() else ""
    after = text[match.end() : match.end() + 1]
    return len(match.group()) == MPAN_LENGTH and not before.isalnum() and not after.isalnum()


def _keyed(text: str) -> Iterator[tuple[int, tuple[int, Callable[[str], str]], str, str]]:
    """Yield start, (end, how to write), category and value of each field that has to be replaced."""
    for writing in _WRITINGS:
        if not any(sign in text for sign in writing.signs):
            continue
        for match in writing.pattern.finditer(text):
            category = fields()[match.group("key").lower()]
            groups = match.groupdict()
            if groups.get("list"):
                begun = match.start("list")
                for inner in _IN_LIST.finditer(groups["list"]):
                    where = (begun + inner.end(1), writing.write)
                    yield begun + inner.start(1), where, category, writing.read(inner.group(1))
                continue
            name = "bare" if groups.get("bare") else "text"
            yield (
                match.start(name),
                (match.end(name), writing.write),
                category,
                writing.read(match.group(name)),
            )


def _outside(free: Iterable[Span], keyed: list[Span]) -> Iterator[Span]:
    """Yield the spans that no keyed one overlaps, and those that hold one whole."""
    index = 0
    for span in sorted(free, key=lambda each: (each[0], -each[1])):
        while index < len(keyed) and keyed[index][1] <= span[0]:
            index += 1
        clear = index == len(keyed) or span[1] <= keyed[index][0]
        if clear or (span[0] <= keyed[index][0] and keyed[index][1] < span[1]):
            yield span


_FORMS: tuple[Callable[[str], str], ...] = (
    lambda value: value,
    _json_write,
    lambda value: json.dumps(value)[1:-1],
    _html_write,
    lambda value: html.escape(value, quote=False),
    lambda value: html.escape(value).replace("&#x27;", "&apos;"),
    lambda value: _html_write(_json_write(value)),
)


def _alternatives(values: Iterable[str]) -> str:
    """Return a pattern for any of the values, longest first, that looks at each place of a text once."""
    tree: dict[str, Any] = {}
    for value in values:
        node = tree
        for char in value:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branch(tree)


def _branch(node: dict[str, Any]) -> str:
    forms: list[str] = []
    for char in sorted(node):
        if not char:
            continue
        prefix, below = re.escape(char), node[char]
        while len(below) == 1 and "" not in below:
            ((step, deeper),) = below.items()
            prefix, below = prefix + re.escape(step), deeper
        forms.append(prefix + _branch(below))
    if not forms:
        return ""
    joined = f"(?:{'|'.join(forms)})"
    return f"{joined}?" if "" in node else joined
