"""Connectivity: the participant's messages that announce their body with Expect: 100-continue."""

from __future__ import annotations

from collections.abc import Iterator

from harness.selfcheck.check import Finding, Omit, check, failed, held
from harness.selfcheck.conduct.sending import any_sent, send, sendings
from harness.selfcheck.context import Context
from harness.selfcheck.inbox import inbox


@check(
    id="connectivity.expect-continue",
    part="connectivity",
    title="A body that the participant announces comes, and without announcement where that is refused",
    rule="RFC 9110 10.1.1 and 15.5.18: the body follows 100 Continue; after 417 it comes without Expect",
    basis="published",
)
def expect_continue(context: Context) -> Iterator[Finding]:
    """Your HTTP client, or the proxy that it sends through, may announce bodies and wait for an answer."""
    box = inbox(context)
    came = [each.heard for each in sendings(context) if each.heard is not None and each.heard.expects]
    broken = [each for each in box.broken if each.expects]
    if not came and not broken:
        raise Omit("no message of the participant came with Expect: 100-continue")
    title = "after 100 Continue the body comes"
    if broken:
        yield failed(
            title,
            expected="the body",
            actual=f"{len(broken)} requests with Expect: 100-continue ended without their body",
            hint="A proxy that does not pass 100 Continue on makes the client wait in vain: let it pass, "
            "or switch Expect off in the client.",
            key="broken",
        )
        return
    yield held(title, f"{len(came)} messages")
    if not context.profile.hooks.send:
        return
    title = "a message whose Expect is answered 417 comes again without it"
    box.unexpecting = True
    try:
        again = send(context, *any_sent(context))
    finally:
        box.unexpecting = False
    if again.heard is not None:
        yield held(title)
        return
    yield failed(
        title,
        expected="the same message without Expect",
        actual=again.trouble or "nothing came",
        hint="Send the request again without Expect after 417: a server or proxy in between may not know it.",
        key="417",
    )
