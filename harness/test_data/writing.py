"""Writing test data: CSV, one row per metering point, or JSON by `test-data.schema.json`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from harness.standing_data.lists import LISTS
from harness.test_data.columns import COLUMNS
from harness.test_data.forms import Row, entry
from harness.test_data.generating import Generated
from harness.test_data.participants import Cohort, Participant

MADE_UP = "# MADE UP by dip data generate: no value belongs to anybody.\n"


ALL = tuple(column.name for column in COLUMNS)


def as_csv(rows: Iterable[Row], columns: Sequence[str] = ALL, remark: str = "") -> str:
    """Return the rows as CSV with these columns."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return remark + out.getvalue()


def as_json(generated: Generated) -> bytes:
    """Return generated test data as JSON, one line per point."""
    return b"".join(json_lines(generated))


def json_lines(generated: Generated) -> Iterator[bytes]:
    """Yield generated test data as JSON, piece by piece: the whole of a large file is held nowhere."""
    registers = {
        (cohort.name, place.parties["LDSO"].dip_id): place.parties["REGS"].dip_id
        for cohort in generated.cohorts
        for place in cohort.distributions
        if "REGS" in place.parties
    }
    head = {
        "format": 1,
        "kind": "dip test data",
        "made_up": True,
        "seed": generated.seed,
        "as_of": generated.as_of.isoformat(),
        "cohorts": [_cohort(each) for each in generated.cohorts],
    }
    yield orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}") + b',\n  "points": ['
    for number, row in enumerate(generated.rows):
        yield (b",\n" if number else b"\n") + orjson.dumps(_point(row, registers))
    yield b"\n  ]\n}\n"


def _point(row: Row, registers: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    register = registers.get((row["cohort"], row["distributor"]))
    found = {"cohort": row["cohort"], "register": register, "point": entry(row)}
    return {name: value for name, value in found.items() if value is not None}


def _cohort(cohort: Cohort) -> dict[str, Any]:
    return {
        "name": cohort.name,
        "parties": {role: party.as_dict() for role, party in cohort.parties.items()},
        "distributors": [
            {
                "distributor_id": place.distributor_id,
                "distributor_type": place.distributor_type,
                "parties": {role: party.as_dict() for role, party in place.parties.items()},
            }
            for place in cohort.distributions
        ],
    }


def participants_csv(participants: Iterable[Participant], since: str) -> str:
    """Return the participants in the format of the standing data list `mpid`, in force since a day."""
    out = io.StringIO()
    writer = csv.DictWriter(out, LISTS["mpid"].header, restval="", lineterminator="\n")
    writer.writeheader()
    for each in participants:
        row = {"mpid": each.mpid, "role": each.role, "effective_from": since, **each.as_dict()}
        writer.writerow({**row, "qualified_from": since if each.dip_id else ""})
    return MADE_UP + out.getvalue()
