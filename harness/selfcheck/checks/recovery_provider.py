"""Recovery: the participant nominates another connection provider while messages go both ways."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.serialization import Encoding

from harness.evidence.verdicts import Blame, BlameClass
from harness.messages.build import encode
from harness.security.certificates import first_certificate
from harness.selfcheck.check import Finding, Omit, check, failed, held, untried
from harness.selfcheck.conduct.asking import trials
from harness.selfcheck.conduct.counterparty import (
    DELIVERED,
    counterparty,
    deliveries,
    messages,
    reference_of,
    sendable,
)
from harness.selfcheck.conduct.publications import Pair
from harness.selfcheck.conduct.rotating import PROVIDER, call_hook, changeable, nominated
from harness.selfcheck.conduct.sending import Sending, any_sent
from harness.selfcheck.conduct.traffic import going_on, key_in_use
from harness.selfcheck.conduct.trial import Trial
from harness.selfcheck.context import NEXT_PROVIDER, Context
from harness.selfcheck.profile import SIGNING, NextProvider
from harness.transport.admin import Admin
from harness.transport.network import CertificateSet, Party

NOMINATION = "nomination of a connection provider per DIP id (ONB-7); that old and new overlap is assumed"
_CREATED = 201
_REFUSED = (401, 403)
_AFTER = 2
"""Messages that the participant sends when the old nomination has ended."""
_SETTLE_SECONDS = 60.0
_KEPT: WeakKeyDictionary[Context, _Exchange] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What went both ways while the provider changed."""

    provider: str
    overlap: tuple[Sending, ...]
    after: tuple[Sending, ...]
    """When the old nomination had ended."""
    trial: Trial | None
    """Of the webhook that got publications; None for a party that receives nothing from simulated ones."""
    before: tuple[str, ...] = ()
    """References of what was published before the nomination, and since."""
    since: tuple[str, ...] = ()
    settled: Mapping[str, Any] | None = None
    refused: str = ""
    """What the DIP said to a counterparty, or to the change of a webhook, where it refused."""


class _Publishing:
    """A counterparty that publishes to the participant through the embedded DIP."""

    def __init__(self, context: Context, admin: Admin, trial: Trial, pair: Pair) -> None:
        self.trial, self.pair, self.refused = trial, pair, ""
        self.tag = f"selfcheck-provider-{secrets.token_hex(6)}"
        self._context, self._admin = context, admin
        self._sender = counterparty(context, pair)

    def publish(self) -> tuple[str, ...]:
        """Send some messages; returns their references."""
        context, sender = self._context, self._sender
        assert sender is not None
        made = messages(
            context,
            self._admin,
            self.trial,
            self.pair,
            tag=self.tag,
            count=context.settings.integer("selfcheck.steady_calls"),
            now=context.clock.now(),
        )
        answer = context.client().send(sender, self.pair.interface, encode(made))
        if answer.status != _CREATED:
            self.refused = f"{sender.role}: {answer.status} {', '.join(answer.codes)}"
        return tuple(map(reference_of, made))

    def arrives(self, own: Party, url: str) -> None:
        """Let publications arrive at a URL from now on."""
        answer = self._context.client().configure_webhook(own, self.pair.interface, url)
        if answer.status != _CREATED:
            self.refused = f"the webhook {url}: {answer.status}"


def _exchanged(context: Context) -> _Exchange:
    found = _KEPT.get(context)
    if found is None:
        coming = context.profile.next_provider
        if coming is None:
            raise Omit("the profile names no [next_provider]")
        if not any(PROVIDER in part for part in context.profile.hooks.rotate):
            raise Omit(f"the rotate hook takes no {PROVIDER}")
        admin = context.hub().admin
        if admin is None:
            raise Omit("the DIP has no admin API")
        found = _KEPT[context] = _rehearsed(context, admin, coming)
    return found


def _rehearsed(context: Context, admin: Admin, coming: NextProvider) -> _Exchange:
    own = context.network.by_dip_id(any_sent(context)[0].dip_id)
    old, key = nominated(context, own), key_in_use(context)
    tls, signing = changeable(context, context.profile.tls), context.network.certificate(SIGNING)
    provider = context.network.by_dip_id(coming.dip_id)
    new_tls = context.network.certificate(provider.tls)
    publishing = _publishing(context, admin, own.dip_id)
    before: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    usual = publishing.trial.url(publishing.pair.interface) if publishing else ""
    settled = None
    try:
        if publishing:
            publishing.arrives(own, usual)
        with going_on(context, tls, signing, new_tls) as traffic:
            admin.set_member(own.dip_id, connection_provider=old, api_keys=[key])
            before += publishing.publish() if publishing else ()
            traffic.more(1)
            admin.set_member(
                own.dip_id,
                connection_provider=coming.dip_id,
                former_providers=[old] if old else [],
                api_keys=[key],
            )
            if publishing and coming.webhook:
                _settled(admin, publishing)
                publishing.arrives(own, coming.webhook)
            since += publishing.publish() if publishing else ()
            _nominate(context, coming.dip_id, new_tls)
            traffic.more(1)
            overlap = tuple(traffic.sent)
            admin.set_member(own.dip_id, connection_provider=coming.dip_id, api_keys=[key])
            since += publishing.publish() if publishing else ()
            after = traffic.more(_AFTER)
        settled = _settled(admin, publishing) if publishing else None
    finally:
        admin.reset_member(own.dip_id)
        _nominate(context, own.connection_provider or "", tls)
        if publishing and coming.webhook:
            context.client().configure_webhook(own, publishing.pair.interface, usual)
    return _Exchange(
        coming.dip_id,
        overlap,
        after,
        publishing.trial if publishing else None,
        before,
        since,
        settled,
        publishing.refused if publishing else "",
    )


def _publishing(context: Context, admin: Admin, dip_id: str) -> _Publishing | None:
    try:
        trial = next((each for each in trials(context) if each.addressee.dip_id == dip_id), None)
    except Omit:
        return None
    pair = sendable(context, trial) if trial else None
    return _Publishing(context, admin, trial, pair) if trial and pair else None


def _settled(admin: Admin, publishing: _Publishing) -> Mapping[str, Any]:
    return admin.settle(publishing.tag, timeout=_SETTLE_SECONDS)


def _nominate(context: Context, provider: str, tls: CertificateSet) -> None:
    """Have the participant's messages go by a provider, or by itself; it goes on signing them."""
    assert tls.key is not None
    call_hook(context, "provider", tls.cert, tls.key, provider=provider)


@check(
    id="recovery.provider-sends",
    part="recovery",
    title="What the participant sends goes by the connection provider that it nominates next",
    rule=f"API S1.DIPConnectionProviderID, MSG1011; {NOMINATION}",
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def provider_sends(context: Context) -> Iterator[Finding]:
    """Under traffic another provider is nominated, and the old nomination ends: no message may be lost."""
    found = _exchanged(context)
    carried_by = Blame(BlameClass.CONNECTION_PROVIDER, found.provider)
    wanted = first_certificate(context.network.certificate(f"{NEXT_PROVIDER}-tls").cert)[0]
    title = f"{found.overlap[0].title}"
    lost = [each for each in (*found.overlap, *found.after) if each.heard is None]
    if lost:
        yield failed(
            f"{title}: every message comes",
            expected=f"{len(found.overlap) + len(found.after)} messages",
            actual=f"{len(lost)} did not come: {lost[0].trouble or 'nothing came in time'}",
            hint="Change the provider without stopping what sends.",
            key="lost",
        )
        return
    for each in found.after:
        assert each.heard is not None
        if each.heard.client != wanted.public_bytes(Encoding.DER):
            yield failed(
                f"{title}: it comes over the new provider's connection",
                expected=f"the TLS certificate of {found.provider}",
                actual=f"another certificate; the DIP answered {each.heard.status}",
                hint="The provider opens connections with its own certificate from then on; close pools.",
                blame=carried_by,
                key="connection",
            )
            return
        named = [_provider_in(payload) for payload in each.heard.payloads]
        if named != [found.provider] * len(named):
            yield failed(
                f"{title}: S1.DIPConnectionProviderID names the new provider",
                expected=found.provider,
                actual=f"{named[0] if named else 'nothing'}; the DIP answered {each.heard.status}",
                hint="Take the provider's DIP id from configuration that changes with the nomination.",
                key="named",
            )
            return
    for stage, sendings in (("in the overlap", found.overlap), ("after it", found.after)):
        wrong = [one.heard for one in sendings if one.heard is not None and one.heard.status != _CREATED]
        if wrong:
            text = wrong[0].answer.body[:200].decode("utf-8", "replace") if wrong[0].answer else ""
            yield failed(
                f"{title}: every message {stage} is accepted",
                expected="201 for each",
                actual=f"{len(wrong)} of {len(sendings)} were not: {wrong[0].status} "
                + (text or wrong[0].verification.reason),
                hint="Let connection and S1.DIPConnectionProviderID change together.",
                blame=carried_by if wrong[0].status in _REFUSED and stage == "after it" else None,
                key="refused",
            )
            return
    yield held(
        f"{title}: all are accepted", f"{len(found.overlap)} in the overlap, {len(found.after)} after it"
    )


def _provider_in(payload: Mapping[str, Any]) -> str:
    return str((payload["CommonBlock"].get("S1") or {}).get("DIPConnectionProviderID"))


@check(
    id="recovery.provider-receives",
    part="recovery",
    title="What the participant receives arrives by the connection provider that it nominates next",
    rule=f"API pubconfig and X-DIP-MPO; {NOMINATION}",
    basis="assumed",
    blame=BlameClass.CONNECTION_PROVIDER,
    after=["webhook.created", "interfaces.sent-accepted"],
)
def provider_receives(context: Context) -> Iterator[Finding]:
    """Publications arrive at the new provider's webhook, with the header X-DIP-MPO, each once."""
    found = _exchanged(context)
    trial = found.trial
    if trial is None or found.settled is None:
        raise Omit("nobody in the simulated network sends what the party receives")
    if found.refused:
        yield untried("publications can be made", f"the DIP refused {found.refused}")
        return
    blame = Blame(BlameClass.CONNECTION_PROVIDER, found.provider)
    name = f"{trial.addressee.role} {trial.addressee.dip_id}"
    came = deliveries(found.settled, trial.addressee.dip_id)
    wrong = [each for each in came if each["status"] != DELIVERED]
    if wrong:
        last = wrong[0]["http_status"] or "not at all"
        yield failed(
            f"{name}: every publication is delivered",
            expected=DELIVERED,
            actual=f"{len(wrong)} of {len(came)} were not: {wrong[0]['status']}, last answered {last}",
            hint="Open the new provider's webhook before the nomination; calls for you carry X-DIP-MPO.",
            blame=blame,
            key=str(wrong[0]["status"]),
        )
        return
    yield held(f"{name}: every publication is delivered", f"{len(came)} publications")
    if trial.ledger is None:
        return
    ledger, seconds = trial.ledger, context.settings.number("selfcheck.store_seconds")
    ledger.wait(found.since[-1], 1, seconds=seconds)
    counts = {each: ledger.look(each).count for each in (*found.before, *found.since)}
    astray = [each for each, count in counts.items() if count != 1]
    if not astray:
        yield held(f"{name}: the ledger holds each of them once")
        return
    missing = sum(1 for each in astray if counts[each] == 0)
    yield failed(
        f"{name}: the ledger holds each of them once",
        expected="count 1 for each",
        actual=f"{missing} of {len(counts)} are missing, {len(astray) - missing} are there more than once",
        hint="The new provider answers 201 for what it has passed on; what both providers hold counts once.",
        blame=blame if missing else Blame(BlameClass.PARTICIPANT, trial.addressee.dip_id),
        key="ledger",
    )
