"""Writes the tables of `docs/dip-simulator.md` from what decides, so that they can't say anything else.

``python -m simulators.dip.document docs/dip-simulator.md`` writes them anew between their two marks; without
a file it prints them. A test compares, and holds `codes.yaml` to the tests that it names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.settings import read
from harness.spec.codes import Code, codes
from harness.spec.release import Operation, Release, load
from harness.spec.shelf import shipped
from simulators.dip import openapi
from simulators.participants.codes import NEVER_ANSWERED

BEGIN = "<!-- written by python -m simulators.dip.document: begin -->"
END = "<!-- written by python -m simulators.dip.document: end -->"
PASSED_ON = "tests/simulators/dip/test_hub_status.py::test_any_code_of_a_recipient_reaches_the_sender"
"""The test in which a recipient says every RCP code later, and each reaches the sender."""
ON_REQUEST = "tests/simulators/dip/test_hub_status.py::test_a_party_that_is_to_refuse_says_any_code"
"""The test in which a simulated party refuses with every RCP code because it is to."""

_OPERATIONS = """\
## Operations by release

Every operation of every shipped release, with the statuses that the release declares and those that are ours.
`/openapi.json` of a mount says the same, ours marked `x-basis: assumed`. *Never by itself*: declared, and
only a [fault on request](#faults-on-request) of kind `status` makes the hub answer it; 207 not even that,
since a batch is taken or refused whole. What a release lacks answers 404.
"""
_VALIDATION = """\

A status with a declared body has it in the declared shape, unless what came was no HTTP; a bare one comes
with one line of text (assumed). Calls made out of these documents hold the hub to them in
`tests/simulators/conformance/test_conformance_generated.py`.
"""
_CODES = """\

## Response codes

Every code that the DIP (MSG) or a recipient (RCP) may say, what provokes it here and the test that does. A
test that is named for a code fails unless an answer or a status message in it carried that code. The meanings
are published; the basis is that of the condition.

| code | meaning | provoked through | when | basis | setting | test |
|---|---|---|---|---|---|---|
"""
_UNPROVOKED = f"""\

Any RCP code comes where a scenario wants a simulated party to refuse with it (`refuses`, see
[participants](participants.md#behaviours)): `{ON_REQUEST}`. What
a real recipient says later is passed on, whichever code it is: `{PASSED_ON}`.

Not said here, with the reason:

| code | meaning | reason |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Provoked:
    """How a code comes about: the request that it answers or the webhook that it comes to, and the test."""

    code: Code
    request: str
    when: str
    basis: str
    setting: str
    test: str
    """Path and name: ``tests/x/test_y.py::test_z``."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every MSG and RCP code: those that something provokes, and those that nothing does with the reason."""

    provoked: tuple[Provoked, ...]
    never: Mapping[str, str]


def catalogue() -> Catalogue:
    """Read `codes.yaml`; raises ConfigurationError unless each MSG and RCP code stands in one place."""
    path = Path(__file__).with_name("codes.yaml")
    entries: Mapping[str, Mapping[str, Any]] = read(path)
    never = {name: str(entry["never"]) for name, entry in entries.items() if "never" in entry}
    listed = [name for name in entries if name not in never]
    wanted = {name for name in codes() if name.startswith(("MSG", "RCP"))}
    if entries.keys() | NEVER_ANSWERED.keys() != wanted or NEVER_ANSWERED.keys() & entries.keys():
        twice = NEVER_ANSWERED.keys() & entries.keys()
        wrong = sorted((entries.keys() | NEVER_ANSWERED.keys()) ^ wanted | twice)
        raise ConfigurationError(f"codes not in one place: {', '.join(wrong)}", where=str(path))
    return Catalogue(
        tuple(
            Provoked(
                codes()[name],
                entries[name]["request"],
                entries[name]["when"],
                entries[name]["basis"],
                entries[name].get("setting", ""),
                entries[name]["test"],
            )
            for name in listed
        )
        + tuple(_on_request(name, reason) for name, reason in sorted(NEVER_ANSWERED.items())),
        never,
    )


def _on_request(name: str, reason: str) -> Provoked:
    """Return how a code comes about that a simulated party says only because it is to."""
    when = f"where a scenario wants the party to refuse with it (`refuses`); by itself never: {reason}"
    return Provoked(codes()[name], "the webhook of a simulated party", when, "assumed", "", ON_REQUEST)


def document() -> str:
    """Return what stands between the marks."""
    releases = [load(name) for name in shipped()]
    lines = [_OPERATIONS, *_operations(releases), _VALIDATION.rstrip("\n"), _CODES.rstrip("\n")]
    found = catalogue()
    lines += [_row(_provoked(each)) for each in found.provoked]
    lines += [_UNPROVOKED.rstrip("\n")]
    lines += [_row((name, codes()[name].meaning, reason)) for name, reason in found.never.items()]
    return "\n".join(lines) + "\n"


def into(text: str) -> str:
    """Return a document with what stands between its marks written anew."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigurationError(f"lacks the lines {BEGIN} and {END}")
    return f"{before}{begin}\n\n{document()}\n{end}{after}"


def _operations(releases: Sequence[Release]) -> Iterator[str]:
    """Yield one row per operation and set of statuses."""
    yield (
        "| operation | releases | declared and answered | declared, never by itself | ours beside |\n"
        "|---|---|---|---|---|"
    )
    rows: dict[tuple[str, tuple[str, str, str]], list[str]] = {}
    everything = {_name(operation): None for release in releases for operation in release.operations}
    for release in releases:
        paths = openapi.document(release, "")["paths"]
        for operation in release.operations:
            ours = _ours(paths[operation.path][operation.method.lower()])
            declared = {int(status) for status in operation.statuses}
            own = openapi.ANSWERED - (set() if "/requeue/" in operation.path else {429})
            answered, never = declared & own, declared - own
            cells = (_statuses(answered), _statuses(never), _statuses(ours))
            rows.setdefault((_name(operation), cells), []).append(release.name)
        there = {_name(operation) for operation in release.operations}
        for name in everything:
            if name not in there:
                rows.setdefault((name, ("not there: 404", "", "")), []).append(release.name)
        count = len(release.validate_paths)
        ours = _ours(next(paths[path]["post"] for path in paths if path.startswith("/validate/")))
        rows.setdefault(
            (f"`POST /validate/IF-nnn/<event>`, {count} paths", ("201, 400", "500", _statuses(ours))), []
        ).append(release.name)
    for name in dict.fromkeys([*everything, *(name for name, _ in rows)]):
        for (operation_name, cells), found in rows.items():
            if operation_name == name:
                yield _row((name, ", ".join(found), *cells))
    yield _row(("`GET /openapi.json`", "ours, in all", "", "", "200, and as `/validate`"))


def _name(operation: Operation) -> str:
    return f"`{operation.method} {operation.path}`"


def _ours(described: Mapping[str, Any]) -> set[int]:
    """Return the statuses that the hub's own document marks as ours."""
    return {
        int(status)
        for status, response in described["responses"].items()
        if response.get("x-basis") == "assumed"
    }


def _statuses(found: Iterable[int]) -> str:
    return ", ".join(str(status) for status in sorted(found))


def _provoked(each: Provoked) -> tuple[str, ...]:
    settings = ", ".join(f"`{name}`" for name in each.setting.split(", ") if name)
    request = f"`{each.request}`" if each.request.startswith(("POST", "GET", "DELETE")) else each.request
    return each.code.code, each.code.meaning, request, each.when, each.basis, settings, f"`{each.test}`"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        file = Path(sys.argv[1])
        file.write_text(into(file.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(document(), end="")
