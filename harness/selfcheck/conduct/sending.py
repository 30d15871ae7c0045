"""Has the participant send, by its send hook or by asking a person, and looks into the inbox."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from harness.errors import ConfigurationError
from harness.selfcheck.check import Omit
from harness.selfcheck.conduct.publications import sent_pairs
from harness.selfcheck.context import Context
from harness.selfcheck.inbox import Heard, inbox
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.transport.network import Party

HOOK_SECONDS = 60.0
_KEPT: WeakKeyDictionary[Context, tuple[Sending, ...]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Sending:
    """One message that the participant was to send, and what came."""

    party: Party
    interface: str
    event: str
    heard: Heard | None
    """None: nothing came in time."""
    asked: bool = True
    """Whether anybody could be asked: a hook, or a person who said that it was done."""
    trouble: str = ""
    """What the hook said when it failed."""

    @property
    def title(self) -> str:
        """The beginning of a finding's title."""
        return f"{self.party.role} {self.party.dip_id}: {self.interface} [{self.event}]"


def sendings(context: Context) -> tuple[Sending, ...]:
    """Have the participant send every pair that its roles send, once for all checks.

    Raises Omit where its roles send nothing.
    """
    found = _KEPT.get(context)
    if found is None:
        release, routing = load(context.release), load_routing()
        exempt = {each.interface for each in context.profile.exemptions}
        found = _KEPT[context] = tuple(
            send(context, party, interface, event)
            for party in context.profile.parties
            for interface, event in sent_pairs(release, routing, party.role)
            if interface not in exempt
        )
    if not found:
        raise Omit("the profile's roles send nothing in this release")
    return found


def any_sent(context: Context) -> tuple[Party, str, str]:
    """Return the first party with an interface and event that it sends; raises Omit for none."""
    release, routing = load(context.release), load_routing()
    for party in context.profile.parties:
        for interface, event in sent_pairs(release, routing, party.role):
            return party, interface, event
    raise Omit("the profile's roles send nothing in this release")


def send(context: Context, party: Party, interface: str, event: str) -> Sending:
    """Have one message sent and wait for it at the inbox."""
    context.hub()  # a sender's patience is not for the time that the hub takes to start
    box = inbox(context)
    url, before = box.url(context.release), len(box.heard)
    trouble = ""
    if context.profile.hooks.send:
        trouble = _hook(context, party, interface, event, url)
    else:
        question = (
            f"Send {interface} [{event}] as {party.role} {party.dip_id} to {url}/dip-channel/{interface}, "
            "then press Enter (or write skip): "
        )
        answer = context.ask(question)
        if answer is None or answer.strip().lower() == "skip":
            return Sending(party, interface, event, None, asked=False)
    heard = box.wait(
        lambda each: each.channel == interface,
        after=before,
        seconds=0.0 if trouble else context.settings.number("selfcheck.send_seconds"),
    )
    return Sending(party, interface, event, heard, trouble=trouble)


def _hook(context: Context, party: Party, interface: str, event: str, url: str) -> str:
    """Call the send hook; returns what it said when it failed."""
    given = {
        "{interface}": interface,
        "{event}": event,
        "{role}": party.role,
        "{dip_id}": party.dip_id,
        "{url}": url,
        "{release}": context.release,
    }
    command = list(context.profile.hooks.send)
    for name, value in given.items():
        command = [part.replace(name, value) for part in command]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=HOOK_SECONDS, check=False, cwd=context.profile.base
        )
    except subprocess.TimeoutExpired:
        return f"the send hook did not end in {HOOK_SECONDS:.0f} s"
    except OSError as error:
        raise ConfigurationError(
            f"the command can't be run: {error}", where="hooks.send", mend="Give program and arguments."
        ) from error
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"the send hook ended with {done.returncode}" + (f": {said[-1][:200]}" if said else "")
