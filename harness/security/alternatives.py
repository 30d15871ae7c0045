"""The usual mistakes in a string-to-sign, part by part: each is an alternative to what is right.

A string-to-sign has seven things to get wrong: the method, the URL's shape and case, the date, the bytes that are
hashed, how the hash is written, and how the parts are joined and handed to the key. Every dimension lists the
right value first and then one alternative per mistake, with the hint that mends it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import quote, unquote, urlsplit

from harness.clock import header_time, message_time
from harness.security.policy import Policy

T = TypeVar("T")
_CHANNEL = re.compile(r"(?<=/)(if|rep)-\d{3}[ab]?(?=[/?]|$)", re.IGNORECASE)
_MAX_REWRITTEN = 2_000_000


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came: ``date`` and ``given`` (names in lower case) from its headers.

    ``hashed`` is the right content hash of ``body``, ``expected`` the right string-to-sign.
    """

    method: str
    url: str
    body: bytes
    date: str
    hashed: str
    given: Mapping[str, str]
    expected: str


@dataclass(frozen=True, slots=True)
class Alternative(Generic[T]):
    """A value that a sender may have used; ``name`` is empty for the right one."""

    value: T
    name: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How the four parts become text, and the text becomes what SHA-256 is taken of."""

    text: Callable[[str, str, str, str], str]
    data: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Every dimension, the right value first in each."""

    methods: Sequence[Alternative[str]]
    shapes: Sequence[Alternative[str]]
    cases: Sequence[Alternative[Callable[[str], str]]]
    dates: Sequence[Alternative[str]]
    digests: Sequence[Alternative[bytes]]
    writings: Sequence[Alternative[Callable[[bytes], str]]]
    forms: Sequence[Alternative[Form]]


def alternatives(received: Received, policy: Policy) -> Alternatives:
    """List the usual mistakes for one request."""
    return Alternatives(
        methods=_distinct(_methods(received.method)),
        shapes=_distinct(_shapes(received.url)),
        cases=CASES,
        dates=_distinct(_dates(received.date, received.given.get("date", ""))),
        digests=_distinct(_digests(received, policy)),
        writings=WRITINGS,
        forms=FORMS,
    )


def lost_milliseconds(date: str) -> Iterator[str]:
    """Yield a whole-second date with each of the 1,000 milliseconds that its sender may have cut off."""
    moment = _moment(date)
    if moment is None or moment.microsecond:
        return
    for millisecond in range(1000):
        yield header_time(moment + timedelta(milliseconds=millisecond))


def _distinct(found: Iterator[Alternative[T]]) -> list[Alternative[T]]:
    seen: dict[T, Alternative[T]] = {}
    for alternative in found:
        seen.setdefault(alternative.value, alternative)
    return list(seen.values())


def _methods(method: str) -> Iterator[Alternative[str]]:
    right = method.upper()
    yield Alternative(right)
    hint = "The method was signed in lower case; it goes into the string-to-sign in capitals."
    yield Alternative(method.lower(), "method-case", hint)
    yield Alternative(method, "method-case", hint)
    for other in ("POST", "GET", "PUT", "DELETE", "PATCH", ""):
        named = f"the method {other}" if other else "no method"
        yield Alternative(
            other,
            "wrong-method",
            f"The sender signed {named}, but the request was sent as {right}: sign what is sent.",
        )


def _shapes(url: str) -> Iterator[Alternative[str]]:
    yield Alternative(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return
    bare, query = url.partition("?")[0], parts.query
    path = parts.path or "/"
    path_and_query = f"{path}?{query}" if query else path
    whole = "the full URL is signed, with scheme, host, path and query"
    path_hint = f"Only the path was signed; {whole}."
    yield Alternative(path_and_query, "path-only-url", path_hint)
    yield Alternative(path_and_query.lstrip("/"), "path-only-url", path_hint)
    no_query = "The URL was signed without its query; the query is part of the string-to-sign."
    if query:
        yield Alternative(bare, "missing-query", no_query)
        yield Alternative(path, "path-only-url", f"Only the path was signed, without the query; {whole}.")
    yield Alternative(
        f"{parts.netloc}{path_and_query}", "missing-scheme", f"The scheme was left out; {whole}."
    )
    yield Alternative(
        f"{parts.scheme}://{parts.netloc}", "missing-path", f"Only scheme and host were signed; {whole}."
    )
    yield Alternative("", "missing-url", f"The URL was left out; {whole}.")
    tail = f"?{query}" if query else ""
    slashed = bare.removesuffix("/") if bare.endswith("/") else f"{bare}/"
    yield Alternative(
        f"{slashed}{tail}", "trailing-slash", "The URLs signed and sent differ in a trailing slash."
    )
    other = {"https": "http", "http": "https"}.get(parts.scheme.lower())
    proxy = "sign the URL that the receiver is called by (a proxy or load balancer may change it)"
    if other:
        rest = url.partition("://")[2]
        yield Alternative(f"{other}://{rest}", "url-scheme", f"The URL was signed as {other}; {proxy}.")
    yield from _hosts(parts.scheme, parts.hostname or "", port, path_and_query, proxy)
    encoded = "The URL was signed in another percent-encoding than it was sent in; sign it exactly as sent."
    yield Alternative(unquote(url), "percent-encoding", encoded)
    yield Alternative(quote(url, safe=":/?&=%#"), "percent-encoding", encoded)


def _hosts(scheme: str, host: str, port: int | None, tail: str, proxy: str) -> Iterator[Alternative[str]]:
    bracketed = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}.get(scheme.lower())
    hint = f"The URLs signed and sent differ in the port; {proxy}."
    if port is not None:
        yield Alternative(f"{scheme}://{bracketed}{tail}", "url-port", hint)
    elif usual:
        yield Alternative(f"{scheme}://{bracketed}:{usual}{tail}", "url-port", hint)
    suffix = f":{port}" if port is not None else ""
    for name in ("localhost", "127.0.0.1"):
        if host in {"localhost", "127.0.0.1", "::1"}:
            yield Alternative(
                f"{scheme}://{name}{suffix}{tail}", "url-host", f"The host was signed as {name}; {proxy}."
            )


def _upper_channel(url: str) -> str:
    return _CHANNEL.sub(lambda match: match.group().upper(), url.lower())


def _lower_host(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}" if mark else url


_CASE_HINT = "The URL was not lower-cased: the whole of it, path and query included, is signed in lower case."
CASES: Sequence[Alternative[Callable[[str], str]]] = (
    Alternative(str.lower),
    Alternative(str, "url-case", _CASE_HINT),
    Alternative(_upper_channel, "url-case", _CASE_HINT),
    Alternative(_lower_host, "url-case", _CASE_HINT),
    Alternative(str.upper, "url-case", _CASE_HINT),
)


def _moment(date: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(date)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _dates(date: str, http_date: str) -> Iterator[Alternative[str]]:
    yield Alternative(date)
    same = "the text signed and the X-DIP-Signature-Date sent must be the same, character by character"
    moment = _moment(date)
    if moment is not None:
        seconds = moment.strftime("%Y-%m-%dT%H:%M:%S")
        precise = f"{seconds}.{moment.microsecond:06d}"
        cut = "The date was signed with another precision than the header's"
        yield Alternative(f"{seconds}Z", "date-precision", f"{cut}, in whole seconds; {same}.")
        yield Alternative(header_time(moment), "date-precision", f"{cut}, in milliseconds; {same}.")
        for digits in (f"{precise}Z", f"{precise}0Z", f"{precise.rstrip('0')}Z"):
            yield Alternative(digits, "date-precision", f"{cut}, in microseconds or finer; {same}.")
        body_form = "The date was signed in the 25-character form of message bodies"
        yield Alternative(message_time(moment), "date-body-form", f"{body_form}; {same}.")
        offset = f"The date was signed with another time zone mark than the header's; {same}."
        milliseconds = header_time(moment).removesuffix("Z")
        for text in (
            f"{milliseconds}+00:00",
            f"{precise}+00:00",
            seconds,
            milliseconds,
            f"{(moment + timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M:%S')}+01:00",
            f"{header_time(moment + timedelta(hours=1)).removesuffix('Z')}+01:00",
            header_time(moment + timedelta(hours=1)),
        ):
            yield Alternative(text, "date-zone", offset)
        other = f"The date was signed in another form than the header's; {same}."
        for text in (
            moment.strftime("%Y-%m-%d %H:%M:%S"),
            moment.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            str(int(moment.timestamp())),
            str(round(moment.timestamp() * 1000)),
        ):
            yield Alternative(text, "date-form", other)
    if http_date:
        yield Alternative(
            http_date, "date-form", f"The Date header was signed in place of X-DIP-Signature-Date; {same}."
        )
    yield Alternative("", "missing-date", "The date was left out of the string-to-sign.")


def _digests(received: Received, policy: Policy) -> Iterator[Alternative[bytes]]:
    body = received.body
    yield Alternative(hashlib.sha256(body or policy.empty_body.encode()).digest())
    for text, name, hint in _bodies(body):
        yield Alternative(hashlib.sha256(text).digest(), name, hint)
    yield Alternative(
        hashlib.sha512(body).digest(), "hash-algorithm", "The content hash is SHA-512; it must be SHA-256."
    )
    yield Alternative(
        hashlib.sha1(body, usedforsecurity=False).digest(),
        "hash-algorithm",
        "The content hash is SHA-1; it must be SHA-256.",
    )
    claimed = digest_in(received.given.get("x-dip-content-hash", ""))
    if claimed:
        yield Alternative(
            claimed,
            "other-body",
            "The signature is sound, but for another body: the bytes changed after they were hashed. Hash the very "
            "bytes that are sent, after every substitution, and let nothing on the way write the body anew.",
        )


def digest_in(header: str) -> bytes | None:
    """Return the 32 bytes that a content hash header stands for, in base64 or hexadecimal, or None."""
    try:
        if re.fullmatch(r"[0-9A-Fa-f]{64}", header):
            return bytes.fromhex(header)
        digest = base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == 32 else None


def _bodies(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    empty = "The sender hashed {} for a request without a body; hash what signing.empty_body says (here: nothing)."
    if not body:
        for text in (b"", b"{}", b'""', b"null", b"[]"):
            yield text, "empty-body", empty.replace("{}", text.decode() or "nothing", 1)
        return
    yield b"", "empty-body", "The sender hashed an empty body, but a body was sent."
    unix = body.replace(b"\r\n", b"\n")
    line_ends = (
        "The body was hashed with other line ends (CRLF or LF) than it was sent with; hash the bytes sent."
    )
    yield unix, "line-ends", line_ends
    yield unix.replace(b"\n", b"\r\n"), "line-ends", line_ends
    tail = "The body was hashed with or without a line end at its end, unlike the bytes sent."
    stripped = body.rstrip(b"\r\n")
    for text in (stripped, stripped + b"\n", stripped + b"\r\n", body.strip()):
        yield text, "trailing-line-end", tail
    mark = b"\xef\xbb\xbf"
    bom = "The body was hashed with or without a byte order mark, unlike the bytes sent."
    yield (body.removeprefix(mark) if body.startswith(mark) else mark + body), "byte-order-mark", bom
    yield from _rewritten(body)


def _rewritten(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Yield the body as common JSON writers write it: bounded, since a body may be large."""
    if len(body) > _MAX_REWRITTEN:
        return
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return
    hint = (
        "The body was serialised again between hashing and sending (other spaces, escapes or order of keys). "
        "Serialise it once, hash those bytes and send those bytes."
    )
    for ascii_only in (False, True):
        for order in (False, True):
            for indent, separators in ((None, (",", ":")), (None, (", ", ": ")), (2, None), (4, None)):
                text = json.dumps(
                    data, ensure_ascii=ascii_only, sort_keys=order, indent=indent, separators=separators
                )
                yield text.encode("utf-8", "surrogatepass"), "re-serialised-body", hint
                if indent:
                    crlf = text.replace("\n", "\r\n").encode("utf-8", "surrogatepass")
                    yield crlf, "re-serialised-body", hint


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_HEX = "The content hash was signed in hexadecimal; it must be base64 of the 32 bytes of the digest."
WRITINGS: Sequence[Alternative[Callable[[bytes], str]]] = (
    Alternative(_base64),
    Alternative(lambda digest: digest.hex(), "hex-hash", _HEX),
    Alternative(lambda digest: digest.hex().upper(), "hex-hash", _HEX),
    Alternative(
        lambda digest: _base64(digest.hex().encode()),
        "hex-hash",
        "The content hash is base64 of its hexadecimal text; it must be base64 of the 32 bytes themselves.",
    ),
    Alternative(
        lambda digest: base64.urlsafe_b64encode(digest).decode("ascii"),
        "hash-alphabet",
        "The content hash was signed in URL-safe base64; it must be standard base64.",
    ),
    Alternative(
        lambda digest: _base64(digest).rstrip("="),
        "hash-padding",
        "The content hash was signed without its '=' padding.",
    ),
    Alternative(lambda _digest: "", "missing-hash", "The content hash was left out of the string-to-sign."),
)


def _joined(mark: str, end: str = "") -> Form:
    return Form(lambda method, url, date, hashed: mark.join((method, url, date, hashed)) + end)


def _semicolons(method: str, url: str, date: str, hashed: str) -> str:
    return f"{method};{url};{date};{hashed}"


_SEPARATOR = "The parts were joined in another way: a semicolon between them, no spaces, nothing at the end."
_TWICE = "The digest was hashed again: hand the key's sign function the string-to-sign, not its SHA-256."
FORMS: Sequence[Alternative[Form]] = (
    Alternative(Form(_semicolons)),
    Alternative(
        _joined(";", "\n"),
        "trailing-line-end",
        "A line end was signed after the string-to-sign; nothing may follow.",
    ),
    Alternative(_joined(";", "\r\n"), "trailing-line-end", "A line end was signed after the string-to-sign."),
    *(
        Alternative(_joined(mark, end), "separator", _SEPARATOR)
        for mark, end in ((";", ";"), ("; ", ""), ("\n", ""))
    ),
    *(Alternative(_joined(mark), "separator", _SEPARATOR) for mark in (",", "|", ":", " ", "", "\r\n")),
    Alternative(
        Form(lambda method, url, date, hashed: _semicolons(method, url, date, hashed).lower()),
        "all-lower-case",
        "The whole string-to-sign was lower-cased; only the URL is.",
    ),
    Alternative(Form(_semicolons, lambda data: hashlib.sha256(data).digest()), "hashed-twice", _TWICE),
    Alternative(
        Form(_semicolons, lambda data: hashlib.sha256(data).hexdigest().encode()), "hashed-twice", _TWICE
    ),
    Alternative(
        Form(_semicolons, lambda data: base64.b64encode(hashlib.sha256(data).digest())),
        "hashed-twice",
        _TWICE,
    ),
    Alternative(
        Form(
            _semicolons,
            lambda data: data.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass"),
        ),
        "utf-16",
        "The string-to-sign was encoded in UTF-16; it is UTF-8.",
    ),
)
