"""Connectivity: the participant's way to the DIP, embedded or real; proxies and clocks."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from harness.clock import SystemClock
from harness.evidence.verdicts import Blame, BlameClass
from harness.selfcheck.check import Finding, Omit, advised, check, failed, held, unclear
from harness.selfcheck.context import Context
from harness.selfcheck.piped import ask
from harness.selfcheck.profile import TLS
from harness.selfcheck.reaching import (
    TIMEOUT_SETTING,
    connect,
    dip_context,
    endpoint,
    endpoints,
    webhooks,
)
from harness.spec.release import load as load_release
from harness.transport.client import DipClient
from harness.transport.network import Network

_SOUND = (
    "config.key-matches-certificate",
    "config.chain-complete",
    "config.certificate-usage",
    "config.in-force",
)
_REFUSED = (401, 403)
_SKEW = "signing.skew_seconds"
_OFF = "selfcheck.clock_seconds"


@check(
    id="connectivity.to-dip",
    part="connectivity",
    title="The DIP accepts the participant's certificate",
    rule="all traffic with the DIP is mutually authenticated TLS",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    after=_SOUND,
)
def to_dip(context: Context) -> Iterator[Finding]:
    """Mutual TLS from you: the certificate of [tls] opens a connection to the embedded DIP."""
    party, release = context.profile.parties[0], load_release(context.release)
    interface = release.interfaces[0]
    path = f"/validate/{interface}/{release.events(interface)[0]}"
    command = context.profile.tls.connect_command
    if command:
        url = f"{context.hub().url(context.release)}{path}"
        answer = ask(command, "POST", url, b"{}", seconds=_seconds(context))
    else:
        answer = context.client().request(party, "POST", path, b"{}", sign=False, api_key="")
    context.record(answer, sender=party.dip_id, departure="an empty message, to be validated only")
    title = f"[tls] {context.profile.tls.cert.name} is let in by the embedded DIP"
    if answer.status is not None and answer.status not in _REFUSED:
        yield held(title, f"answered {answer.status}")
    else:
        said = answer.body.decode("utf-8", "replace")[:200]
        yield failed(
            title,
            expected="let in",
            actual=f"answered {answer.status} {said}".strip() if answer.status else answer.error,
            hint="Look whether the certificate was revoked; name in `trust` the authority that issued it.",
        )


@check(
    id="connectivity.real-dip",
    part="connectivity",
    title="The real DIP can be reached with the participant's certificate",
    rule="all traffic with the DIP is mutually authenticated TLS",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    after=_SOUND,
)
def real_dip(context: Context) -> Iterator[Finding]:
    """Only the connection is tried: no message is sent to a real DIP."""
    hub = context.profile.hub
    if not hub.url:
        raise Omit("the profile names no real DIP ([dip] url)")
    where = endpoint("the DIP", hub.url, "dip")
    if context.profile.tls.connect_command:
        url = f"https://{where.address}/"
        answer = ask(context.profile.tls.connect_command, "GET", url, b"", seconds=_seconds(context))
    else:
        network = Network(context.network.organisations, context.network.certificates)
        with DipClient(f"https://{where.address}", network, hub.ca, timeout=_seconds(context)) as client:
            answer = client.request(context.profile.parties[0], "GET", "/", sign=False, api_key="", tls=TLS)
    context.record(answer, sender=context.profile.parties[0].dip_id)
    if answer.status is not None:
        context.met.add("dip")
        yield held(f"{where.address} answers over mutual TLS", str(answer.status))
        return
    refused = answer.refused_in_handshake
    yield failed(
        f"{where.address} answers over mutual TLS",
        expected="an HTTP answer of any kind",
        actual=answer.error,
        hint="The DIP refuses the certificate: is it issued for this environment, and active in the portal?"
        if refused
        else "Open the way to the DIP in firewall and proxy; name its authority in [dip] ca.",
        blame=None if refused else Blame(BlameClass.ENVIRONMENT),
        key="refused" if refused else "unreachable",
    )


@check(
    id="connectivity.proxy",
    part="connectivity",
    title="No proxy stands in the way",
    rule="RFC 9110 9.3.6: through a proxy TLS goes by CONNECT, end to end",
    basis="published",
    blame=BlameClass.ENVIRONMENT,
)
def proxy(context: Context) -> Iterator[Finding]:
    """A proxy that opens TLS shows its own certificate: mutual TLS can't pass it."""
    configured = context.profile.proxy or getproxies().get("https", "")
    if not configured:
        yield held("no proxy is configured for https")
        return
    through = endpoint("the proxy", configured, "proxy")
    try:
        connect(through, _seconds(context)).close()
    except OSError as error:
        yield failed(
            f"the proxy {_bare(configured)} takes connections",
            expected="a connection",
            actual=error.strerror or str(error),
            hint="Correct the proxy's address, or start it.",
            key="unreachable",
        )
        return
    for each in endpoints(context):
        if not each.tls:
            continue
        title = f"{each.label} at {each.address}"
        if not context.profile.proxy and proxy_bypass(each.host):
            yield held(title, f"goes past the proxy {_bare(configured)}")
            continue
        try:
            with httpx.Client(proxy=configured, verify=dip_context(context, verify=False), trust_env=False,
                              timeout=_seconds(context)) as client:  # fmt: skip
                client.get(each.url)
        except httpx.ProxyError as error:
            yield failed(
                title,
                expected=f"the proxy {_bare(configured)} opens a tunnel",
                actual=str(error) or type(error).__name__,
                hint=f"Allow CONNECT to {each.address} in the proxy, or put {each.host} into NO_PROXY.",
            )
        except httpx.HTTPError as error:
            yield unclear(title, actual=str(error), hint="The proxy opened the tunnel; what follows failed.")
        else:
            yield held(title, f"through the proxy {_bare(configured)}")


@check(
    id="connectivity.clock",
    part="connectivity",
    title="Clocks agree",
    rule=f"the setting {_SKEW}: how far a signature's date may lie from the receiver's time",
    basis="assumed",
    blame=BlameClass.ENVIRONMENT,
)
def clock(context: Context) -> Iterator[Finding]:
    """A clock that is wrong by minutes makes every signature too old or too young."""
    read = 0
    hub = context.hub()
    sources = [("the embedded DIP, on this machine", f"{hub.url(context.release)}/", hub.ca, False)]
    if context.profile.hub.url and context.profile.hub.ca:
        sources.append(("the DIP", context.profile.hub.url, context.profile.hub.ca, True))
    for label, url, ca, _ in sources:
        with DipClient(url, context.network, ca, timeout=_seconds(context)) as client:
            answer = client.request(context.profile.parties[0], "GET", "/", sign=False, api_key="")
        finding = _skew(context, label, answer.headers.get("date", ""), answer.seconds)
        if finding is not None:
            read += 1
            yield finding
    for each in webhooks(context):
        reply = context.deliver(each.url, b"", method="GET", sign=False, timeout=_seconds(context))
        finding = _skew(
            context, f"{each.label} at {each.address}", reply.headers.get("date", ""), reply.seconds
        )
        if finding is not None:
            read += 1
            yield finding
    if not read:
        raise Omit("nothing that answered says what time it is (no Date header)")


def _skew(context: Context, label: str, date: str, seconds: float) -> Finding | None:
    """Judge a Date header, which is cut to the second, against this machine's clock."""
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    apart = (moment - SystemClock().now()).total_seconds()
    apart = 0.0 if -1.0 - seconds <= apart <= seconds else apart
    limit, worth = context.settings.number(_SKEW), context.settings.number(_OFF)
    side = "ahead of" if apart > 0 else "behind"
    said = f"{abs(apart):.0f} s {side} this machine" if apart else "within a second of this machine"
    hint = "Synchronise both clocks by NTP."
    if abs(apart) > limit:
        return failed(label, expected=f"less than {limit:.0f} s apart", actual=said, hint=hint)
    if abs(apart) > worth:
        return advised(label, expected=f"less than {worth:.0f} s apart", actual=said, hint=hint)
    return held(label, said)


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or url


def _seconds(context: Context) -> float:
    return context.settings.number(TIMEOUT_SETTING)
