"""Recorded requests, read from what people have: a text dump of HTTP, JSON, or a HAR file.

- text: request line, headers, empty line, body; several one after the other. The URL is the request line's
  where it is a whole one, else ``https://`` and the Host header. A body ends after Content-Length bytes, or
  at the next line that is ``###``, or with the file.
- JSON: an object or a list of ``method``, ``url``, ``headers`` and ``body`` (or ``body_base64``).
- HAR: every request of its log.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.security.certificates import read_bytes

_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/\d(?:\.\d)?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_RULE = re.compile(rb"\r?\n###[^\n]*(?:\r?\n|$)")
_MEND = "Record it as text (request line, headers, empty line, body), as JSON, or as HAR."


@dataclass(frozen=True, slots=True)
class Captured:
    """A request as it went out."""

    where: str
    """File and number, for findings."""
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    client: bytes | None = None
    """The client's TLS certificate (DER), where the request was received here."""
    live: bool = False
    """Whether it was received here, just now."""


def read(path: Path) -> tuple[Captured, ...]:
    """Return the requests of a file; raises ConfigurationError for one that holds none."""
    data = read_bytes(path, "capture")
    start = data.lstrip()[:1]
    found = tuple(_of_json(data, path) if start in (b"{", b"[") else _of_text(data, path))
    if not found:
        raise ConfigurationError("holds no request", where=str(path), mend=_MEND)
    return found


def _of_text(data: bytes, path: Path) -> Iterator[Captured]:
    at, number = 0, 0
    while (line := _LINE.search(data, at)) is not None:
        number += 1
        end = _HEAD_END.search(data, line.end() - 1)
        head = data[line.end() : end.start() if end else len(data)]
        headers = dict(_header(each, path, number) for each in head.splitlines() if each.strip())
        begin = end.end() if end else len(data)
        length = next((value for name, value in headers.items() if name.lower() == "content-length"), "")
        if length.isdigit():
            stop = begin + int(length)
        else:
            rule = _RULE.search(data, begin)
            stop = rule.start() if rule else len(data)
        target = line.group(2).decode("latin-1")
        host = next((value for name, value in headers.items() if name.lower() == "host"), "")
        url = target if "://" in target else f"https://{host}{target}"
        yield Captured(
            f"{path.name}, request {number}", line.group(1).decode(), url, headers, data[begin:stop]
        )
        at = stop


def _header(line: bytes, path: Path, number: int) -> tuple[str, str]:
    name, colon, value = line.decode("latin-1").partition(":")
    if not colon:
        raise ConfigurationError(
            f"'{name[:40]}' is no header",
            where=f"{path}, request {number}",
            mend="Headers are 'Name: value'.",
        )
    return name.strip(), value.strip()


def _of_json(data: bytes, path: Path) -> Iterator[Captured]:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"is no JSON: {error}", where=str(path), mend=_MEND) from error
    if isinstance(told, dict) and "log" in told:
        requests = [each.get("request") for each in told["log"].get("entries", []) if isinstance(each, dict)]
    else:
        requests = told if isinstance(told, list) else [told]
    for number, each in enumerate(requests, start=1):
        where = f"{path.name}, request {number}"
        if not isinstance(each, dict) or not isinstance(each.get("url"), str):
            raise ConfigurationError(
                "is no request with a url", where=f"{path}, request {number}", mend=_MEND
            )
        yield Captured(
            where,
            str(each.get("method", "POST")),
            each["url"],
            _headers(each.get("headers")),
            _body(each, where),
        )


def _headers(told: Any) -> dict[str, str]:
    if isinstance(told, dict):
        return {str(name): str(value) for name, value in told.items()}
    if isinstance(told, list):
        return {
            str(each["name"]): str(each["value"])
            for each in told
            if isinstance(each, dict) and "name" in each
        }
    return {}


def _body(each: Mapping[str, Any], where: str) -> bytes:
    posted = each.get("postData")
    coded, text = each.get("body_base64"), each.get("body", "")
    if isinstance(posted, dict):
        text = posted.get("text", "")
        coded = text if posted.get("encoding") == "base64" else None
    if isinstance(coded, str):
        try:
            return base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ConfigurationError("the body is no base64", where=where) from error
    return str(text or "").encode()
