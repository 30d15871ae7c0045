"""Azure DevOps both ways, against a stub of its REST API over sockets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from azure_devops_stub import TOKEN, Stub, Trouble
from azure_project import Project
from played_run import play

from harness.errors import ConfigurationError, EnvironmentFault
from harness.exchange.azure_devops import api
from harness.exchange.azure_devops.steps import TestStep, from_xml, to_xml
from harness.registers.reading import read_registers

STEPS = "Microsoft.VSTS.TCM.Steps"
TITLE = "System.Title"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Keep what would have been waited, instead of waiting."""
    asked: list[float] = []
    monkeypatch.setattr(api.AzureDevOps.__init__, "__kwdefaults__", {"sleep": asked.append})
    return asked


def _state(stub: Stub) -> dict[str, Any]:
    """Return all that stands in the service."""
    return {
        "titles": sorted(each["fields"][TITLE] for each in stub.items.values()),
        "revisions": sorted((number, each["rev"]) for number, each in stub.items.items()),
        "suites": sorted((each["name"], str(each["parentSuite"])) for each in stub.suites.values()),
        "configurations": sorted(each["name"] for each in stub.configurations.values()),
        "points": sorted((p["case"], p["configuration"], p["outcome"]) for p in stub.points.values()),
        "runs": sorted((each["name"], each["state"]) for each in stub.test_runs.values()),
    }


def _item(stub: Stub, key: str) -> dict[str, Any]:
    return next(each for each in stub.items.values() if f"dip-id:{key}" in each["fields"]["System.Tags"])


def test_scenarios_stand_there_as_test_cases_with_steps_suites_and_points(project: Project) -> None:
    """Each scenario is one test case with its steps, in the suite of stage and area, a point per party."""
    run = play(project.folder / "run", {"CIT-ONE": "pass", "CIT-TWO": "fail"})
    done = project.ado("push", run)
    assert done.exit_code == 0, done.output or done.exception
    state = _state(project.stub)
    assert len(state["titles"]) == 3
    assert {name for name, _ in state["suites"]} == {"Plan", "cit", "exchange", "delivery"}
    assert state["configurations"] == ["Agent A (MSS)", "Supplier A (SUP)"]
    assert [outcome for *_, outcome in state["points"]] == ["passed", "passed", "failed", "failed"]
    assert state["runs"] == [("dip r1", "Completed")]
    steps = from_xml(_item(project.stub, "CIT-ONE")["fields"][STEPS])
    assert [each.action.split(":")[0] for each in steps] == ["send", "advance"]
    assert "codes: MSG0000" in steps[0].expected
    assert steps[1].expected == "expect none"
    ids = read_registers(project.folder / "registers").test_ids
    assert ids["CIT-ONE"] == {"azure-devops": str(_item(project.stub, "CIT-ONE")["id"])}
    comments = [result["comment"] for each in project.stub.results.values() for result in each]
    assert all(comment.startswith("rehearsal, run r1") for comment in comments)
    assert any("move: the central system" in comment for comment in comments)


def test_nothing_is_lost_or_doubled_in_three_rounds(project: Project) -> None:
    """Push and pull, three times, leave the service and the ledger as the first round made them."""
    run = play(project.folder / "run", {"CIT-ONE": "pass", "CIT-TWO": "fail", "CIT-THREE": "inconclusive"})
    assert project.ado("push", run).exit_code == 0
    assert project.ado("pull", "--stage", "cit").exit_code == 0
    first, ledger = _state(project.stub), project.profile.with_suffix(".json").read_bytes()
    for _ in range(2):
        done = project.ado("push", run)
        assert done.exit_code == 0
        assert "everything is in step" in done.output
        assert "everything is in step" in project.ado("pull", "--stage", "cit").output
    assert _state(project.stub) == first
    assert project.profile.with_suffix(".json").read_bytes() == ledger


def _count(project: Project, run: Path) -> int:
    """Count the calls of a whole push into an empty plan."""
    assert project.ado("push", run).exit_code == 0
    return len(project.stub.calls)


def test_a_push_cut_off_anywhere_is_made_again_without_doubling(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the connection breaks after the service did what was asked, a repeat completes it."""
    run = play(project.folder / "run", {"CIT-ONE": "pass", "CIT-TWO": "fail"})
    whole = _count(project, run)
    wanted = _state(project.stub)
    writing = [number for number, (method, path) in enumerate(project.stub.calls) if _writes(method, path)]
    assert len(writing) > 10
    monkeypatch.setattr("azure_devops_stub.PAGE", 50)
    for number in writing:
        stub = Stub()
        url = stub.start()
        again = Project(stub, tmp_path / str(number))
        again.folder.mkdir()
        again.begin(url)
        nth = [n for n in writing if n <= number]
        method, path = project.stub.calls[number]
        same = sum(_like(*project.stub.calls[n]) == _like(method, path) for n in nth)
        stub.troubles = [_Nth(method, _like(method, path)[1], same)]
        broken = again.ado("push", run)
        assert isinstance(broken.exception, EnvironmentFault), (number, broken.output, broken.exception)
        done = again.ado("push", run)
        assert done.exit_code == 0, (number, done.output, done.exception)
        assert _shape(_state(stub)) == _shape(wanted), project.stub.calls[number]
        stub.stop()
    assert whole == len(project.stub.calls)


def _writes(method: str, path: str) -> bool:
    return method != "GET" and path not in {"wit/wiql", "wit/workitemsbatch"}


def _like(method: str, path: str) -> tuple[str, str]:
    """Return the kind of a call: its ids as a pattern."""
    parts = [r"\d+" if part.isdecimal() else part.replace("$", r"\$") for part in path.split("/")]
    return method, f"^{'/'.join(parts)}$"


class _Nth(Trouble):
    """Breaks the connection after the n-th call of a kind was carried out."""

    def __init__(self, method: str, path: str, nth: int) -> None:
        super().__init__(method, path, after=True, times=1)
        self._left = nth

    def due(self) -> bool:
        """Count a call; say whether it is the one."""
        self._left -= 1
        return self._left == 0


def _shape(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out ids, which differ from service to service."""
    return {
        **state,
        "revisions": [revision for _, revision in state["revisions"]],
        "suites": sorted(name for name, _ in state["suites"]),
        "points": sorted(outcome for *_, outcome in state["points"]),
    }


def test_a_lost_ledger_is_found_again_by_tags(project: Project) -> None:
    """Without its ledger a push finds every test case, suite and outcome, and makes none twice."""
    run = play(project.folder / "run", {"CIT-ONE": "pass"})
    project.ado("push", run)
    first = _state(project.stub)
    project.profile.with_suffix(".json").unlink()
    assert project.ado("push", run).exit_code == 0
    assert _state(project.stub) == first


def test_what_changed_here_is_updated_and_what_changed_there_is_left(project: Project) -> None:
    """Our change goes over; theirs stays and is listed; both at once is a conflict that a person decides."""
    project.ado("push", "--stage", "cit")
    project.scenario("CIT-ONE", "A supplier appoints an agent")
    _item(project.stub, "CIT-TWO")["fields"][TITLE] = "CIT-TWO: their words"
    _item(project.stub, "CIT-TWO")["rev"] += 1
    done = project.ado("push", "--stage", "cit", "--json")
    assert done.exit_code == 0
    told = {each["name"]: each["what"] for each in json.loads(done.stdout)["done"]}
    assert told == {"CIT-ONE": "updated", "CIT-TWO": "changed there"}
    assert _item(project.stub, "CIT-ONE")["fields"][TITLE] == "CIT-ONE: A supplier appoints an agent"
    assert _item(project.stub, "CIT-TWO")["fields"][TITLE] == "CIT-TWO: their words"
    project.scenario("CIT-TWO", "our words")
    done = project.ado("push", "--stage", "cit")
    assert done.exit_code == 1
    assert "changed on both sides" in done.output
    assert _item(project.stub, "CIT-TWO")["fields"][TITLE] == "CIT-TWO: their words"
    assert project.ado("push", "--stage", "cit", "--take", "CIT-TWO=ours").exit_code == 0
    assert _item(project.stub, "CIT-TWO")["fields"][TITLE] == "CIT-TWO: our words"
    assert "everything is in step" in project.ado("push", "--stage", "cit").output


def test_their_side_can_be_taken_and_is_then_in_step(project: Project) -> None:
    """With --take ID=theirs the difference is accepted, until either side changes again."""
    project.ado("push", "--stage", "cit")
    _item(project.stub, "CIT-TWO")["fields"][TITLE] = "CIT-TWO: their words"
    project.scenario("CIT-TWO", "our words")
    assert project.ado("push", "--stage", "cit").exit_code == 1
    assert project.ado("push", "--stage", "cit", "--take", "CIT-TWO=theirs").exit_code == 0
    assert "everything is in step" in project.ado("push", "--stage", "cit").output
    assert _item(project.stub, "CIT-TWO")["fields"][TITLE] == "CIT-TWO: their words"


def test_a_change_between_reading_and_writing_is_a_conflict(project: Project) -> None:
    """The revision is tested by the service: 412 is listed, and their change stands."""
    project.ado("push", "--stage", "cit")
    project.scenario("CIT-ONE", "our words")
    item = _item(project.stub, "CIT-ONE")

    def somebody_else() -> None:
        item["fields"][TITLE] = "CIT-ONE: their words"
        item["rev"] += 1

    project.stub.meanwhile = somebody_else
    done = project.ado("push", "--stage", "cit")
    assert done.exit_code == 1
    assert "was changed just now" in done.output
    assert "VS403351" in done.output
    assert item["fields"][TITLE] == "CIT-ONE: their words"
    assert "changed on both sides" in project.ado("push", "--stage", "cit").output


def test_doubled_and_deleted_test_cases_are_listed(project: Project) -> None:
    """A copy with our tag, or a deleted test case, is a conflict; nothing is made in its place unasked."""
    project.ado("push", "--stage", "cit")
    copy = json.loads(json.dumps(_item(project.stub, "CIT-ONE")))
    project.stub.items[900] = {**copy, "id": 900}
    gone = _item(project.stub, "CIT-TWO")
    del project.stub.items[gone["id"]]
    done = project.ado("push", "--stage", "cit")
    assert done.exit_code == 1
    assert "there more than once" in done.output
    assert "deleted there" in done.output
    assert len(project.stub.items) == 3
    del project.stub.items[900]
    assert project.ado("push", "--stage", "cit", "--take", "CIT-TWO=ours").exit_code == 0
    assert len(project.stub.items) == 3


def test_a_tag_that_was_taken_away_is_put_back_beside_theirs(project: Project) -> None:
    """The test case is found by its id, keeps their tags and gets ours again."""
    project.ado("push", "--stage", "cit")
    item = _item(project.stub, "CIT-ONE")
    item["fields"]["System.Tags"] = "regression"
    assert project.ado("push", "--stage", "cit").exit_code == 0
    assert set(item["fields"]["System.Tags"].split("; ")) == {
        "regression",
        "dip-harness",
        "dip-id:CIT-ONE",
        "positive",
    }


def test_assignments_and_outcomes_are_read_back(project: Project) -> None:
    """Tester, state, assigned person and an outcome set there stand in the ledger after a pull."""
    project.ado("push", play(project.folder / "run", {"CIT-ONE": "fail"}))
    point = next(iter(project.stub.points.values()))
    point.update(
        tester={"uniqueName": "tester@example.org"}, outcome="passed", by={"displayName": "A. Tester"}
    )
    _item(project.stub, "CIT-ONE")["fields"].update(
        {"System.AssignedTo": {"uniqueName": "owner@example.org"}, "System.State": "Ready"}
    )
    done = project.ado("pull", "--stage", "cit", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["test_cases"]["CIT-ONE"]["assigned_to"] == "owner@example.org"
    assert found["test_cases"]["CIT-ONE"]["state"] == "Ready"
    points = found["test_points"].values()
    assert sorted((each["outcome"], each["tester"]) for each in points) == [
        ("Failed", ""),
        ("Passed", "tester@example.org"),
    ]
    assert any("ours was Failed" in each["said"] for each in found["done"])


def test_an_outcome_set_there_is_not_replaced_unasked(project: Project) -> None:
    """Since the last exchange somebody passed it: our new failure waits for a person's word."""
    project.ado("push", play(project.folder / "1", {"CIT-ONE": "pass"}))
    for point in project.stub.points.values():
        point["outcome"] = "blocked"
    later = play(project.folder / "2", {"CIT-ONE": "fail"}, run="r2", day="2026-11-03")
    done = project.ado("push", later)
    assert done.exit_code == 1
    assert "Blocked was set there" in done.output
    assert {each["outcome"] for each in project.stub.points.values()} == {"blocked"}
    assert project.ado("push", later, "--take", "CIT-ONE=ours").exit_code == 0
    assert {each["outcome"] for each in project.stub.points.values()} == {"failed"}
    assert len(project.stub.test_runs) == 2
    assert project.ado("push", later).exit_code == 0
    assert len(project.stub.test_runs) == 2


def test_an_older_run_does_not_replace_the_outcome_of_a_newer_one(project: Project) -> None:
    """Runs go over in the order in which they began; one that is late is left out and named."""
    old = play(project.folder / "1", {"CIT-ONE": "fail"})
    new = play(project.folder / "2", {"CIT-ONE": "pass"}, run="r2", day="2026-11-03")
    project.ado("push", new)
    done = project.ado("push", old)
    assert "run r2 is later" in done.output
    assert {each["outcome"] for each in project.stub.points.values()} == {"passed"}


def test_an_override_goes_over_as_the_outcome_and_its_end_too(project: Project) -> None:
    """What two people decided is the outcome, named in the comment; withdrawn, the verdict's is back."""
    run = play(project.folder / "1", {"CIT-ONE": "fail"})
    registers = project.folder / "registers"
    registers.mkdir()
    entry = (
        "overrides:\n- {override: O-1, cases: CIT-ONE/*, run: r1, status: passed, reason: Seen in the log.,"
        " by: A. Tester, second: B. Manager, day: 2026-11-05, approval: MIN-1%s}\n"
    )
    outcomes, runs = [], []
    for text in ("overrides: []\n", entry % "", entry % "", entry % ", withdrawn: 2026-11-06"):
        (registers / "overrides.yaml").write_text(text)
        assert project.ado("push", run, "--registers", registers).exit_code == 0
        outcomes.append({each["outcome"] for each in project.stub.points.values()})
        runs.append(len(project.stub.test_runs))
    assert outcomes == [{"failed"}, {"passed"}, {"passed"}, {"failed"}]
    assert runs == [1, 2, 2, 3]
    comments = [each["comment"] for results in project.stub.results.values() for each in results]
    assert sum("O-1: two people decided" in each for each in comments) == 2


@pytest.mark.parametrize(
    ("trouble", "error", "said"),
    [
        (Trouble("POST", "wiql", 401), ConfigurationError, "the token in TEST_PAT is refused (401)"),
        (Trouble("POST", "wiql", 203, body=b"<html>Sign in</html>"), ConfigurationError, "is refused (203)"),
        (Trouble("POST", "wiql", 302), ConfigurationError, "is refused (302)"),
        (
            Trouble("POST", "wiql", 403, body=b'{"message":"TF401027: You need the permission"}'),
            ConfigurationError,
            "TF401027",
        ),
        (
            Trouble("GET", "plans", 404, body=b'{"message":"Test plan not found"}'),
            ConfigurationError,
            "(404)",
        ),
        (
            Trouble(
                "POST", "workitems", 400, body=b'{"typeKey":"RuleValidationException","message":"TF401320"}'
            ),
            ConfigurationError,
            "refused (400, RuleValidationException): TF401320",
        ),
        (Trouble("POST", "wiql", 500, body=b"<html>"), EnvironmentFault, "failed (500)"),
        (Trouble("POST", "wiql", 429, times=99), EnvironmentFault, "asks to wait, 6 times in a row"),
        (
            Trouble("POST", "wiql", 400, body=f'{{"message":"bad token {TOKEN}"}}'.encode()),
            ConfigurationError,
            "bad token ***",
        ),
    ],
)
def test_each_error_of_the_service_says_whose_move_it_is(
    project: Project, trouble: Trouble, error: type[Exception], said: str
) -> None:
    """The exit code follows from the error; the token stands in none of them, and in no file."""
    project.stub.troubles = [trouble]
    done = project.ado("push", "--stage", "cit")
    assert isinstance(done.exception, error)
    assert said in str(done.exception)
    assert TOKEN not in str(done.exception) + done.output
    for path in project.folder.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


def test_a_call_that_is_throttled_waits_as_long_as_it_is_asked_to(
    project: Project, waits: list[float]
) -> None:
    """Retry-After is obeyed, and the push goes on."""
    project.stub.troubles = [Trouble("POST", r"workitems/\$", 429, {"Retry-After": "7"}, times=2)]
    assert project.ado("push", "--stage", "cit").exit_code == 0
    assert waits == [7.0, 7.0]
    assert len(project.stub.items) == 3


def test_a_service_that_has_the_calls_in_preview_only_is_asked_so(project: Project) -> None:
    """Where a version is under preview, the call is made again as preview."""
    project.stub.preview_only = True
    assert project.ado("push", "--stage", "cit").exit_code == 0
    assert len(project.stub.suites) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("token_env", 'token_env = "pat:abc"\n#', "Never write the token itself"),
        ("url", 'url = "http://example.org/x"\n#', "would send the token in the clear"),
        ("url", 'url = "https://me:pat@dev.azure.com/x"\n#', "holds more than an address"),
        ("plan", 'plan = "x"\n#', "expected a whole number"),
        ("project", 'projekt = "x"\n#', "project is missing"),
    ],
)
def test_a_wrong_profile_is_refused(project: Project, old: str, new: str, said: str) -> None:
    """The error names the field; nothing is called."""
    project.profile.write_text(project.profile.read_text().replace(old, new, 1))
    done = project.ado("push", "--stage", "cit")
    assert isinstance(done.exception, ConfigurationError)
    assert said in str(done.exception)
    assert project.stub.calls == []


def test_without_its_token_nothing_is_called(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named."""
    monkeypatch.delenv("TEST_PAT")
    done = project.ado("push", "--stage", "cit")
    assert "TEST_PAT holds no token" in str(done.exception)
    assert project.stub.calls == []


def test_a_ledger_of_another_plan_is_refused(project: Project) -> None:
    """Ids of one plan are never taken for those of another."""
    project.ado("push", "--stage", "cit")
    project.profile.write_text(project.profile.read_text().replace("plan = 42", "plan = 77"))
    assert "belongs to plan 42" in str(project.ado("push", "--stage", "cit").exception)


def test_steps_survive_the_way_there_and_back() -> None:
    """Marks, quotes, lines and empty expectations come back as they were."""
    steps = (TestStep('send: a < b & "c"', "one\ntwo > 1"), TestStep("advance: by: 1h"))
    assert from_xml(to_xml(steps)) == steps
    shared = '<steps id="0" last="3"><compref id="2" ref="77">' + to_xml(steps).partition(">")[2]
    shared = shared.replace("</steps>", "</compref></steps>")
    assert from_xml(shared)[0].action == "shared steps 77"
    assert from_xml("no xml <") == (TestStep("no xml <"),)
