"""Settlement runs, migration days and opening times: laws, and the figures of the shipped files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendars.book import VARIABLE, calendars, load
from harness.calendars.local_time import local_date, local_time
from harness.errors import ConfigurationError

DAYS = st.dates(date(2023, 1, 1), date(2027, 6, 1))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 6, 1)).map(lambda each: each.replace(tzinfo=UTC))


@settings(deadline=None)
@given(DAYS, st.sampled_from(["legacy", "new"]))
def test_runs_follow_one_another_on_working_days(day: date, timetable: str) -> None:
    """Each run of a settlement day is a working day later than the run before."""
    found = calendars()
    dates = [found.settlement_run_date(day, run, timetable) for run in found.timetables[timetable].runs]
    assert all(found.is_working_day(each) for each in dates)
    assert [day, *dates] == sorted({day, *dates})


@settings(deadline=None)
@given(DAYS, st.sampled_from(["SF", "R1", "R2", "R3", "RF"]))
def test_a_later_settlement_day_never_has_an_earlier_run(day: date, run: str) -> None:
    """Runs keep the order of their settlement days."""
    first, second = (calendars().settlement_run_date(each, run) for each in (day, day + timedelta(days=1)))
    assert first <= second


def test_the_timetable_changes_with_the_settlement_day() -> None:
    """From 2 July 2027 the new timetable holds: it has a run II, and neither R2 nor R3."""
    found = calendars()
    assert found.timetable(date(2027, 7, 1)).name == "legacy"
    assert found.timetable(date(2027, 7, 2)).name == "new"
    # Friday 1 May 2026 + 4: Monday 4 May is a bank holiday.
    assert found.settlement_run_date(date(2026, 5, 1), "II", "new") == date(2026, 5, 8)
    assert found.settlement_run_date(date(2026, 5, 1), "SF") == date(2026, 5, 27)
    with pytest.raises(ConfigurationError, match="'R2' is no run"):
        found.settlement_run_date(date(2027, 7, 2), "R2")
    with pytest.raises(ConfigurationError, match="'nwe' is no timetable here"):
        found.settlement_run_date(date(2027, 7, 2), "SF", "nwe")


def test_points_migrate_on_working_days_of_the_migration_period() -> None:
    """Weekends, bank holidays and days outside the period are no migration days, and each says why."""
    migration = calendars().migration
    assert migration.why_not(date(2025, 9, 30)).startswith("outside the migration period")
    assert migration.why_not(date(2026, 8, 31)) == "Summer"
    assert migration.why_not(date(2026, 8, 29)) == "Saturday"
    assert calendars().is_migration_day(date(2026, 8, 28))
    assert migration.on_or_after(date(2026, 8, 29)) == date(2026, 9, 1)
    assert migration.on_or_after(date(2024, 1, 1)) == date(2025, 10, 1)
    with pytest.raises(ConfigurationError, match="no migration day is left"):
        migration.on_or_after(date(2027, 6, 1))


@settings(deadline=None)
@given(MOMENTS)
def test_a_service_is_open_at_its_next_opening_and_not_before(moment: datetime) -> None:
    """The next opening is open, and no minute before it is."""
    desk = calendars().opening_times("support")
    opens = desk.next_opening(moment)
    assert opens is not None
    assert desk.is_open(opens)
    assert opens == moment or not desk.is_open(opens - timedelta(minutes=1))
    assert calendars().is_open("dip", moment)


def test_opening_times_are_clock_time() -> None:
    """09:00 is 08:00 in UTC in summer and 09:00 in winter; on a bank holiday the desk is closed."""
    found = calendars()
    assert found.is_open("support", datetime(2026, 7, 1, 8, 0, tzinfo=UTC))
    assert not found.is_open("support", datetime(2026, 1, 7, 8, 59, tzinfo=UTC))
    assert found.is_open("support", datetime(2026, 1, 7, 9, 0, tzinfo=UTC))
    assert not found.is_open("support", datetime(2026, 8, 31, 10, 0, tzinfo=UTC))
    assert found.is_open("support", datetime(2026, 1, 7, 16, 59, tzinfo=UTC))
    assert not found.is_open("support", datetime(2026, 1, 7, 17, 0, tzinfo=UTC))


def test_the_most_particular_kind_of_day_wins(tmp_path: Path) -> None:
    """A weekday's own times go before working days, these before every day; a closed day has none."""
    (tmp_path / "opening.yaml").write_text(
        "services: {desk: {title: Desk, basis: assumed, reason: r, calendar: england-wales, open: {"
        "every day: ['10:00-12:00'], working days: ['08:00-18:00'], Friday: ['08:00-12:00', '13:00-16:00']}, "
        "closed: [{date: 2026-09-02, name: move}]}}\n",
        encoding="utf-8",
    )
    desk = load(str(tmp_path)).opening_times("desk")
    late_august = [desk.on(date(2026, 8, 28) + timedelta(days=n)) for n in range(7)]
    working, rest, friday = ((480, 1080),), ((600, 720),), ((480, 720), (780, 960))
    assert late_august == [friday, rest, rest, rest, working, (), working]
    assert desk.on(date(2026, 4, 3)) == rest
    after = desk.next_opening(datetime(2026, 9, 1, 17, 0, tzinfo=UTC))
    assert after == datetime(2026, 9, 3, 7, 0, tzinfo=UTC)


def test_a_service_that_never_opens_says_so(tmp_path: Path) -> None:
    """No opening within a year is None, not an endless search."""
    (tmp_path / "opening.yaml").write_text(
        "services: {shut: {title: Shut, basis: assumed, reason: r, calendar: england-wales, "
        "open: {Sunday: []}}}\n",
        encoding="utf-8",
    )
    assert load(str(tmp_path)).opening_times("shut").next_opening(datetime(2026, 9, 1, tzinfo=UTC)) is None


@given(MOMENTS)
def test_the_local_date_is_that_of_the_local_time(moment: datetime) -> None:
    """Clock time runs at most an hour ahead of UTC, and its date is the local date."""
    assert timedelta() <= local_time(moment) - moment.replace(tzinfo=None) <= timedelta(hours=1)
    assert local_time(moment).date() == local_date(moment)


def test_a_users_file_stands_for_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DIP_CALENDARS names a folder whose files replace those of the same name, and nothing else."""
    (tmp_path / "migration.yaml").write_text(
        "calendar: scotland\nbasis: published\nreason: ours\nfrom: '2026-03-01'\nuntil: 2026-03-31\n"
        "days: [Tuesday]\nworking_days_only: true\nclosed: [{date: 2026-03-10, name: freeze}]\n"
        "extra: [{date: 2026-03-14, name: catch-up}]\n",
        encoding="utf-8",
    )
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    found = calendars()
    open_days = [day for day in range(1, 32) if found.is_migration_day(date(2026, 3, day))]
    assert open_days == [3, 14, 17, 24, 31]
    assert found.migration.why_not(date(2026, 3, 10)) == "freeze"
    assert found.timetables.keys() == {"legacy", "new"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("migration", "calendar: mars\n", "is a required property"),
        ("settlement", "calendar: scotlnd\ntimetables: {x: {title: X, basis: assumed, from: 2026-01-01, "
         "runs: {SF: 1}}}\n", "Did you mean 'scotland'"),
        ("settlement", "calendar: scotland\ntimetables: {x: {title: X, basis: assumed, from: '2026-02-30', "
         "runs: {SF: 1}}}\n", "'2026-02-30' is no date"),
        ("opening", "services: {a: {title: A, basis: assumed, reason: r, calendar: scotland, "
         "open: {every day: ['9-5']}}}\n", "services.a.open.every day.0"),
        ("working-days", "calendars: {x: {title: X, covers: {from: 2026, until: 2026}, rules: [], "
         "moved: [{name: M, from: 2026-05-04, to: 2026-05-05}]}}\n", "no rule makes a holiday"),
    ],
)  # fmt: skip
def test_a_wrong_file_says_where(tmp_path: Path, name: str, text: str, said: str) -> None:
    """A file of the user's that can't be right is refused with file, place and what is wrong."""
    (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load(str(tmp_path))
    assert said in str(refused.value)
    assert f"{name}.yaml" in str(refused.value) or name == "working-days"


def test_a_folder_that_is_not_there_is_refused() -> None:
    """A mistyped DIP_CALENDARS is an error, not the shipped calendars."""
    with pytest.raises(ConfigurationError, match="is no folder"):
        load("/nowhere/at/all")
