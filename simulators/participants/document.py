"""Writes `docs/participants.md` from the tables that decide, so that it can't say anything else.

``python -m simulators.participants.document > docs/participants.md``; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import simulators.participants.provider
import simulators.registration.process  # noqa: F401 - registers its behaviour
from harness.spec.codes import code
from simulators.network import SERVED_BY_PROVIDER, members
from simulators.participants.behaviours import BEHAVIOURS
from simulators.participants.codes import NEVER_ANSWERED, TABLE
from simulators.registration.appointment import TRANSITIONS
from simulators.registration.appointment_notices import FORMS, REASONS
from simulators.registration.rules import RULES
from simulators.registration.services import WORDS

_OPENING = """\
# Simulated participants and registration

Who plays against the system under test when its counterparties are not there, what they check, and how the
appointment exchange runs. The tables are written by `python -m simulators.participants.document` from the
ones that decide; don't edit them by hand. Basis: **published**, **third-party** (somebody's reading of a
document that is not public) or **assumed**.

## The default network

`dip sim up` and the embedded target make it in a folder: `network.toml`, a test authority under `pki/`, API
keys under `keys/`. The organisations are made up. Every role that has competition is held twice, so that
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

Not used:
"""

_BEHAVIOURS = """\

## Behaviours

Simulated parties only receive, until a behaviour is switched on for a tag (`S1.subText`) and a DIP id:
`PUT /behaviours {"tag": ..., "behaviours": {"2200000001": {"name": "appointment", "points": [...]}}}`.

| behaviour | roles | options |
|---|---|---|
"""

_POINTS = """\

- `appoint` answers IF-033 with IF-034. `response` is an SP or DS code, SP000 (accepted) by default.
- `appointment` is a registration service. `points` is the register that it starts from, a list of
  `{"mpan", "supplier", "distributor"?, "metering_service"?: {"dip_id", "from"?}, "data_service"?: ...}`;
  without `distributor` the LDSO with the MPAN's first two digits has it. `GET /register/{dip id}/{mpan}`
  reads it.

A tag's parties start from what its own switch says, so instances that run side by side don't disturb each
other; the clock is shared.

## The appointment exchange

| when | and | then | messages | basis | reason |
|---|---|---|---|---|---|
"""

_NOTICES = """\

A pair that is not in the table changes nothing and sends nothing: an answer that comes twice, or late,
appoints nobody. Every message repeats block M0 of the request, `S1.subText`, and as `S1.senderCorrelationID`
the correlation id of the publication that led to it.

| message | event | concerns | basis | reason |
|---|---|---|---|---|
"""

_RECIPIENTS = """\

Of the parties concerned those are named in A0 whose role `swagger/routing.yaml` calls a primary receiver;
the DIP finds the others.
"""

_RULES = """\

### What registration refuses

The first broken rule decides and goes into IF-032.

| code | meaning | for | basis | condition |
|---|---|---|---|---|
"""

_ASSUMED = """\

In IF-034 a code that is no published SP or DS code, or that contradicts the response code, is answered with
REG1094, a nominated retriever whose MPID and DIP id don't match with REG1093 (both assumed). A change of
supplier (scenarios COS and MCS) is taken as done on the effective date: there is no switching service here
yet. IF-036 repeats the consent and the retriever that the supplier proposed (assumed).
"""


def document() -> str:
    """Return the whole document."""
    lines = [_OPENING, *_network(), _RECEIVING.rstrip("\n"), *_codes(), _BESIDES, *_unused()]
    lines += [_BEHAVIOURS.rstrip("\n"), *_behaviours(), _POINTS.rstrip("\n"), *_transitions()]
    lines += [_NOTICES.rstrip("\n"), *_notices(), _RECIPIENTS, *_reasons(), _RULES.rstrip("\n"), *_rules()]
    return "\n".join([*lines, _ASSUMED])


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
        yield _row((f"`{name}`", _listed(behaviour.roles), _listed(f"`{o}`" for o in behaviour.options)))


def _transitions() -> Iterator[str]:
    for (stage, trigger), transition in TRANSITIONS.items():
        notices = ", ".join(notice.value for notice in transition.notices)
        yield _row((stage, trigger, transition.stage, notices, transition.basis, transition.reason))


def _notices() -> Iterator[str]:
    prefixes = "/".join(words.prefix for words in WORDS.values())
    for notice, form in FORMS.items():
        event = form.event.format(f"({prefixes})")
        yield _row((notice.value, event, ", ".join(form.concerns), form.basis, form.reason))


def _reasons() -> Sequence[str]:
    named = ", ".join(f"{scenario} {reason}" for scenario, reason in REASONS.items())
    return (f"De-appointment reason by scenario (assumed): {named}, else CSERV.",)


def _rules() -> Iterator[str]:
    for rule in RULES:
        service = WORDS[rule.service].prefix if rule.service else "both"
        yield _row((rule.code, code(rule.code).meaning, service, rule.basis, rule.reason))


if __name__ == "__main__":
    print(document(), end="")
