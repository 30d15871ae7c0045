"""What one party's webhook is sent, each probe once: checks that ask about the same call share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from harness.clock import Clock, header_time
from harness.security.signing import HEADERS, SIGNATURE
from harness.selfcheck.conduct.calling import CUT_ANSWER, CUT_BODY, USUAL, Caller, Identity, Manner, Reply
from harness.selfcheck.conduct.identities import Identities
from harness.selfcheck.conduct.ledger import Ledger
from harness.selfcheck.conduct.publications import (
    LARGEST,
    Addressee,
    Pair,
    Press,
    Publication,
    encode,
    received_pairs,
)
from harness.settings import Settings
from harness.spec.release import Release
from harness.spec.roles import roles
from harness.spec.routing import Routing
from harness.transport.client import Answer, Sent

_BATCH = 3
_CHUNK = 700
"""Bytes of a chunk: smaller than a message, so that each is spread over several."""
_STALE = timedelta(days=1)
_NOBODY = 99_999_977
_PROVIDER = "1099000001"


@dataclass(frozen=True, slots=True)
class Tried:
    """What was sent, what came back, and when it was sent."""

    publications: tuple[Publication, ...]
    replies: tuple[Reply, ...]
    at: datetime
    evidence: tuple[str, ...] = ()
    """SHA-256 of the bytes that were kept."""

    @property
    def publication(self) -> Publication:
        """The first publication."""
        return self.publications[0]

    @property
    def reply(self) -> Reply:
        """The last reply: the one that is judged where a call was made again."""
        return self.replies[-1]


class Trial:
    """The probes of one party's webhook. Each is made when it is first asked for, and then kept."""

    def __init__(
        self,
        addressee: Addressee,
        url: str,
        release: Release,
        routing: Routing,
        identities: Identities,
        clock: Clock,
        settings: Settings,
        *,
        environment: str,
        seed: int,
        ledger: Ledger | None = None,
        channels: Mapping[str, str] | None = None,
        record: Callable[[Answer, str], tuple[str, ...]] = lambda *_: (),
    ) -> None:
        """``url`` is the webhook's base, ``channels`` the URLs of interfaces that have their own.

        ``record`` keeps a call and its answer, with what was deliberately wrong, and returns their hashes.
        """
        self.addressee, self.release, self.ledger = addressee, release, ledger
        self.identities, self.settings = identities, settings
        self.press = Press(release, routing, addressee, environment=environment, seed=seed)
        self._url, self._channels, self._routing = url, channels or {}, routing
        self._environment, self._clock, self._record = environment, clock, record
        self.caller = Caller(
            identities.usual, timeout=settings.number("delivery.timeout_seconds"), clock=clock
        )
        self.retried = settings.numbers("delivery.retry_statuses")

    @property
    def pair(self) -> Pair:
        """The pair that conduct is tried with; raises LookupError where the role receives nothing."""
        pair = self.press.usual()
        if pair is None:
            raise LookupError(f"{self.addressee.role} receives nothing in release {self.release.name}")
        return pair

    def now(self) -> datetime:
        """Return the harness's time."""
        return self._clock.now()

    def url(self, interface: str) -> str:
        """Return where publications of an interface go."""
        return self._channels.get(interface, self._url)

    def new(self, count: int = 1) -> tuple[Publication, ...]:
        """Return new and valid publications of the usual pair."""
        return self.press.batch(self.pair, self.now(), count)

    def send(
        self,
        publications: Sequence[Publication],
        manner: Manner = USUAL,
        *,
        body: bytes | None = None,
        identity: Identity | None = None,
        departure: str = "",
        url: str = "",
    ) -> Tried:
        """Send publications in one call; ``departure`` says what is deliberately wrong with it."""
        at = self.now()
        content = encode(publications) if body is None else body
        url = url or self.url(publications[0].interface)
        reply = self.caller.call(url, content, manner, identity=identity)
        return Tried(tuple(publications), (reply,), at, self.kept(url, content, reply, departure))

    def kept(self, url: str, body: bytes, reply: Reply, departure: str = "") -> tuple[str, ...]:
        """Keep a call and its answer as evidence; returns their hashes."""
        answer = Answer(
            Sent("POST", url, {}, body),
            reply.status,
            reply.headers,
            reply.body,
            reply.seconds,
            not reply.handshake,
            reply.error,
        )
        return self._record(answer, departure)

    def receive(self, pair: Pair) -> Tried:
        """Send one new publication of any pair that the role receives."""
        return self.send((self.press.publication(pair, self.now()),))

    @cached_property
    def single(self) -> Tried:
        """One valid publication."""
        return self.send(self.new())

    @cached_property
    def batch(self) -> Tried:
        """Three valid publications in one call."""
        return self.send(self.new(_BATCH))

    @cached_property
    def mixed(self) -> Tried:
        """One valid publication, then one of an interface that there isn't."""
        return self.send((*self.new(), self._unknown()))

    @cached_property
    def many(self) -> Tried:
        """As many valid publications as the hub puts into a call."""
        return self.send(self.new(self.settings.integer("delivery.batch_messages")))

    @cached_property
    def largest(self) -> Tried | None:
        """The largest legal message; None for a role that doesn't receive it."""
        pair = next((each for each in self.press.pairs if (each.interface, each.event) == LARGEST), None)
        if pair is None:
            return None
        return self.send((self.press.publication(pair, self.now(), largest=True),))

    @cached_property
    def repeat(self) -> Tried:
        """A publication twice, the same bytes."""
        first = self.send(self.new())
        again = self.send(first.publications)
        return _joined(first, again)

    @cached_property
    def after_cut(self) -> Tried:
        """A call that breaks off in its body, then the whole of it."""
        return self._again(Manner(cut=CUT_BODY))

    @cached_property
    def after_lost_answer(self) -> Tried:
        """A call whose answer nobody hears, then the same again."""
        return self._again(Manner(cut=CUT_ANSWER))

    @cached_property
    def disordered(self) -> Tried:
        """A publication, then one that the DIP took a minute earlier."""
        now = self.now()
        pair = self.pair
        pairs = (self.press.publication(pair, at) for at in (now, now - timedelta(minutes=1)))
        tried = [self.send((each,)) for each in pairs]
        return Tried(tuple(one.publication for one in tried), tuple(one.reply for one in tried), tried[0].at)

    @cached_property
    def replay(self) -> Tried:
        """A publication, then the same with ``replayIndicator``."""
        first = self.send(self.new())
        again = self.send((first.publication.but({"D0.replayIndicator": True}),))
        return _joined(first, again)

    @cached_property
    def replay_of_missed(self) -> Tried:
        """A publication with ``replayIndicator`` that never came before."""
        return self.send((self.press.publication(self.pair, self.now(), replayed=True),))

    @cached_property
    def unknown(self) -> Tried:
        """A publication of an interface that there isn't."""
        return self.send((self._unknown(),), departure="an interface that there is not")

    @cached_property
    def foreign_pair(self) -> Tried | None:
        """A publication that another role receives, addressed to the party; None where its role gets all."""
        own = {(each.interface, each.event) for each in self.press.pairs}
        for role in roles():
            for pair in received_pairs(self.release, self._routing, role):
                if (pair.interface, pair.event) not in own:
                    return self.send((self.press.publication(pair, self.now()),))
        return None

    @cached_property
    def misaddressed(self) -> Tried:
        """A publication that the party's role receives, addressed to another party of that role."""
        other = nobody(self.addressee.role)
        return self.send(
            (self.press.publication(self.pair, self.now(), recipient=other),),
            departure="addressed to another party",
        )

    @cached_property
    def other_environment(self) -> Tried:
        """A publication of another test environment."""
        other = "UIT" if self._environment != "UIT" else "SIT"
        return self.send(
            (self.new()[0].but({"S1.environmentTag": other}),), departure="the tag of another environment"
        )

    @cached_property
    def malformed(self) -> Tried:
        """A body that ends in the middle of the JSON."""
        publications = self.new()
        return self.send(publications, body=encode(publications)[:-9], departure="the body ends early")

    @cached_property
    def spoiled(self) -> Tried:
        """A signature that fits nothing."""
        publications = self.new()
        url, body = self.url(self.pair.interface), encode(publications)
        headers = self.identities.usual.signer.sign("POST", url, body + b" ", date=header_time(self.now()))
        return self.send(
            publications,
            Manner(headers={SIGNATURE: headers[SIGNATURE]}),
            departure="a signature of another body",
        )

    @cached_property
    def altered(self) -> Tried:
        """A body that was changed after it was signed."""
        publications = self.new()
        return self.send(
            publications, Manner(signed_body=encode(self.new())), departure="changed after it was signed"
        )

    @cached_property
    def unsigned(self) -> Tried:
        """No signature header at all."""
        return self.send(self.new(), Manner(headers=dict.fromkeys(HEADERS)), departure="no signature headers")

    @cached_property
    def stale(self) -> Tried:
        """A signature of yesterday."""
        return self.send(
            self.new(), Manner(date=header_time(self.now() - _STALE)), departure="signed a day ago"
        )

    @cached_property
    def stranger(self) -> Tried:
        """Signed by a party that isn't the DIP."""
        return self.send(
            self.new(), identity=self.identities.stranger, departure="signed by a party that is not the DIP"
        )

    @cached_property
    def revoked(self) -> Tried:
        """Called with a client certificate that is revoked."""
        return self.send(
            self.new(), identity=self.identities.revoked, departure="a revoked client certificate"
        )

    @cached_property
    def slow(self) -> Tried:
        """A body that takes its time."""
        return self.send(self.new(), Manner(over_seconds=self.settings.number("selfcheck.slow_seconds")))

    @cached_property
    def chunked(self) -> Tried:
        """A body in chunks, without a length."""
        return self.send(self.new(), Manner(chunk_bytes=_CHUNK))

    @cached_property
    def expecting(self) -> Tried:
        """A body that is announced and waits for 100 Continue."""
        return self.send(self.new(), Manner(expect=True))

    @cached_property
    def lower_names(self) -> Tried:
        """Header names in lower case."""
        return self.send(self.new(), Manner(lower_names=True))

    @cached_property
    def with_organisation(self) -> Tried:
        """With the optional header X-DIP-MPO."""
        return self.send(self.new(), Manner(headers={"X-DIP-MPO": "Test organisation"}))

    @cached_property
    def carried(self) -> Tried:
        """Of a sender that a connection provider carries."""
        return self.send((self.press.publication(self.pair, self.now(), provider=_PROVIDER),))

    @cached_property
    def steady(self) -> Tried:
        """Calls one after the other on one connection."""
        publications = self.new(self.settings.integer("selfcheck.steady_calls"))
        at = self.now()
        replies = self.caller.calls(self.url(self.pair.interface), [encode([each]) for each in publications])
        return Tried(publications, tuple(replies), at)

    @cached_property
    def burst(self) -> Tried:
        """Calls over several connections at once."""
        publications = self.new(self.settings.integer("selfcheck.burst_calls"))
        at = self.now()
        replies = self.caller.at_once(
            self.url(self.pair.interface),
            [encode([each]) for each in publications],
            lines=self.settings.integer("selfcheck.burst_lines"),
        )
        return Tried(publications, tuple(replies), at)

    def _again(self, manner: Manner) -> Tried:
        publications = self.new()
        return _joined(self.send(publications, manner), self.send(publications))

    def _unknown(self) -> Publication:
        good = self.new()[0]
        return good.but(
            {
                "S0.interfaceID": "IF-999",
                "S0.eventCode": "[NoSuchEvent]",
                "D0.publicationID": "PUB-999",
                "D0.transactionID": good.transaction.replace(good.interface, "IF-999"),
            }
        )


def _joined(first: Tried, again: Tried) -> Tried:
    """Return two calls as one; a publication that was in both counts once."""
    return Tried(
        tuple({p.transaction: p for p in (*first.publications, *again.publications)}.values()),
        (*first.replies, *again.replies),
        first.at,
        (*first.evidence, *again.evidence),
    )


def nobody(role: str) -> str:
    """Return a DIP id of a role that no party of a check has."""
    return f"{roles()[role].prefix}{_NOBODY:08d}"
