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

[The processes as they run](registration-sequences.md) shows each as a diagram that is drawn from a run.

A transaction that comes twice, by a second delivery or a replay, is acted on once. A refusal goes to the
sender alone; what is accepted goes to everybody concerned.

## Switching it on

`PUT /behaviours {"tag": ..., "behaviours": {"2200000001": {"name": "registration", "points": [...]}}}`; a
scenario that names points does it by itself. Options, all of which may be left out:

| option | holds |
|---|---|
| `points` | the metering points that it starts from |
| `points_file` | a file of them, shared by all test instances: JSON as `dip data` writes it, or `.jsonl`, \
a point on each line, sorted by MPAN and `mpan` first, for a million of them |
| `unqualified` | DIP ids of suppliers that may not migrate metering points (REG9008) |

How long a provider may take to answer, how long a change of segment may wait for the work on site, and how a
clock midnight is written are [settings](fidelity.md) (`registration.*`).

## What it holds

Of each metering point, every item with its history: what was in force when, and as known when
(`GET /register/{dip_id}/{mpan}?as_of=...&as_known=...`). `dip data` writes the entries, and the option
`points` takes them. The values of what has parts are in `simulators/registration/items.py`:

```yaml
- mpan: "1000000001239"
  supplier: {dip_id: "2300000001", from: 2024-04-01}      # or the DIP id alone
  metering_service: "1200000001"
  data_service: [{dip_id: "1400000004", from: 2023-01-01}, {dip_id: "1400000001", from: 2025-06-01}]
  market_segment: S
  connection_type: none                                    # on record that there is none
  meters: [{serial: 24P9766165, kind: S2BD, installed: 2025-06-01, esme: 0C-A2-F4-EC-F0-7C-B1-32}]
```

A date alone is the clock midnight that begins it; without `from` a value is in force since the point was
created, and without `created` since 1 January 2025. A party of the legacy arrangements has `mpid` alone.
What is not given is not held, and messages are filled as the harness fills them.

"""
_ASSUMED = """
## Appointments and switches, in short

All of this is assumed where the tables below don't say otherwise.

- **A request** is held against the rules, answered with IF-032, and asked of the provider with IF-033. It
  waits in a queue while an earlier request for an earlier date is with its provider; at its turn the rules
  are held against it again. A later request of the same supplier for the same or an earlier date takes its
  place (REG1089); of two requests to migrate the later always does.
- **Silence** lapses at the effective date, but not before the provider has had its time to answer.
- **COS and MCS** name the registration id of a switch that the service was told of, and its supply start as
  date. They become active when the switch was secured, lapse when it is cancelled or never secured, and are
  refused once the supply has started (then it is CSP). A new supplier that has appointed nobody for a service
  is reminded at its start (IF-045), and the agents in place stay.
- **A secured switch** puts the supplier on record and sends IF-001. What the losing supplier has under way
  for that day or later lapses. To the losing supplier registration sends nothing.
- **At one midnight** both services change together: each IF-036 names the other newcomer too, so that the DIP
  finds nobody who has left.
- **SEG** is accepted and held until meters or connection make the metering point another segment's; it lapses
  with REG1037, and the supplier is reminded once, be it one service or both (IF-045).
- **Exports and secondaries** follow the provider of their import or primary at the same midnight (ALG), where
  the same service holds them.
- **Migration** is complete when both services have come by MCA or MCS: then the regime is `mhhs`. No IF-037
  goes to an agent of the legacy arrangements.
- **Reverse migration** is a switch with `legacy: true`, perhaps with `operator` and `collector`, the MPIDs of
  the legacy agents. When it is secured IF-003 goes out, and nothing more.

## Everything else, in short

Assumed in the same way.

- **Meters** change on record from the day of the visit, in every later state too. A service that has left may
  report what it did in its time, and correct a meter's location, for as many working days as
  `registration.update_period_days` says; the one in place hears of it. Meter types, asset providers and
  digits are held against [industry standing data](test-data.md).
- **The segment** follows connection and meters: current transformers and advanced meters make it advanced.
  With an accepted SEG appointment it changes at the clock midnight that began the day of the change (IF-044),
  and the appointment becomes active with it; without one the supplier is reminded (IF-045).
- **A consent** must suit segment and direction: H alone at advanced points and exports, N (none) at unmetered
  ones, any at smart and traditional ones; whether it comes with an appointment or by itself.
  One that no longer does brings a reminder.
- **A gaining supplier** may maintain data by naming its switch (B013), from its supply start on.
- **A relationship** holds from the request on. Points that join get the principal's services at the clock
  midnight that began the day.
- **A direct contract** runs from the request to its date, or to the end of its service's time. To amend one,
  it is removed first.
- **A retriever** is on record from its date on; one that the DCC refuses falls away.
- **A de-registration** ends both services (IF-037, reason DEREG) and lapses open requests; a disconnection
  does neither.
- **A new point** is operational, and traded, from its first supply start on (IF-050).

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
        *(_OPENING, *items, _ASSUMED),
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
