"""What happened in a case as a sequence diagram (Mermaid), drawn from a run and nothing else.

``python -m harness.reports.sequence RUN [CASE ...]`` prints Markdown: a diagram per case, all cases without
names; a case is named by its id or its scenario's. Two runs of one case give the same diagram: no id of a
message and no time of day is in it. The DIP stands between all of them and is left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import ConfigurationError, nearest
from harness.evidence.events import LegacyExchange, PartyTold, PublicationReceived, StepStarted
from harness.reports.run import Instance, Run, Step, read_run

_SENDER = re.compile(r"[ST]-(?:(?:IF|REP)-)?[0-9A-Z]+-(?P<dip_id>[0-9A-Fa-f]{10})-")
_WAITS = "advance"
_BRACES = str.maketrans("", "", "{}")


def diagrams(run: Run, names: Iterable[str] = ()) -> Iterator[str]:
    """Give the Markdown of the cases that are named; raises ConfigurationError for an unknown name."""
    wanted = tuple(names)
    known = {name for each in run.instances for name in (each.id, each.started.scenario)}
    for name in wanted:
        if name not in known:
            raise ConfigurationError(
                f"no case is called '{name}'", where=str(run.folder), mend=nearest(name, known)
            )
    for instance in run.instances:
        if not wanted or {instance.id, instance.started.scenario} & set(wanted):
            drawn = diagram(run, instance)
            yield f"### {instance.started.title}\n\n`{instance.id}`\n\n```mermaid\n{drawn}\n```\n"


def diagram(run: Run, instance: Instance) -> str:
    """Return the text of a diagram: who told whom what, in the order in which the DIP took the messages."""
    body: list[str] = []
    parties: dict[str, str] = {}

    def named(party: str) -> str:
        return parties.setdefault(party, f"P{len(parties) + 1}")

    for turn in _turns(instance.steps):
        for step in turn:
            if isinstance(step, PublicationReceived):
                arrow = f"{named(_sender(step))}->>{named(step.party)}"
                body.append(f"{arrow}: {step.interface} [{step.event_code}]")
            elif isinstance(step, PartyTold):
                body.append(f"Note over {named(step.party)}: is told {step.what}")
            elif isinstance(step, LegacyExchange):
                arrow = f"{named(step.sender)}-->>{named(step.recipient)}"
                body.append(f"{arrow}: legacy flow {step.flow}")
            elif isinstance(step, StepStarted) and parties:
                ends = ",".join(dict.fromkeys((next(iter(parties.values())), list(parties.values())[-1])))
                span = step.text.translate(_BRACES)
                body.append(f"Note over {ends}: the clock goes on ({_plain(span)})")
    heads = [f"participant {alias} as {_name(run, party)}" for party, alias in parties.items()]
    return "\n".join(["sequenceDiagram", *(f"    {line}" for line in (*heads, *body))])


def _turns(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Give the steps in the order in which they happened.

    Publications are noted when a step looks for them, not in the order of the DIP; its transaction ids rise.
    """
    waiting: list[PublicationReceived] = []
    for step in steps:
        if isinstance(step, PublicationReceived):
            waiting.append(step)
        elif isinstance(step, PartyTold | LegacyExchange) or _moves_on(step):
            yield [*sorted(waiting, key=order)]
            waiting = []
            yield [step]
    yield [*sorted(waiting, key=order)]


def _moves_on(step: Step) -> bool:
    return isinstance(step, StepStarted) and step.step == _WAITS


def order(received: PublicationReceived) -> tuple[str, str]:
    """Return what publications are sorted by to stand in the order in which the DIP took the messages."""
    return received.transaction.rpartition("-")[2], received.party


def _sender(received: PublicationReceived) -> str:
    found = _SENDER.match(received.reference) or _SENDER.match(received.transaction)
    return found["dip_id"] if found else "somebody"


def _name(run: Run, party: str) -> str:
    known = run.party(party)
    return _plain(f"{known.organisation} ({known.role})" if known else party)


def _plain(text: str) -> str:
    """Return a text without what ends a line or a name in a diagram."""
    return re.sub(r"[;#\n]+", ",", text).strip()


def main(arguments: list[str]) -> None:
    """Print the diagrams of a run."""
    if not arguments:
        raise ConfigurationError("no run is named", mend="Give the folder of a run.")
    run = read_run(Path(arguments[0]))
    print("\n".join(diagrams(run, arguments[1:])))


if __name__ == "__main__":
    main(sys.argv[1:])
