"""Why a result no longer counts (pure): something that it rests on changed since. A build alone is no reason.

Looked at are the requirement (text, version, roles, interfaces), the scenario and the API release. A run that
does not say what it rested on, as those of older harnesses, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.errors import ConfigurationError
from harness.reports.standing.model import Test
from harness.reports.submission.part import Pair
from harness.scenarios.requirements import Requirement
from harness.spec.release import load
from harness.stages.impact import reaches

_TOLD = 3
Asked = Mapping[str, Mapping[str, str]]
"""What each requirement asked when a run began, as the run's first event has it."""


def of_test(
    test: Test, pairs: Iterable[Pair], *, release: str, digests: Mapping[tuple[str, str], str]
) -> tuple[str, ...]:
    """Return why a test's result no longer counts for a release, whatever requirement it is asked for."""
    return (*_scenario(test, digests), *_release(test, pairs, release))


def _scenario(test: Test, digests: Mapping[tuple[str, str], str]) -> Iterator[str]:
    started = test.started
    if not started.scenario_hash or not digests:
        return
    now = digests.get((started.scenario, started.variant))
    if now is None:
        yield f"scenario {started.scenario} is no longer in the catalogue"
    elif now != started.scenario_hash:
        yield f"scenario {started.scenario} changed since run {test.last.run}"


def _release(test: Test, pairs: Iterable[Pair], release: str) -> Iterator[str]:
    if not release or test.release == release:
        return
    try:
        changes = reaches(load(test.release), load(release))
    except ConfigurationError:
        yield f"run on release {test.release}, which is not installed here: what changed can't be told"
        return
    used = set(pairs) | {(test.started.interface, test.started.event_code)}
    found = [each.change.summary for each in changes if any(each.touches(pair) for pair in used)]
    if found:
        more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        yield f"run on release {test.release}; {release} changes {'; '.join(found[:_TOLD])}{more}"


def of_requirement(requirement: Requirement, asked: Asked, role: str, run: str) -> tuple[str, ...]:
    """Return what changed in a requirement since a run, as far as it concerns a role."""
    then = asked.get(requirement.id)
    if then is None:
        return ()
    now, found = requirement.asked, []
    if then["text"] != now["text"]:
        found.append(f"the text of {requirement.id} changed since run {run}")
    if then["version"] != now["version"]:
        found.append(f"{requirement.id} is now version {now['version'] or 'unnamed'}, then {then['version']}")
    before, after = set(then["roles"].split()), set(now["roles"].split())
    if (role in before) != (role in after) or (before ^ after) & {"sender", "recipient"}:
        found.append(f"the roles of {requirement.id} changed: {then['roles']}, now {now['roles']}")
    if then["interfaces"] != now["interfaces"]:
        was, is_now = then["interfaces"] or "all", now["interfaces"] or "all"
        found.append(f"the interfaces of {requirement.id} changed: {was}, now {is_now}")
    return tuple(found)
