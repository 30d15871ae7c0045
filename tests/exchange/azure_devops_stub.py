"""A small Azure DevOps over real sockets: the paths, bodies and errors of its REST API 7.1 that are used."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "s3cr3t-personal-access-token"
PROJECT, PLAN, ROOT = "MHHS Testing", 42, 43
PAGE = 2
"""Entries of a page, small so that every list has more than one."""
_ID = "Microsoft.VSTS.TCM.Steps"
Json = dict[str, Any]


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


@dataclass
class Trouble:
    """What the service does instead of answering a call that matches, so many times."""

    method: str
    path: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    times: int = 1
    after: bool = False
    """Do what is asked first, then answer nothing: the connection breaks."""

    def due(self) -> bool:
        """Say whether a call that matches is the one."""
        return True


class Stub:
    """The service's data and its calls; `calls` is what was asked, in order."""

    def __init__(self) -> None:
        self.items: dict[int, Json] = {}
        self.suites: dict[int, Json] = {ROOT: {"id": ROOT, "name": "Plan", "parentSuite": None}}
        self.configurations: dict[int, Json] = {}
        self.in_suite: dict[int, dict[int, list[int]]] = {}
        self.points: dict[int, Json] = {}
        self.test_runs: dict[int, Json] = {}
        self.results: dict[int, list[Json]] = {}
        self.troubles: list[Trouble] = []
        self.calls: list[tuple[str, str]] = []
        self.forbidden_area = ""
        self.preview_only = False
        self.meanwhile: Callable[[], None] | None = None
        """What somebody else does, once, just before a work item is changed."""
        self._next = 100
        self._lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None

    def number(self) -> int:
        """Return the next id."""
        self._next += 1
        return self._next

    # Life

    def start(self) -> str:
        """Listen; returns the organisation's URL."""
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                stub._serve(self)

            do_POST = do_PATCH = do_GET  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/our-organisation"

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    # Answering

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length)
        parts = urlsplit(request.path)
        prefix, _, path = unquote(parts.path).partition("/_apis/")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with self._lock:
            self.calls.append((request.command, path))
            trouble = self._trouble(request.command, path)
            if trouble is not None and not trouble.after:
                self._send(request, trouble.status, trouble.body, trouble.headers)
                return
            try:
                self._authorise(request, prefix, query)
                data = json.loads(body) if body else None
                answer, headers = self._route(request.command, path, query, data)
                status = 200
            except Refused as error:
                answer, headers, status = _error(error), {}, error.status
            if trouble is not None:
                request.close_connection = True
                request.connection.close()
                return
        self._send(request, status, json.dumps(answer).encode(), headers)

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        request.send_response(status)
        kind = "application/json; charset=utf-8" if body[:1] in b"{[" else "text/html"
        for name, value in {"Content-Type": kind, **headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def _trouble(self, method: str, path: str) -> Trouble | None:
        for trouble in self.troubles:
            fits = trouble.times and trouble.method == method and re.search(trouble.path, path)
            if fits and trouble.due():
                trouble.times -= 1
                return trouble
        return None

    def _authorise(self, request: BaseHTTPRequestHandler, prefix: str, query: dict[str, str]) -> None:
        wanted = "Basic " + base64.b64encode(f":{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            raise Refused(401, "UnauthorizedRequestException", "TF400813: The user is not authorized.")
        if prefix != f"/our-organisation/{PROJECT}":
            raise Refused(
                404,
                "ProjectDoesNotExistWithNameException",
                "TF200016: The following project does not exist.",
            )
        version = query.get("api-version", "")
        if version == "7.1" and self.preview_only and "testplan" in request.path:
            raise Refused(400, "VssInvalidPreviewVersionException", "The requested version is under preview.")
        if version not in {"7.1", "7.1-preview"}:
            raise Refused(400, "VssVersionNotSpecifiedException", "No api-version was supplied.")

    def _route(self, method: str, path: str, query: dict[str, str], data: Any) -> tuple[Any, dict[str, str]]:
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", r"wit/wiql", self._wiql),
            ("POST", r"wit/workitemsbatch", self._batch),
            ("POST", r"wit/workitems/\$(Test Case|Bug|Issue|Question)", self._create),
            ("PATCH", r"wit/workitems/(\d+)", self._update),
            ("GET", r"testplan/plans/(\d+)", self._plan),
            ("GET", r"testplan/Plans/(\d+)/suites", self._list_suites),
            ("POST", r"testplan/Plans/(\d+)/suites", self._create_suite),
            ("GET", r"testplan/configurations", self._list_configurations),
            ("POST", r"testplan/configurations", self._create_configuration),
            ("GET", r"testplan/Plans/(\d+)/Suites/(\d+)/TestCase", self._suite_cases),
            ("POST", r"testplan/Plans/(\d+)/Suites/(\d+)/TestCase", self._add_cases),
            ("PATCH", r"testplan/Plans/(\d+)/Suites/(\d+)/TestCase", self._update_cases),
            ("GET", r"testplan/Plans/(\d+)/Suites/(\d+)/TestPoint", self._list_points),
            ("GET", r"test/runs", self._list_runs),
            ("POST", r"test/runs", self._create_run),
            ("GET", r"test/Runs/(\d+)/results", self._list_results),
            ("PATCH", r"test/Runs/(\d+)/results", self._update_results),
            ("PATCH", r"test/runs/(\d+)", self._update_run),
        ]
        for verb, pattern, call in routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                numbers: list[Any] = [int(each) if each.isdecimal() else each for each in found.groups()]
                if "lans/" in path and numbers and numbers[0] != PLAN:
                    raise Refused(404, "TestObjectNotFoundException", f"Test plan {numbers[0]} not found.")
                answer = call(*numbers, query=query, data=data)
                return answer if isinstance(answer, tuple) else (answer, {})
        raise Refused(404, "", f"The controller for path '/{path}' was not found.")

    # Work items

    def _wiql(self, *, query: Json, data: Json) -> Json:  # noqa: ARG002
        found = re.search(r"\[System.Tags\] CONTAINS '((?:[^']|'')*)'", data["query"])
        kind = re.search(r"\[System.WorkItemType\] = '(Test Case|Bug|Issue|Question)'", data["query"])
        if found is None or kind is None or "@project" not in data["query"]:
            raise Refused(400, "SyntaxErrorException", "TF51006: The query statement is missing a clause.")
        tag = found[1].replace("''", "'").casefold()
        ids = [
            number
            for number, item in sorted(self.items.items())
            if item["fields"]["System.WorkItemType"] == kind[1]
            and tag in [each.strip().casefold() for each in item["fields"].get("System.Tags", "").split(";")]
        ]
        return {"queryType": "flat", "workItems": [{"id": number, "url": f"/{number}"} for number in ids]}

    def _batch(self, *, query: Json, data: Json) -> Json:  # noqa: ARG002
        if len(data["ids"]) > 200:
            raise Refused(400, "VssPropertyValidationException", "VS402337: At most 200 ids can be asked.")
        value: list[Json | None] = []
        for number in data["ids"]:
            item = self.items.get(number)
            if item is None:
                if data.get("errorPolicy") != "Omit":
                    raise Refused(
                        404,
                        "WorkItemUnauthorizedAccessException",
                        f"TF401232: Work item {number} is missing.",
                    )
                value.append(None)
                continue
            known = {**item["fields"], "System.Id": number, "System.Rev": item["rev"]}
            value.append(
                {
                    "id": number,
                    "rev": item["rev"],
                    "fields": {name: known[name] for name in data["fields"] if name in known},
                }
            )
        return {"count": len(value), "value": value}

    def _create(self, kind: str, *, query: Json, data: list[Json]) -> Json:  # noqa: ARG002
        number = self.number()
        state = "Design" if kind == "Test Case" else "New"
        fields = {"System.State": state, "System.WorkItemType": kind}
        item: Json = {"id": number, "rev": 0, "fields": fields, "relations": []}
        self._patch(item, data)
        self.items[number] = item
        return item

    def _update(self, number: int, *, query: Json, data: list[Json]) -> Json:  # noqa: ARG002
        if number not in self.items:
            raise Refused(
                404, "WorkItemUnauthorizedAccessException", f"TF401232: Work item {number} is missing."
            )
        if self.meanwhile is not None:
            other, self.meanwhile = self.meanwhile, None
            other()
        self._patch(self.items[number], data)
        return self.items[number]

    def _patch(self, item: Json, patch: Any) -> None:
        if not isinstance(patch, list):
            raise Refused(400, "VssPropertyValidationException", "You must pass a valid patch document.")
        fields = dict(item["fields"])
        for each in patch:
            if each["op"] == "test" and each["path"] == "/rev":
                if each["value"] != item["rev"]:
                    raise Refused(
                        412,
                        "TestPatchOperationFailedException",
                        f"VS403351: Test Operation for path /rev failed value {item['rev']} "
                        f"not equal to {each['value']}.",
                    )
            elif each["path"] == "/relations/-":
                self._relate(item, each["value"])
            elif each["op"] in {"add", "replace"}:
                fields[each["path"].removeprefix("/fields/")] = each["value"]
        if self.forbidden_area and fields.get("System.AreaPath") == self.forbidden_area:
            raise Refused(
                403,
                "WorkItemUnauthorizedAccessException",
                "TF237111: The current user may not save work items under the specified area path.",
            )
        if len(fields.get("System.Title", "")) > 255 or not fields.get("System.Title"):
            raise Refused(
                400,
                "RuleValidationException",
                "TF401320: Rule Error for field Title. Error code: InvalidTooLong.",
            )
        if fields.get(_ID):
            # The service lays the markup out in its own way.
            fields[_ID] = (
                fields[_ID]
                .replace("&lt;P&gt;", "&lt;DIV&gt;&lt;P&gt;")
                .replace("&lt;/P&gt;", "&amp;nbsp;&lt;/P&gt;&lt;/DIV&gt;")
                if "&lt;DIV&gt;" not in fields[_ID]
                else fields[_ID]
            )
        item["fields"] = fields
        item["rev"] += 1

    def _relate(self, item: Json, relation: Json) -> None:
        if int(relation["url"].rpartition("/")[2]) not in self.items:
            raise Refused(400, "VssPropertyValidationException", "TF201035: The linked work item is missing.")
        item["relations"].append(relation)

    # Plan

    def _plan(self, plan: int, *, query: Json, data: Any) -> Json:  # noqa: ARG002
        return {"id": plan, "name": "Plan", "rootSuite": {"id": ROOT, "name": "Plan"}}

    def _paged(self, entries: list[Json], query: Json) -> tuple[Json, dict[str, str]]:
        start = int(query.get("continuationToken", 0))
        page = entries[start : start + PAGE]
        more = start + PAGE < len(entries)
        return {"count": len(page), "value": page}, (
            {"x-ms-continuationtoken": str(start + PAGE)} if more else {}
        )

    def _list_suites(self, plan: int, *, query: Json, data: Any) -> Any:  # noqa: ARG002
        return self._paged(list(self.suites.values()), query)

    def _create_suite(self, plan: int, *, query: Json, data: Json) -> Json:  # noqa: ARG002
        parent = data["parentSuite"]["id"]
        if parent not in self.suites:
            raise Refused(404, "TestObjectNotFoundException", f"Test suite {parent} not found.")
        if any(
            each["name"] == data["name"] and (each["parentSuite"] or {}).get("id") == parent
            for each in self.suites.values()
        ):
            raise Refused(409, "TestSuiteDuplicateNameException", "A suite with this name is there already.")
        number = self.number()
        suite = {
            "id": number,
            "name": data["name"],
            "parentSuite": {"id": parent},
            "suiteType": "staticTestSuite",
        }
        self.suites[number] = suite
        return suite

    def _list_configurations(self, *, query: Json, data: Any) -> Any:  # noqa: ARG002
        return self._paged(list(self.configurations.values()), query)

    def _create_configuration(self, *, query: Json, data: Json) -> Json:  # noqa: ARG002
        number = self.number()
        self.configurations[number] = {**data, "id": number}
        return self.configurations[number]

    def _suite_cases(self, plan: int, suite: int, *, query: Json, data: Any) -> Any:  # noqa: ARG002
        entries = [
            {
                "workItem": {"id": case},
                "pointAssignments": [{"id": 0, "configurationId": each} for each in configurations],
            }
            for case, configurations in self.in_suite.get(suite, {}).items()
        ]
        return self._paged(entries, query)

    def _add_cases(self, plan: int, suite: int, *, query: Json, data: list[Json]) -> Json:
        there = self.in_suite.setdefault(suite, {})
        for each in data:
            if int(each["workItem"]["id"]) in there:
                raise Refused(
                    400,
                    "TestManagementValidationException",
                    "Duplicate test cases can't be added to a suite.",
                )
        return self._update_cases(plan, suite, query=query, data=data)

    def _update_cases(self, plan: int, suite: int, *, query: Json, data: list[Json]) -> Json:  # noqa: ARG002
        there = self.in_suite.setdefault(suite, {})
        for each in data:
            case = int(each["workItem"]["id"])
            wanted = [int(point["configurationId"]) for point in each["pointAssignments"]]
            there[case] = wanted
            for configuration in wanted:
                if not any(
                    (point["suite"], point["case"], point["configuration"]) == (suite, case, configuration)
                    for point in self.points.values()
                ):
                    number = self.number()
                    self.points[number] = {
                        "id": number,
                        "suite": suite,
                        "case": case,
                        "configuration": configuration,
                        "outcome": "unspecified",
                        "tester": None,
                        "by": None,
                    }
        return {"count": len(data), "value": data}

    def _list_points(self, plan: int, suite: int, *, query: Json, data: Any) -> Any:  # noqa: ARG002
        entries = [
            {
                "id": each["id"],
                "configuration": {"id": each["configuration"]},
                "testCaseReference": {"id": each["case"]},
                "tester": each["tester"],
                "results": {"outcome": each["outcome"], "lastResultDetails": {"runBy": each["by"]}},
            }
            for each in self.points.values()
            if each["suite"] == suite
        ]
        return self._paged(entries, query)

    # Runs

    def _list_runs(self, *, query: Json, data: Any) -> Json:  # noqa: ARG002
        page = self._skipped(list(self.test_runs.values()), query)
        return {"count": len(page), "value": page}

    def _create_run(self, *, query: Json, data: Json) -> Json:  # noqa: ARG002
        number = self.number()
        self.test_runs[number] = {
            "id": number,
            "name": data["name"],
            "state": "InProgress",
            "comment": data["comment"],
        }
        self.results[number] = [
            {
                "id": 100000 + place,
                "state": "Unspecified",
                "outcome": "Unspecified",
                "testPoint": {"id": str(point)},
            }
            for place, point in enumerate(data["pointIds"])
        ]
        return self.test_runs[number]

    def _list_results(self, run: int, *, query: Json, data: Any) -> Json:  # noqa: ARG002
        page = self._skipped(self.results[run], query)
        if query.get("detailsToInclude") != "Point":
            page = [{key: value for key, value in each.items() if key != "testPoint"} for each in page]
        return {"count": len(page), "value": page}

    def _skipped(self, entries: list[Json], query: Json) -> list[Json]:
        """Give fewer than are asked for, as the service does with details."""
        start, top = int(query.get("$skip", 0)), int(query.get("$top", 100))
        return entries[start : start + min(top, PAGE)]

    def _update_results(self, run: int, *, query: Json, data: list[Json]) -> Json:  # noqa: ARG002
        by_id = {each["id"]: each for each in self.results[run]}
        for each in data:
            by_id[each["id"]].update(each)
            point = self.points[int(by_id[each["id"]]["testPoint"]["id"])]
            point["outcome"] = each["outcome"][0].lower() + each["outcome"][1:]
        return {"count": len(data), "value": data}

    def _update_run(self, run: int, *, query: Json, data: Json) -> Json:  # noqa: ARG002
        self.test_runs[run].update(data)
        return self.test_runs[run]


def _error(error: Refused) -> Json:
    return {
        "$id": "1",
        "innerException": None,
        "message": str(error),
        "typeName": f"Microsoft.TeamFoundation.{error.kind}, Microsoft.TeamFoundation",
        "typeKey": error.kind,
        "errorCode": 0,
        "eventId": 3000,
    }
