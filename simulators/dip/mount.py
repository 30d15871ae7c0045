"""One release of the hub, mounted at ``/<release>``: its operations, its store, its webhooks, its outboxes.

Each operation is `Call` in, `Answer` out; the pipeline of a send reads top to bottom in `Mount.send`.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import orjson

from harness.clock import Clock, message_time
from harness.errors import ConfigurationError
from harness.security.policy import Policy
from harness.security.trust import Trust
from harness.spec.parsing import MalformedJsonError, parse_json
from harness.spec.routing import BOTH_SIDES, Row
from simulators.dip import openapi, respond
from simulators.dip.accept import accept
from simulators.dip.access import Access
from simulators.dip.address import address
from simulators.dip.answer import Answer, bare
from simulators.dip.authenticate import authenticate, connect
from simulators.dip.business import Business
from simulators.dip.journal import Journal
from simulators.dip.metrics import Metrics
from simulators.dip.model import Accepted, Addressing, Call, Caller, Draft, Fault, Refusal, Said
from simulators.dip.post import Post
from simulators.dip.replay import Replay
from simulators.dip.report import Reports
from simulators.dip.requeue import Requeues
from simulators.dip.serving import Known, said
from simulators.dip.settle import Tracker
from simulators.dip.store import Store
from simulators.dip.validate import Batch, describe, validate
from simulators.dip.webhooks import Webhooks, fault_in


@dataclass(frozen=True, slots=True)
class Security:
    """What calls are authenticated against; shared by all mounts."""

    trust: Trust
    policy: Policy
    clock: Clock


class Mount:
    """The operations of one release."""

    def __init__(
        self,
        business: Business,
        security: Security,
        store: Store,
        webhooks: Webhooks,
        post: Post,
        tracker: Tracker,
        metrics: Metrics,
        *,
        forbidden_ports: frozenset[int] = frozenset(),
    ) -> None:
        self._business = business
        self._security = security
        self.store = store
        self._webhooks = webhooks
        self._post = post
        self._tracker = tracker
        self._metrics = metrics
        self._forbidden_ports = forbidden_ports
        self._accepting: set[tuple[str, str]] = set()
        self._reference = _reference_pattern(business)
        release = business.release
        access = Access(store, business, security.clock, self._authenticated, self._owns, self._reference)
        self.reports = Reports(access, post.status_queue, post.told)
        self.replay = Replay(access)
        self.requeues = Requeues(access, post.publications, post.statuses, tracker)
        self.journal = Journal(access)
        self._declared = {(operation.method, operation.path) for operation in release.operations}
        self.channels = {interface.lower(): interface for interface in release.interfaces}
        self.validations = {
            (interface.lower(), event.lower()): (interface, event)
            for interface, event, _ in release.validate_paths
        }
        self._recipients = {dip_id.lower(): dip_id for dip_id in business.directory.members}
        self._document: bytes | None = None

    def resume(self) -> None:
        """Take up the deliveries that a former process left open."""
        self._post.resume()

    # -- POST /dip-channel/{id} ---------------------------------------------------------------------

    async def send(self, call: Call, channel: str) -> Answer:
        """Take a batch of messages: authenticate, L1, accept, address, answer; delivery follows by itself."""
        started = time.perf_counter()
        caller = self._authenticated(call)
        if isinstance(caller, Refusal):
            return bare(caller)
        batch = validate(call.body, channel, caller, self._business, self._accepting.__contains__)
        if batch.faults:
            return self._refused(self._all_faults(batch, call, channel, caller), caller)
        now = self._security.clock.now()
        at = message_time(now)
        heard: list[Said] = []
        messages = [self._accepted(draft, at, heard) for draft in batch.drafts]
        try:
            await self._keep(messages, now, time.perf_counter() - started)
        except sqlite3.IntegrityError:
            faults = self._all_faults(batch, call, channel, caller)
            if not faults:
                raise
            return self._refused(faults, caller)
        hub = self._business.directory.hub.dip_id
        return Answer(201, respond.accepted(messages, hub=hub, at=at), "application/json")

    def _all_faults(self, batch: Batch, call: Call, channel: str, caller: Caller) -> tuple[Fault, ...]:
        """Judge a body that can't be taken once more, now with every reference that the store holds.

        A body that can be taken needs no such look: where the store holds a reference already, it refuses it.
        """
        if batch.drafts:
            batch = validate(call.body, channel, caller, self._business, self._used)
        return batch.faults

    def _accepted(self, draft: Draft, at: str, heard: list[Said]) -> Accepted:
        addressing = self._addressed(draft, at, heard)
        number, token = self.store.number()
        return accept(draft, addressing, at=at, number=number, token=token)

    def _authenticated(self, call: Call) -> Caller | Refusal:
        security = self._security
        return authenticate(
            call,
            self._business.directory,
            security.trust,
            self._business.rules,
            security.policy,
            security.clock.now(),
        )

    def _used(self, name: tuple[str, str]) -> bool:
        return name in self._accepting or self.store.has_reference(*name)

    def _addressed(self, draft: Draft, at: str, heard: list[Said]) -> Addressing:
        """Update who serves the MPAN, then find the recipients; ``heard`` grows with the batch."""
        directory = self._business.directory
        told: tuple[Said, ...] = ()
        unheard = ""
        try:
            told = said(draft, at)
        except ValueError as error:
            unheard = str(error)
        heard += told
        known: list[Known] = []

        def lookup(mpan: str, row: Row) -> tuple[str, ...]:
            if not known:
                recent = [one for one in heard if one.mpan == mpan]
                known.append(Known.of(self.store.pinned(mpan), self.store.heard(mpan), recent, draft))
            days = self._business.rules.change_days if row.when == BOTH_SIDES else None
            return known[0].holders(row.role, at, days)

        addressing = address(
            draft,
            self._business.routing.receivers(draft.interface, draft.event, sender=draft.role),
            directory.members,
            directory.with_role,
            lookup,
        )
        return addressing._replace(heard=told, unheard=unheard) if told or unheard else addressing

    async def _keep(self, messages: list[Accepted], now: datetime, took: float) -> None:
        """Put messages on the disk; their references count as used from here on."""
        hub = self._business.directory.hub.dip_id
        references = {(message.draft.sender, message.draft.reference) for message in messages}
        self._accepting |= references
        try:
            await self.store.accept(messages, consumer=hub, now=now, took=took)
        finally:
            self._accepting -= references
        opened: Counter[str] = Counter()
        recipients: dict[str, None] = {}
        for message in messages:
            for recipient in message.addressing.recipients:
                if recipient.dip_id != hub:
                    recipients[recipient.dip_id] = None
                    if message.draft.tag is not None:
                        opened[message.draft.tag] += 1
            self._metrics.accepted(self._business.release.name, message.draft.interface)
        self._tracker.opened(opened)
        self._post.publications.wake(recipients)
        self._tell(messages)

    def _tell(self, messages: list[Accepted]) -> None:
        """Deliver what the hub found wrong with accepted messages (L2)."""
        troubled = [message for message in messages if message.addressing.troubles]
        if troubled:
            tags: Counter[str] = Counter()
            for message in troubled:
                if message.draft.tag is not None:
                    tags[message.draft.tag] += len(message.addressing.troubles)
            self._post.told(tags, {message.draft.sender for message in troubled})

    def _refused(self, faults: tuple[Fault, ...], caller: Caller) -> Answer:
        at = message_time(self._security.clock.now())
        body = respond.refused(
            faults,
            hub=self._business.directory.hub.dip_id,
            at=at,
            recipient=caller.member.dip_id,
            provider=caller.provider.dip_id if caller.provider else None,
            reference=self._reference,
        )
        self._metrics.refused(self._business.release.name, (fault.code for fault in faults))
        first = faults[0]
        return Answer(400, body, "application/json", f"{first.code} {first.pointer}"[:300])

    # -- POST and DELETE /dip-channel/{id}/pubconfig/{recipient-id} ---------------------------------

    async def configure(self, call: Call, channel: str, recipient: str) -> Answer:
        """Keep the webhook of a recipient for a channel."""
        refusal = self._owns(call, recipient)
        if refusal:
            return bare(refusal)
        try:
            config = parse_json(call.body, depth=self._business.rules.json_depth)
        except MalformedJsonError as error:
            return bare(Refusal(400, f"the body {error.what}"))
        if not isinstance(config, dict):
            return bare(Refusal(400, "the body is not an object with a callbackURL"))
        url = next((value for name, value in config.items() if name.lower() == "callbackurl"), None)
        fault = fault_in(url, self._forbidden_ports)
        if fault:
            return bare(Refusal(400, fault))
        await self._webhooks.configure(recipient, channel, str(url))
        await self._post.reopen(recipient, channel)
        return Answer(201)

    async def remove(self, call: Call, channel: str, recipient: str) -> Answer:
        """Forget the webhook of a recipient for a channel; removing none is fine."""
        refusal = self._owns(call, recipient)
        if refusal:
            return bare(refusal)
        await self._webhooks.configure(recipient, channel, "")
        return Answer(204)

    def _owns(self, call: Call, recipient: str) -> Refusal | None:
        """Refuse unless the caller is the recipient, or the provider that it nominated."""
        caller = self._authenticated(call)
        if isinstance(caller, Refusal):
            return caller
        member = self._business.directory.members.get(recipient)
        if member is None:
            return Refusal(404, "no party has this DIP id")
        if caller.member.dip_id not in (recipient, member.connection_provider):
            return Refusal(403, f"{caller.member.dip_id} may not act for {recipient}")
        return None

    def webhook(self, recipient: str, channel: str) -> str | None:
        """Return where a recipient's publications of a channel go."""
        return self._webhooks.url(recipient, channel)

    def declares(self, method: str, path: str) -> bool:
        """Say whether the release has an operation."""
        return (method, path) in self._declared

    def recipient(self, name: str) -> str:
        """Return a DIP id as the network file writes it; paths are matched without regard to case."""
        return self._recipients.get(name, name)

    # -- the hub's debugging aids -------------------------------------------------------------------

    async def check(self, call: Call, interface: str, event: str) -> Answer:
        """Judge one payload without taking it; needs the client certificate only."""
        refusal = connect(call, self._security.trust, self._business.rules)
        if isinstance(refusal, Refusal):
            return bare(refusal)
        lines = describe(self._business.release, self._business.rules, call.body, interface, event)
        if lines:
            text = "\n".join(lines[: respond.FAULTS_NAMED])
            place = lines[0].partition(":")[0][:300]
            return Answer(400, text.encode("utf-8", "replace"), "text/plain; charset=utf-8", place)
        return Answer(201, b"OK", "text/plain; charset=utf-8")

    async def describe(self, call: Call, url: str) -> Answer:
        """Return the OpenAPI document; needs the client certificate only."""
        refusal = connect(call, self._security.trust, self._business.rules)
        if isinstance(refusal, Refusal):
            return bare(refusal)
        if self._document is None:
            self._document = orjson.dumps(openapi.document(self._business.release, url))
        return Answer(200, self._document, "application/json")


def _reference_pattern(business: Business) -> re.Pattern[str] | None:
    """Return the release's pattern of a senderUniqueReference, None where it has none."""
    schema = business.release.api_schema("StandardResponse")
    try:
        pattern = schema["properties"]["messageArray"]["items"]["properties"]["senderUniqueReference"].get(
            "pattern"
        )
    except KeyError as error:
        raise ConfigurationError(f"StandardResponse lacks {error}", where=business.release.name) from error
    return re.compile(pattern.replace(r"\d", "[0-9]").removesuffix("$")) if pattern else None
