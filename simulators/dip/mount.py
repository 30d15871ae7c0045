"""One release of the hub, mounted at ``/<release>``: its operations, its store, its webhooks, its outboxes.

Each operation is `Call` in, `Answer` out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from harness.clock import Clock
from harness.errors import ConfigurationError
from harness.security.policy import Policy
from harness.security.trust import Trust
from harness.spec.parsing import MalformedJsonError, parse_json
from simulators.dip import openapi, respond
from simulators.dip.access import Access
from simulators.dip.answer import Answer, bare
from simulators.dip.authenticate import authenticate, connect
from simulators.dip.business import Business
from simulators.dip.history_service import HistoryService
from simulators.dip.journal import Journal
from simulators.dip.kept import HubStore
from simulators.dip.metrics import Metrics
from simulators.dip.model import Call, Caller, Refusal
from simulators.dip.post import Post
from simulators.dip.replay import Replay
from simulators.dip.report import Reports
from simulators.dip.requeue import Requeues
from simulators.dip.sending import Sending
from simulators.dip.settle import Tracker
from simulators.dip.validate import describe
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
        store: HubStore,
        webhooks: Webhooks,
        post: Post,
        history: HistoryService,
        tracker: Tracker,
        metrics: Metrics,
        *,
        forbidden_ports: frozenset[int] = frozenset(),
    ) -> None:
        self._business = business
        self._security = security
        self.store = store
        self._webhooks = webhooks
        self._post, self._history = post, history
        self._forbidden_ports = forbidden_ports
        reference = _reference_pattern(business)
        release = business.release
        self.sending = Sending(
            business, store, post, history, tracker, metrics, security.clock, self._authenticated, reference
        )
        access = Access(store, business, security.clock, self._authenticated, self._owns, reference)
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

    async def resume(self) -> None:
        """Take up the deliveries that a former process left open."""
        await self._post.resume()
        self._history.resume()

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
        if caller.member.dip_id not in (recipient, *member.providers):
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
