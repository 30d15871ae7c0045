"""What senders sign in place of the very text of the date header."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from harness.clock import header_time, message_time
from harness.security.mistakes.alternative import Alternative


def _moment(date: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(date)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def dates(date: str, http_date: str) -> Iterator[Alternative[str]]:
    """Yield the date header's text and other writings of the moment; ``http_date`` is the Date header."""
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


def lost_milliseconds(date: str) -> Iterator[str]:
    """Yield a whole-second date with each of the 1,000 milliseconds that its sender may have cut off."""
    moment = _moment(date)
    if moment is None or moment.microsecond:
        return
    for millisecond in range(1000):
        yield header_time(moment + timedelta(milliseconds=millisecond))
