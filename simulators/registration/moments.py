"""Reading the moments that messages state."""

from __future__ import annotations

from datetime import datetime


def moment(text: object) -> datetime | None:
    """Return the moment that a text of a message states, None for what is no time or has no offset."""
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
