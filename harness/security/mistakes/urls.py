"""What senders sign in place of the full lower-cased URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote, unquote, urlsplit

from harness.security.mistakes.alternative import Alternative

_CHANNEL = re.compile(r"(?<=/)(if|rep)-\d{3}[ab]?(?=[/?]|$)", re.IGNORECASE)


def shapes(url: str) -> Iterator[Alternative[str]]:
    """Yield the URL as it is and as it is cut or rebuilt by mistake, its case untouched."""
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
