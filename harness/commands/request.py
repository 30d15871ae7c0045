"""The options that `dip sign` and `dip verify` share: a request's method, URL, date and body."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.errors import ConfigurationError
from harness.settings import current

F = TypeVar("F", bound=Callable[..., Any])

method_option = click.option(
    "--method",
    default="POST",
    show_default=True,
    callback=lambda _c, _p, value: _method(value),
    help="HTTP method.",
)
url_option = click.option(
    "--url",
    required=True,
    callback=lambda _c, _p, value: _printable(value, "--url"),
    help="The full URL, with scheme, host, path and query, in any case.",
)
body_option = click.option(
    "--body",
    metavar="FILE",
    help="A file with the exact bytes of the body; - reads standard input.  [default: no body]",
)


def date_option(text: str) -> Callable[[F], F]:
    """Return the option ``--date`` with its help text."""
    return click.option("--date", callback=lambda _c, _p, value: _date(value), help=text)


def read_body(source: str | None) -> bytes:
    """Read the body's bytes from a file or standard input; ConfigurationError where unreadable or too big."""
    if source is None:
        return b""
    limit = current().integer("limits.body_bytes")
    if source == "-":
        content = sys.stdin.buffer.read(limit + 1)
    else:
        try:
            with Path(source).open("rb") as file:
                content = file.read(limit + 1)
        except OSError as error:
            raise ConfigurationError(
                f"the body can't be read: {error.strerror or error}", where=source
            ) from error
    if len(content) > limit:
        raise ConfigurationError(
            f"the body is over {limit} bytes", where=source, mend="Raise limits.body_bytes in the settings."
        )
    return content


def _method(value: str) -> str:
    if not value.isascii() or not value.isalpha():
        raise ConfigurationError(f"{value!r} is no HTTP method", where="--method", mend="For example: POST.")
    return value


def _printable(value: str, option: str) -> str:
    if not value or not value.isprintable() or " " in value:
        raise ConfigurationError(
            f"{value!r} is empty or holds spaces or control characters",
            where=option,
            mend="Encode them with %.",
        )
    return value


def _date(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"{value!r} is no timestamp", where="--date", mend="For example: 2026-03-29T00:00:00.000Z."
        ) from error
    return value
