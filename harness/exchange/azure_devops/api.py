"""The REST calls of Azure DevOps that are used, API version 7.1, and what its errors mean.

The token goes into the Authorization header and nowhere else: no message of an error repeats it. A call that
is answered 429 or 503 is made again after the time that ``Retry-After`` asks for.
"""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from harness.errors import ConfigurationError, EnvironmentFault
from harness.exchange.azure_devops.profile import Profile

VERSION = "7.1"
BATCH = 200
"""Work items of one batch call; the service takes no more."""
ATTEMPTS = 6
LONGEST_WAIT = 300.0
"""Seconds that one answer may ask us to wait."""
_TOP = 100
"""Entries of a page; with details the service gives no more."""
_FIRST_WAIT = 1.0
_TIMEOUT = 60.0
_PREVIEW = "VssInvalidPreviewVersionException"
JsonPatch = list[dict[str, Any]]


class ChangedThere(Exception):
    """A work item has another revision than the one that the change was made for (409 or 412)."""


class GoneThere(ConfigurationError):
    """What was asked for is not there (404)."""


def _quoted(text: str) -> str:
    """Return a text as it stands between the quotes of a query."""
    return text.replace("'", "''")


class AzureDevOps:
    """Calls of one project, for one test plan; a context manager."""

    def __init__(self, profile: Profile, token: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._profile = profile
        self._token = token
        self._sleep = sleep
        self._version = VERSION
        credentials = base64.b64encode(f":{token}".encode()).decode()
        verify: ssl.SSLContext | bool = (
            ssl.create_default_context(cafile=str(profile.ca)) if profile.ca else True
        )
        self._client = httpx.Client(
            headers={"Authorization": f"Basic {credentials}", "Accept": "application/json"},
            timeout=_TIMEOUT,
            verify=verify,
            follow_redirects=False,
        )

    def __enter__(self) -> AzureDevOps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    # Work items

    def find_tagged(self, tag: str, kind: str) -> list[int]:
        """Return the work items of a type, in the project, that carry a tag, by WIQL."""
        query = (
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project "
            f"AND [System.WorkItemType] = '{_quoted(kind)}' "
            f"AND [System.Tags] CONTAINS '{_quoted(tag)}' ORDER BY [System.Id]"
        )
        found = self._call("POST", "wit/wiql", json={"query": query})
        return [int(each["id"]) for each in found["workItems"]]

    def work_items(self, ids: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Return work items with these fields, in calls of `BATCH`; those that are gone are left out."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), BATCH):
            body = {"ids": list(ids[start : start + BATCH]), "fields": list(fields), "errorPolicy": "Omit"}
            answer = self._call("POST", "wit/workitemsbatch", json=body)
            found += [each for each in answer["value"] if each]
        return found

    def create_work_item(self, kind: str, patch: JsonPatch) -> dict[str, Any]:
        """Create a work item of a type and return it."""
        return dict(self._call("POST", f"wit/workitems/${quote(kind)}", patch=patch))

    def work_item_url(self, identifier: int) -> str:
        """Return the address of a work item, as links between them name it."""
        return f"{self._profile.url}/_apis/wit/workItems/{identifier}"

    def update_work_item(self, identifier: int, patch: JsonPatch) -> dict[str, Any]:
        """Change a work item; raises ChangedThere when the patch's test of the revision fails."""
        return dict(self._call("PATCH", f"wit/workitems/{identifier}", patch=patch))

    # Plan, suites, configurations, points

    def plan(self) -> dict[str, Any]:
        """Return the test plan; it names its root suite."""
        return dict(self._call("GET", f"testplan/plans/{self._profile.plan}"))

    def suites(self) -> list[dict[str, Any]]:
        """Return every suite of the plan."""
        return list(self._pages(f"testplan/Plans/{self._profile.plan}/suites"))

    def create_suite(self, name: str, parent: int) -> dict[str, Any]:
        """Create a static suite below another."""
        body = {
            "suiteType": "staticTestSuite",
            "name": name,
            "parentSuite": {"id": parent},
            "inheritDefaultConfigurations": True,
        }
        return dict(self._call("POST", f"testplan/Plans/{self._profile.plan}/suites", json=body))

    def configurations(self) -> list[dict[str, Any]]:
        """Return the test configurations of the project."""
        return list(self._pages("testplan/configurations"))

    def create_configuration(self, name: str, description: str) -> dict[str, Any]:
        """Create a test configuration that no new plan takes by default."""
        body = {
            "name": name,
            "description": description,
            "isDefault": False,
            "state": "active",
            "values": [],
        }
        return dict(self._call("POST", "testplan/configurations", json=body))

    def suite_cases(self, suite: int) -> list[dict[str, Any]]:
        """Return the test cases of a suite with their point assignments."""
        return list(self._pages(f"{self._suite(suite)}/TestCase"))

    def put_in_suite(self, suite: int, wanted: Mapping[int, Sequence[int]], *, there: bool) -> None:
        """Give test cases of a suite these configurations; ``there``: they are in the suite already."""
        body = [
            {
                "workItem": {"id": identifier},
                "pointAssignments": [{"configurationId": each} for each in configurations],
            }
            for identifier, configurations in wanted.items()
        ]
        for start in range(0, len(body), _TOP):
            part = body[start : start + _TOP]
            self._call("PATCH" if there else "POST", f"{self._suite(suite)}/TestCase", json=part)

    def points(self, suite: int) -> list[dict[str, Any]]:
        """Return the test points of a suite with their latest results."""
        query = {"includePointDetails": "true", "returnIdentityRef": "true"}
        return list(self._pages(f"{self._suite(suite)}/TestPoint", query))

    def _suite(self, suite: int) -> str:
        return f"testplan/Plans/{self._profile.plan}/Suites/{suite}"

    # Runs and results

    def runs(self) -> list[dict[str, Any]]:
        """Return the test runs of the plan."""
        return self._all("test/runs", {"planId": str(self._profile.plan)})

    def create_run(self, name: str, points: Sequence[int], comment: str) -> dict[str, Any]:
        """Create a test run over test points; the service makes a result for each."""
        body = {
            "name": name,
            "plan": {"id": str(self._profile.plan)},
            "pointIds": list(points),
            "automated": False,
            "comment": comment,
        }
        return dict(self._call("POST", "test/runs", json=body))

    def results(self, run: int) -> list[dict[str, Any]]:
        """Return the results of a test run, each with its test point."""
        return self._all(f"test/Runs/{run}/results", {"detailsToInclude": "Point"})

    def update_results(self, run: int, results: Sequence[Mapping[str, Any]]) -> None:
        """Write results of a test run, in calls of `BATCH`."""
        for start in range(0, len(results), BATCH):
            self._call("PATCH", f"test/Runs/{run}/results", json=list(results[start : start + BATCH]))

    def complete_run(self, run: int) -> None:
        """Say that a test run is over."""
        self._call("PATCH", f"test/runs/{run}", json={"state": "Completed"})

    # Calling

    def _all(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return every entry of a list that is asked for by skip and top, however few an answer gives."""
        found: list[dict[str, Any]] = []
        while True:
            asked = {**query, "$skip": str(len(found)), "$top": str(_TOP)}
            page = self._call("GET", path, query=asked)["value"]
            found += page
            if not page:
                return found

    def _pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            asked = {**(query or {}), **({"continuationToken": token} if token else {})}
            answer = self._send("GET", path, query=asked)
            yield from self._json(answer)["value"]
            token = answer.headers.get("x-ms-continuationtoken", "")
            if not token:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        patch: JsonPatch | None = None,
    ) -> Any:
        return self._json(self._send(method, path, query=query, json=json, patch=patch))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        patch: JsonPatch | None = None,
    ) -> httpx.Response:
        url = f"{self._profile.url}/{quote(self._profile.project)}/_apis/{path}"
        headers = {"Content-Type": "application/json-patch+json"} if patch is not None else {}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._client.request(
                    method,
                    url,
                    params={**(query or {}), "api-version": self._version},
                    json=patch if patch is not None else json,
                    headers=headers,
                )
            except httpx.TransportError as error:
                raise EnvironmentFault(
                    f"{method} {path} got no answer: {self._clean(str(error) or type(error).__name__)}",
                    where=self._profile.url,
                    mend="Is the address right, the service up? Run the command again: nothing is doubled.",
                ) from error
            if answer.status_code not in {429, 503} or attempt == ATTEMPTS:
                break
            self._sleep(_wait(answer.headers.get("Retry-After", ""), attempt))
        if answer.status_code == 400 and self._told(answer)[0] == _PREVIEW and self._version == VERSION:
            self._version = f"{VERSION}-preview"
            return self._send(method, path, query=query, json=json, patch=patch)
        self._check(answer, method, path)
        return answer

    def _check(self, answer: httpx.Response, method: str, path: str) -> None:
        """Turn an answer that is no success into the error that it means."""
        status = answer.status_code
        if status in {200, 201, 204}:
            return
        kind, said = self._told(answer)
        where = f"{self._profile.url}, {method} {path}"
        variable = self._profile.token_env
        if status in {401, 203, 302}:
            # A token that has run out is answered with a sign-in page as often as with 401.
            raise ConfigurationError(
                f"the token in {variable} is refused ({status})",
                where=where,
                mend="It may have expired, or belong to another organisation.",
            )
        if status == 403:
            raise ConfigurationError(
                f"is not allowed (403): {said}",
                where=where,
                mend=f"The token in {variable} needs Work Items and Test Management, read and write, "
                "and its owner the permission for the area.",
            )
        if status == 404:
            raise GoneThere(f"is not there (404): {said}", where=where, mend="Check project and plan.")
        if status in {409, 412}:
            raise ChangedThere(said)
        if status in {429, 503}:
            raise EnvironmentFault(
                f"asks to wait, {ATTEMPTS} times in a row ({status}): {said}",
                where=where,
                mend="Run the command again later: nothing is doubled.",
            )
        if status >= 500:
            raise EnvironmentFault(
                f"failed ({status}): {said}", where=where, mend="Run the command again: nothing is doubled."
            )
        raise ConfigurationError(f"refused ({status}{f', {kind}' if kind else ''}): {said}", where=where)

    def _told(self, answer: httpx.Response) -> tuple[str, str]:
        """Return the error's type and message as the service gives them; a page of HTML gives neither."""
        try:
            data = answer.json()
        except ValueError:
            return "", answer.reason_phrase or "no reason given"
        if not isinstance(data, dict):
            return "", answer.reason_phrase
        return str(data.get("typeKey", "")), self._clean(str(data.get("message", "no reason given")))

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json() if answer.content else {}
        except ValueError as error:
            raise EnvironmentFault("answered what is no JSON", where=str(answer.request.url.path)) from error

    def _clean(self, text: str) -> str:
        return text.replace(self._token, "***") if self._token else text


def _wait(asked: str, attempt: int) -> float:
    """Return the seconds to wait: what was asked for, or ever longer."""
    try:
        seconds = float(asked)
    except ValueError:
        seconds = _FIRST_WAIT * 2.0 ** (attempt - 1)
    return min(max(seconds, 0.0), LONGEST_WAIT)
