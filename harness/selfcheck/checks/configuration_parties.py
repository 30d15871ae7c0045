"""Configuration: ids and roles agree, releases and webhooks are complete, API keys are there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from harness.errors import ConfigurationError
from harness.evidence.verdicts import BlameClass
from harness.selfcheck.check import Finding, Omit, advised, check, failed, held
from harness.selfcheck.conduct.publications import received_pairs, sent_pairs
from harness.selfcheck.context import Context
from harness.selfcheck.profile import Profile
from harness.spec.release import load as load_release
from harness.spec.release import names
from harness.spec.roles import roles
from harness.spec.routing import load_routing
from harness.transport.network import Party

_PROVIDER = "DCP"


@check(
    id="config.ids-agree",
    part="configuration",
    title="DIP id, role and MPID of each party agree",
    rule="swagger/roles.yaml: the first two digits of DIP ids by role, as published examples show them",
    basis="assumed",
    blame=BlameClass.CONFIGURATION,
    online=False,
)
def ids_agree(context: Context) -> Iterator[Finding]:
    """A DIP id belongs to one MPID in one role; ids that were mixed up route messages to somebody else."""
    for party in context.profile.parties:
        role = roles().get(party.role)
        title = f"{party.dip_id} fits the role {party.role}"
        prefix = party.dip_id[:2]
        others = [each for each in roles().values() if each.prefix == prefix]
        if role is None or prefix == role.prefix:
            yield held(title)
        elif any(each.prefix_basis == "observed" for each in others):
            yield failed(
                title,
                expected=f"a DIP id that begins with {role.prefix} ({role.prefix_basis})",
                actual=f"{prefix}, as DIP ids of {', '.join(each.code for each in others)} do",
                hint="Compare MPID, role and DIP id with the DIP portal: two rows may be mixed up.",
                key="prefix",
            )
        else:
            yield advised(
                title,
                expected=f"a DIP id that begins with {role.prefix} ({role.prefix_basis})",
                actual=prefix,
                hint="Compare MPID, role and DIP id with the DIP portal.",
            )
        if party.connection_provider == party.dip_id:
            yield failed(
                f"{party.dip_id} nominates another as its connection provider",
                expected="the connection provider's DIP id",
                actual="its own",
                hint="Leave connection_provider out where you connect yourself.",
                key="own-provider",
            )
        if party.role in ("LDSO", "REGS") and party.distributor_id is None:
            yield advised(
                f"{party.dip_id} says whose MPANs it serves",
                expected="distributor_id: the two digits that its MPANs begin with",
                actual="none",
                hint="Add distributor_id, so that messages about your own MPANs can be made.",
            )


@check(
    id="config.release-set",
    part="configuration",
    title="Each API release has what the party's roles send and receive",
    rule="the releases in swagger/ and the routing in swagger/routing.yaml",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    online=False,
)
def release_set(context: Context) -> Iterator[Finding]:
    """A system that speaks a release without its role's interfaces has nothing to say there."""
    profile, routing = context.profile, load_routing()
    for name in profile.releases:
        release = load_release(name)
        for party in profile.parties:
            sends = sent_pairs(release, routing, party.role)
            receives = received_pairs(release, routing, party.role)
            title = f"release {name} concerns {party.role}"
            if sends or receives or party.role == _PROVIDER:
                yield held(title, f"{len(sends)} interface-event pairs sent, {len(receives)} received")
            else:
                yield failed(
                    title,
                    expected="an interface that the role sends or receives",
                    actual="none",
                    hint=f"Take {name} out of `releases`, or correct the role.",
                )
    for name in sorted({each for each in profile.releases if profile.releases.count(each) > 1}):
        yield failed(
            f"release {name} is named once",
            expected="each release once",
            actual=f"{name} twice",
            hint="A release may be meant that is not there: compare `releases` with what the system speaks.",
        )
    newest = names()[-1]
    if newest not in profile.releases:
        yield advised(
            f"the newest known release, {newest}, is among them",
            expected=newest,
            actual=", ".join(profile.releases),
            hint=f"`dip release diff {profile.releases[-1]} {newest}` says what will change.",
        )


@check(
    id="config.webhooks-complete",
    part="configuration",
    title="Each channel that a party receives has a webhook",
    rule="one webhook URL per message channel and DIP id (DIP onboarding, message channels)",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    online=False,
)
def webhooks_complete(context: Context) -> Iterator[Finding]:
    """A channel without a webhook loses nothing at first: the DIP keeps messages until they are too old."""
    for party in context.profile.parties:
        wanted = _channels(context.profile, party)
        title = f"{party.dip_id} ({party.role}) receives every channel of its role"
        lacking = [] if not party.simulated else [each for each in wanted if each not in party.webhooks]
        if not wanted:
            yield held(title, "its role receives nothing")
        elif lacking:
            shown = ", ".join(lacking[:6]) + (f" and {len(lacking) - 6} more" if len(lacking) > 6 else "")
            yield failed(
                title,
                expected=f"a URL for each of {len(wanted)} channels",
                actual=f"none for {shown}",
                hint="Add webhook (the base URL of all), or the channel to webhooks; an exemption for what "
                "was agreed not to apply.",
            )
        else:
            yield held(title, f"{len(wanted)} channels")
        if not party.status_webhook:
            yield advised(
                f"{party.dip_id} hears status messages",
                expected="status_webhook",
                actual="none",
                hint="Without one you learn of rejected messages only by asking for them.",
            )


@check(
    id="config.api-keys",
    part="configuration",
    title="Each party has its own API key",
    rule="the header X-API-Key of the published API; keys are managed per DIP id",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    online=False,
)
def api_keys(context: Context) -> Iterator[Finding]:
    """The DIP knows by the API key which party calls; without it every call is refused."""
    seen: dict[str, str] = {}
    named = False
    for party in context.profile.parties:
        if not party.api_key_env and not party.api_key_file:
            continue
        named = True
        title = f"{party.dip_id} has an API key"
        if party.api_key_env and not party.api_key_file and not os.environ.get(party.api_key_env):
            yield failed(
                title,
                expected=f"a key in the environment variable {party.api_key_env}",
                actual="it is not set",
                hint=f"Set {party.api_key_env} where the check runs.",
            )
            continue
        try:
            key = party.api_key()
        except ConfigurationError as error:
            yield failed(title, expected="a file with one key", actual=error.what, hint=error.mend)
            continue
        if not re.fullmatch(r"[\x21-\x7e]+", key):
            yield failed(
                title,
                expected="printable characters without spaces",
                actual="it holds others",
                hint="Copy the key again from the DIP portal; no quotes, no line end.",
                key="characters",
            )
        elif key in seen:
            yield failed(
                title,
                expected="a key of its own",
                actual=f"the key of {seen[key]}",
                hint="Draw one key for each DIP id.",
                key="shared",
            )
        else:
            seen[key] = party.dip_id
            yield held(title)
    if not named:
        raise Omit("no API key is named; the embedded DIP draws its own")


def _channels(profile: Profile, party: Party) -> list[str]:
    """Return the channels that a party's role receives in any of its releases, without the exempt ones."""
    exempt = {each.interface for each in profile.exemptions}
    routing = load_routing()
    found: dict[str, None] = {}
    for name in profile.releases:
        for pair in received_pairs(load_release(name), routing, party.role):
            if pair.interface not in exempt:
                found[pair.interface] = None
    return list(found)
