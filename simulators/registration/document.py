"""Writes `docs/registration.md` from the tables that decide, so that it can't say anything else.

``python -m simulators.registration.document > docs/registration.md``; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.spec.codes import code
from simulators.registration import processes
from simulators.registration.case import HANDLERS, WORDS_TOLD
from simulators.registration.items import Item
from simulators.registration.notices import FORMS, Form
from simulators.registration.processes.appointment_table import TRANSITIONS as APPOINTMENT
from simulators.registration.processes.disconnection import TRANSITIONS as DISCONNECTION
from simulators.registration.processes.switch_table import TRANSITIONS as SWITCH
from simulators.registration.rule import CONSEQUENCES, RULES, UNREACHABLE

assert processes.ALL

_FOLDER = "tests/simulators/registration/"
TESTS: Mapping[str, str] = {
    "appointment": "test_appointment_rules.py::test_a_broken_rule_refuses_the_request",
    "answer to an appointment": "test_appointment_rules.py::"
    "test_an_answer_against_the_rules_ends_the_appointment",
    "meters": "test_meter_details.py::test_a_code_refuses_what_its_condition_says_and_not_its_neighbour",
    "energisation": "test_energisation.py::test_a_code_refuses_energisation_and_not_its_neighbour",
    "supplier data": "test_supplier_data.py::test_a_code_refuses_supplier_data_and_not_its_neighbour",
    "import/export relationship": "test_relationships.py::test_a_code_refuses_a_link_and_not_its_neighbour",
    "related relationship": "test_relationships.py::test_a_code_refuses_a_relation_and_not_its_neighbour",
    "direct contract": "test_direct_contract.py::test_a_code_refuses_a_contract_and_not_its_neighbour",
    "meter data retriever": "test_retriever.py::test_a_code_refuses_a_retriever_and_not_its_neighbour",
}
"""By process: the test that provokes each of its codes, and has a request beside it that is accepted."""
ALONE: Mapping[str, str] = {
    "REG1037": "test_segment.py::test_what_does_not_become_effective_in_its_window_lapses",
    "REG1089": "test_appointment.py::test_a_later_request_supersedes_an_open_one",
    "REG0001": "test_every_code.py::test_a_block_of_the_wrong_event_is_refused_by_every_release",
    "REG0002": "test_every_code.py::test_a_block_of_the_wrong_event_is_refused_by_every_release",
    "REG1048": "test_every_code.py::test_another_location_is_refused_by_every_release",
}
"""The tests of codes that no rule gives."""

_OPENING = """\
# Registration services

What a simulated registration service holds, what it answers and why. One serves each distributor: behaviour
`registration` of a party of role REGS. The tables are written by `python -m simulators.registration.document`
from the ones that decide; don't edit them by hand. Basis: **published**, **third-party** (somebody's reading
of a document that is not public) or **assumed**. The meanings of the codes are published; when each applies
mostly is not.

A transaction that comes twice, by a second delivery or a replay, is acted on once. A refusal goes to the
sender alone; what is accepted goes to everybody concerned.

## What it holds

Of each metering point, every item with its history: what was in force when, and as known when. `dip data`
writes the entries, and the option `points` takes them. The values of what has parts are in
`simulators/registration/items.py`.

"""
_RECEIVED = """
## What it acts on

Any other publication changes nothing.

"""
_TOLD = """
## What it can be told

Beside the DIP, by a step `tell` or `POST /told`, always with `mpan`. What makes no sense is an error of
whoever tells it, not an answer.

"""
_CODES = """
## Response codes

The first broken rule of a process decides, in the order of the tables below. The test of a rule sends a
request that breaks it and one beside it that is accepted. Codes REG11xx are in no official list and are never
given.

"""
_RULES = """
## The rules of each process, in order

"""
_STATES = """
## State tables

What is not in a table changes nothing; of disconnections it is an error of whoever tells.
"""
_MESSAGES = """
## What it sends

Whom a message concerns; those that the routing table names as primary recipients are addressed, the others
are the DIP's to find. `MS` or `DS` stands for `{}`.

"""


def document() -> str:
    """Return the text of `docs/registration.md`."""
    items = _table(("item",), ((f"`{item.value}`",) for item in Item))
    parts = [
        *(_OPENING, *items),
        *(_RECEIVED, *_table(("message", "process"), _received())),
        *(_TOLD, *_table(("word", "what comes of it"), _told())),
        *(_CODES, *_table(("code", "meaning", "where", "test"), _codes())),
        *(_RULES, *_rules()),
        *(_STATES, *_states()),
        *(_MESSAGES, *_table(("process", "message", "concerns", "basis", "reason"), _messages())),
    ]
    return "".join(part if part.endswith("\n") else part + "\n" for part in parts)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _received() -> Iterator[tuple[str, str]]:
    for interface, event in sorted(HANDLERS):
        process = HANDLERS[interface, event].__module__.rpartition(".")[2]
        yield f"{interface} [{event}]", process.replace("_", " ")


def _told() -> Iterator[tuple[str, str]]:
    for word, handler in sorted(WORDS_TOLD.items()):
        says = " ".join((handler.__doc__ or "").partition("Raises ")[0].split())
        yield f"`{word}`", says.replace("``", "`")


def _codes() -> Iterator[tuple[str, str, str, str]]:
    given: dict[str, list[str]] = {}
    for process, rules in RULES.items():
        for rule in rules:
            given.setdefault(rule.code, []).append(process)
    for name in sorted({*given, *CONSEQUENCES, *UNREACHABLE}):
        where = dict.fromkeys(given.get(name, ()))
        tests = " ".join(f"`{_FOLDER}{TESTS[process]}[{name}]`" for process in where)
        if name in CONSEQUENCES:
            basis, reason = CONSEQUENCES[name]
            yield name, code(name).meaning, f"no request: {reason} ({basis})", _test(name)
        elif name in UNREACHABLE:
            yield name, code(name).meaning, f"out of reach: {UNREACHABLE[name]}", _test(name)
        else:
            yield name, code(name).meaning, ", ".join(where), tests


def _test(name: str) -> str:
    return f"`{_FOLDER}{ALONE[name]}`"


def _rules() -> Iterator[str]:
    for process, rules in RULES.items():
        yield f"### {process.capitalize()}\n\n"
        yield from _table(
            ("code", "meaning", "when", "basis"),
            ((rule.code, code(rule.code).meaning, rule.reason, rule.basis) for rule in rules),
        )
        yield "\n"


def _states() -> Iterator[str]:
    heads = ("where it stands", "what happens", "what comes of it", "basis", "reason")
    yield "\n### Appointment\n\n"
    yield from _table(
        heads,
        (
            (stage, trigger, f"{row.stage}: {', '.join(row.notices)}", row.basis, row.reason)
            for (stage, trigger), row in APPOINTMENT.items()
        ),
    )
    yield "\n### Switch\n\n"
    yield from _table(
        heads,
        (
            (stage or "unknown", f"`{word}`", row.stage, row.basis, row.reason)
            for (stage, word), row in SWITCH.items()
        ),
    )
    yield "\n### Disconnection, reconnection and de-registration\n\n"
    yield from _table(
        ("MP and RMP status", *heads[1:]),
        (
            (
                f"{mp} {rmp}",
                f"`{word}`",
                f"{row.mp_status or mp} {row.rmp_status or rmp}",
                row.basis,
                row.reason,
            )
            for (word, mp, rmp), row in DISCONNECTION.items()
        ),
    )


def _messages() -> Iterator[tuple[str, ...]]:
    for process, rows in FORMS.items():
        for form in rows:
            yield process, _name(form), ", ".join(form.concerns), form.basis, form.reason


def _name(form: Form[object]) -> str:
    return f"{form.interface} [{form.event}]"


if __name__ == "__main__":
    print(document(), end="")
