"""The recovery report: what is known of each rehearsal of an outage so far, as ``recovery.json``."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import orjson

from harness.selfcheck.conduct.backlog import Books
from harness.selfcheck.context import Context
from harness.writing import write_whole

REPORT = "recovery.json"
_TOLD: WeakKeyDictionary[Context, dict[tuple[str, str], dict[str, object]]] = WeakKeyDictionary()


def tell(context: Context, rehearsal: str, party: str, facts: dict[str, object], books: Books | None) -> None:
    """Write down what a rehearsal of one party came to; ``books``: what its ledger says, if it was asked."""
    told = _TOLD.setdefault(context, {})
    told[rehearsal, party] = {
        "rehearsal": rehearsal,
        "party": party,
        **facts,
        "missing": books.missing if books else None,
        "doubled": books.doubled if books else None,
        "out_of_order": books.disordered if books else None,
    }
    write_whole(context.folder / REPORT, orjson.dumps(list(told.values()), option=orjson.OPT_INDENT_2))
