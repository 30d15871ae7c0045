"""Writes `docs/seeded-faults.md`: ``python -m tests.seeded.document > docs/seeded-faults.md``."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.participants.seeded import FAULTS
from tests.seeded import playing  # noqa: F401 - it registers the faults
from tests.seeded.caught import caught

_OPENING = """\
# Seeded faults and what catches them

Each fault stands for a defect of a real system; `seeded: NAME` puts it into a
[simulated party](participants.md#seeded-faults). The case beside it passes without the fault and fails with
it, and blames a party in which the fault is: `tests/seeded/test_seeded_catalogue.py` plays every row of
`tests/seeded/caught.yaml`, from which `python -m tests.seeded.document` writes this table. `.ci/nightly`
plays the full matrix: each fault in every case in which it changes anything and, where none fails in the
calm, in every [perturbed twin](scenarios.md#perturbed-twins).
"""


def document() -> Iterator[str]:
    """Give the document's parts."""
    table = caught()
    yield _OPENING
    named = ", ".join(f"`{name}` by `{case}`" for name, case in table.twins.items())
    yield (
        f"{len(table.cases)} faults are caught by {len(set(table.cases.values()))} cases. A transaction that"
        " is applied twice shows only where deliveries are perturbed, by a scenario's own steps or by a twin:"
        f" {named}. No other fault needs a twin.\n"
    )
    if table.blamed:
        yield "The blame is elsewhere for:\n"
        yield "\n".join(f"- `{name}`: {why}" for name, why in table.blamed.items()) + "\n"
    yield "| fault | roles | stands for | caught by | twin |\n|---|---|---|---|---|"
    for name, case in table.cases.items():
        twin = table.twins.get(name, "").partition("~")[2]
        roles, defect = ", ".join(sorted(FAULTS[name].roles)), FAULTS[name].defect
        yield f"| `{name}` | {roles} | {defect} | `{case}` | {f'`{twin}`' if twin else ''} |"


def main() -> None:
    """Print the document."""
    print("\n".join(document()))


if __name__ == "__main__":
    main()
