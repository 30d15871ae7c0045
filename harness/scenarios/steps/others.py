"""The steps ``webhook``, ``advance`` and ``ask``."""

from __future__ import annotations

from harness.clock import message_time
from harness.errors import EnvironmentFault
from harness.evidence.events import InstanceWaiting
from harness.evidence.verdicts import Blame, BlameClass
from harness.scenarios.arrange import set_clock
from harness.scenarios.given import pick
from harness.scenarios.model import Advance, Ask, Webhook
from harness.scenarios.play import LastSend, Play
from harness.scenarios.steps import performs
from harness.scenarios.steps.request import record
from harness.scenarios.texts import after
from harness.transport.admin import Admin


@performs(Webhook)
def webhook(step: Webhook, play: Play) -> None:
    """Set or remove a webhook through the DIP's own operation; the URL is the target's own for it."""
    admin = admin_of(play)
    party = play.cast.party(step.of)
    channel = step.channel or play.cast.case.interface
    client = play.bench.client(play.release.name)
    release = play.release.name
    if step.action == "remove":
        play.instance.webhooks[f"{party.dip_id}/{channel}"] = _known_webhook(
            admin, release, party.dip_id, channel
        )
        answer = client.remove_webhook(party, channel)
    else:
        known = play.instance.webhooks.get(f"{party.dip_id}/{channel}") or _known_webhook(
            admin, release, party.dip_id, channel
        )
        if not known:
            raise EnvironmentFault(f"no webhook of {party.name} for {channel} is known", where="target")
        if step.action == "set":
            answer = client.configure_webhook(party, channel, known)
        else:
            intruder = pick(play.bench.target.network, party.role, without=[party.dip_id])
            answer = client.request(
                intruder,
                "POST",
                f"/dip-channel/{channel}/pubconfig/{party.dip_id}",
                b'{"callbackURL":"https://127.0.0.1:9/"}',
            )
    record(
        play,
        answer,
        sender=party.dip_id,
        interface=channel,
        event="",
        references=[],
        departure="another party's webhook" if step.action == "set-for-another" else "",
    )
    play.last = LastSend((), (), answer, valid=True, departs=step.action == "set-for-another")
    play.settled = None


@performs(Advance)
def advance(step: Advance, play: Play) -> None:
    """Move the target's simulated clock forward; a moment that has passed already leaves it as it is."""
    words = play.words
    moment = words.moment(step.to) if step.to else words.now
    for count, unit in ((step.days, "d"), (step.working_days, "wd"), (step.hours, "h"), (step.seconds, "s")):
        moment = after(moment, count, unit) if count else moment
    if moment > words.now:
        set_clock(play.bench, moment)
    play.settled = None


@performs(Ask)
def ask(step: Ask, play: Play) -> None:
    """Take a person's answer from the answers file; without one the instance waits."""
    asked(play, play.text(step.question), of=step.of)


def asked(play: Play, question: str, *, of: str) -> bool:
    """Judge a person's answer to a question; without one the instance waits. Returns whether it was yes."""
    answer = play.answer(question)
    if not answer:
        play.waiting = f"a person's answer: {question}"
        play.event(
            InstanceWaiting(
                case=play.cast.case.key, step=play.instance.next_step, awaited=question, until="", move=of
            )
        )
        return False
    return play.check(
        question,
        answer == "yes",
        expected="yes",
        actual=answer,
        rule=f"a person's observation at {message_time(play.bench.clock.now())}",
        blame=Blame(BlameClass.PARTICIPANT, of),
        key="answer of a person",
    )


def _known_webhook(admin: Admin, release: str, dip_id: str, channel: str) -> str:
    """Return the webhook that the target has for a party and channel; empty when it has none."""
    return str(admin.call("GET", f"/webhooks/{release}/{dip_id}/{channel}").get("url") or "")


def admin_of(play: Play) -> Admin:
    """Return the target's admin API; raises EnvironmentFault when it has none."""
    admin = play.bench.target.admin
    if admin is None:
        raise EnvironmentFault("the target has no admin API", mend="Give it the capability 'admin'.")
    return admin
