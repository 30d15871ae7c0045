"""Writes `docs/participants.md` from the tables that decide, so that it can't say anything else.

``python -m simulators.participants.document > docs/participants.md``; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import simulators.participants.everyone  # noqa: F401 - registers all behaviours
from harness.spec.codes import code
from simulators.network import SERVED_BY_PROVIDER, members
from simulators.participants.behaviours import BEHAVIOURS
from simulators.participants.choosing import VARIABLE
from simulators.participants.codes import NEVER_ANSWERED, TABLE
from simulators.participants.playing import SEND, Plays, Word
from simulators.participants.seeded import FAULTS
from simulators.participants.settling_rules import NEVER_ANSWERED as UNREACHABLE
from simulators.participants.settling_rules import RULES
from simulators.registration.flaws import RULE_OFF

_OPENING = """\
# Simulated participants

Who plays against the system under test when its counterparties are not there, what they check, how they
answer and what they can be told. The tables are written by `python -m simulators.participants.document`
from the ones that decide; don't edit them by hand. Basis: **published**, **third-party** (somebody's reading
of a document that is not public) or **assumed**.

## The default network

`dip sim up` and the embedded target make it in a folder: `network.toml`, a test authority under `pki/`, API
keys under `keys/`. The organisations are made up. Every role that has competition is held twice (smart
metering and data services three times), so that
there is always a party that a message does not concern. A folder that already holds a network is used as it
is; see `docs/network-file.md` for putting a real system in a simulated one's place. Beside the sets below it
holds broken client certificates of the first supplier, `flaw-expired`, `flaw-revoked`, `flaw-foreign` and
others, which no party uses.
"""

_RECEIVING = """\

## What a simulated party does with a webhook call

1. The connection must show the DIP's client certificate: else 403 without a body (without a certificate of
   the network's authority the handshake fails).
2. The signature must verify and be the DIP's own: else RCP9999 for every publication, status
   `receiver.signature_status`.
3. The body must be an array of `{"payload": ...}`: else 400 with RCP1001.
4. Each publication is judged by the party's release, in the published case of field names and with D0, then
   by what the party knows besides: its DIP id and role, the environment, the time, the other parties, the
   sender references it has had. One entry of the answer each: RCP0000, or the first reason as the message
   and all of them as help.
5. 201 when all are good, 400 when none is, 207 when some are.

A transaction that was accepted before gets the same entry again (a retry or a replay is no duplicate) and no
behaviour acts on it twice. The exact bytes, headers and answer of the latest calls are kept
(`receiver.kept_receipts`, `receiver.kept_bytes`).

Webhook paths are `/{release}/{dip id}`; a channel may follow (`/2.1.0/2200000001/IF-031`), and then only its
interface is taken. `/{release}/{dip id}/status` is the party's status webhook: it takes an array of
StandardResponse entries, answers RCP0000 to each (RCP1001 or RCP9999 to all where the body or the signature
is wrong), keeps the call under the transactions that it names, and acts on nothing.

### Which code answers what

The first row that fits decides.

| place | finding | code | basis | reason |
|---|---|---|---|---|
"""

_BESIDES = """\

Besides the schema: another environment (RCP1004), a sender reference that came in another transaction
(RCP1006), times that are none (RCP1007, RCP1044) or lie more than `receiver.future_seconds` ahead (RCP1008,
RCP1045), an unknown sender (RCP1009), a role that is not the sender's or does not send the event (RCP1010),
a recipient that A0 does not list or whose role does not receive the event (RCP1041), a publication or
transaction id of another interface (RCP1042, RCP1043), a rejection without a reason or an acceptance with an
error (RCP1052), a wrong check digit (RCP1061).

Not used, unless a scenario wants it (`refuses`, below):
"""

_BEHAVIOURS = """\

## Behaviours

Simulated parties only receive, until a behaviour is switched on for a tag (`S1.subText`) and a DIP id, in a
scenario under `given: behaviours:` or with
`PUT /behaviours {"tag": ..., "behaviours": {"1200000001": {"name": "metering-service", ...}}}`. The
behaviour of a party that a real system plays is left out, so that a scenario stays as it is when the network
file puts a real system in a simulated one's place. A tag's parties start from what its own switch says, so
instances that run side by side don't disturb each other; the clock is shared.

| behaviour | roles | options |
|---|---|---|
"""

_POLICIES = """\

`appoint` does nothing but answer IF-033 with its option `response`, a published SP or DS code. `registration`
is a registration service; see [registration](registration.md).

### Options of every other behaviour

- `points`: what the party knows before the first message, in the entries that a registration service starts
  from; a service may have `to` besides, and a point `retriever`, `disconnected_from`, `mhhs_from` and
  `mhhs_until`. In a scenario the word `given` stands for all points of the scenario.
- `answers`: how the party answers, by event (`MSAppSPRequest`), interface (`IF-033`) or `*`; the most
  particular decides, and without one it accepts at once. A policy is a word or a mapping:

| policy | the party |
|---|---|
| `accept`, `reject`, `silent` | accepts, refuses (SP099 in IF-034, a text elsewhere), says nothing |
| `SP004`, `{response: reject, message: ...}` | refuses with a published code; with a text where none is |
| `{after: "86400"}` | answers so many seconds later on the simulated clock |
| `{set: {B070.appointmentScenario: USP}}` | answers wrongly: single places of the answer, set last of all |
| `{to: ["2200000002"]}` | addresses other primary recipients |
| `{times: "2"}` | answers more than once, each time under a reference of its own |
| `{correlated: "false"}` | leaves out the correlation id of what it answers |

Any behaviour, these and the others, takes two options besides: `seeded` (see [below](#seeded-faults)) and
`refuses`, which maps an event, an interface or `*` to a published RCP code, `{IF-036: RCP1061}`, or to
`{code, times}` where only the first so many are refused. The webhook call then gets that code, and no
behaviour sees the publication.

### What answers what

| behaviour | hears | answers | codes | basis | reason |
|---|---|---|---|---|---|
"""

_TOLD = """\

### What a party can be told

Beside the hub: `POST /told {"tag", "dip_id", "what", "release", "with": {...}}`. Items in brackets may be
left out. A time is written with an offset; a date alone is the clock midnight that begins it.

| behaviour | word | items | sends | basis | reason |
|---|---|---|---|---|---|
"""

_SETTLING = """\

### What settlement refuses

Every rule is held against IF-021, and IF-014 names each that is broken with the first place that breaks it.

| code | meaning | basis | condition |
|---|---|---|---|
"""

_KNOWN = """\

### What a party knows

`GET /register/{dip id}/{mpan}`, or the step `check`, shows what it learnt from the publications that it
accepted: `supplier`, `metering_service`, `data_service` and `retriever` as lists of `{dip_id, from, to}`,
`energisation`, `connection_type`, `segment`, `consent` and other facts, `meters` and `removed_meters`,
`readings`, `heard` (how often each `IF-036/MSAppActive` was applied), `repeated` (transactions that came
again and were not applied), and what a role family keeps besides. A refusal teaches nothing, and a message
that is replayed on request (IF-016) is only counted.

## Seeded faults

To see which scenario catches which defect. The option `seeded: NAME` of any behaviour (a list for several)
switches a fault on, the environment variable `{variable}` (names with commas between them) for every party
whose role it fits. None is on otherwise, and the run's events say what each one changed. `seeded: which`
changes nothing and names the faults that would.
[Which case catches which](seeded-faults.md).

| fault | roles | stands for |
|---|---|---|
"""


def document() -> str:
    """Return the whole document."""
    lines = [_OPENING, *_network(), _RECEIVING.rstrip("\n"), *_codes(), _BESIDES, *_unused()]
    lines += [_BEHAVIOURS.rstrip("\n"), *_behaviours(), _POLICIES.rstrip("\n"), *_replies()]
    lines += [_TOLD.rstrip("\n"), *_words(), _SETTLING.rstrip("\n"), *_settling()]
    lines += [_KNOWN.replace("{variable}", VARIABLE).rstrip("\n"), *_faults()]
    return "\n".join([*lines, ""])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _network() -> Iterator[str]:
    yield "| organisation | roles | certificate sets |\n|---|---|---|"
    for member in members():
        note = ", nominates Connection Provider X" if member.stem == SERVED_BY_PROVIDER else ""
        roles = ", ".join(member.mpids)
        yield _row((member.name, roles + note, f"`{member.stem}-tls`, `{member.stem}-signing`"))


def _codes() -> Iterator[str]:
    for row in TABLE:
        kinds = _listed(row.kinds) or "any"
        place = f"`{row.item}`" if row.item else "anywhere"
        yield _row((place, kinds, row.code, row.basis, row.reason))


def _unused() -> Iterator[str]:
    for name, reason in NEVER_ANSWERED.items():
        yield f"- {name} ({code(name).meaning}): {reason}."


def _behaviours() -> Iterator[str]:
    for name, behaviour in sorted(BEHAVIOURS.items()):
        own = behaviour.own_options if isinstance(behaviour, Plays) else {}
        listed = [f"`{o}`: {own[o]}" if o in own else f"`{o}`" for o in sorted(behaviour.options)]
        yield _row((f"`{name}`", _listed(behaviour.roles), "; ".join(listed)))


def _families() -> Iterator[tuple[str, Plays]]:
    for name, behaviour in sorted(BEHAVIOURS.items()):
        if isinstance(behaviour, Plays):
            yield name, behaviour


def _replies() -> Iterator[str]:
    for name, family in _families():
        for reply in family.replies:
            heard = f"{reply.interface} [{reply.event}]" if reply.event else reply.interface
            codes = _listed(reply.codes) or "none"
            yield _row((f"`{name}`", heard, reply.answer, codes, reply.basis, reply.reason))


def _words() -> Iterator[str]:
    yield _told("every one", SEND)
    for name, family in _families():
        for word in family.words:
            yield _told(f"`{name}`", word)


def _told(name: str, word: Word) -> str:
    items = [
        (f"`{item.name}`" if item.needed else f"[`{item.name}`]") + (f": {item.about}" if item.about else "")
        for item in word.items
    ]
    return _row((name, f"`{word.name}`", "; ".join(items), word.sends, word.basis, word.reason))


def _settling() -> Iterator[str]:
    for rule in RULES:
        yield _row((rule.code, code(rule.code).meaning, rule.basis, rule.reason))
    for name, reason in UNREACHABLE.items():
        yield _row((name, code(name).meaning, "never answered", reason))


def _faults() -> Iterator[str]:
    rules_off = sorted(name for name in FAULTS if name.startswith(RULE_OFF))
    for name, fault in sorted(FAULTS.items()):
        if name not in rules_off:
            yield _row((f"`{name}`", _listed(fault.roles), fault.defect))
    example = rules_off[0].removeprefix(RULE_OFF)
    yield _row(
        (
            f"`{RULE_OFF}{example}` and {len(rules_off) - 1} more",
            "REGS",
            "nothing is refused with the code named",
        )
    )


if __name__ == "__main__":
    print(document(), end="")
