"""Volumetrics: messages are counted from the scenarios, and add up."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.errors import ConfigurationError
from load.profile import read_profile
from load.volumetrics import SHIPPED, day, days, read_given
from load.volumetrics_profile import profile_of


def test_a_change_of_data_service_makes_the_messages_that_its_scenario_plays() -> None:
    """The public peak of 300,000 CoA a day is that many of each message of the scenario."""
    found = day(read_given(), "coa-over-bau")
    sent = {(line.interface, line.event): 0.0 for line in found.lines}
    for line in found.lines:
        sent[line.interface, line.event] += line.sent
    assert {name for name, _ in sent} == {
        "IF-031",
        "IF-032",
        "IF-033",
        "IF-034",
        "IF-035",
        "IF-036",
        "IF-037",
    }
    assert all(count == pytest.approx(300_000) for count in sent.values())
    senders = {line.sender for line in found.lines if line.interface == "IF-034"}
    assert senders == {"SDS", "ADS", "UMSDS"}


def test_the_dcc_sizing_is_named_as_a_proposal_and_not_added_to_the_agreed_peak() -> None:
    """591,000 is a day of its own, with its source; the busiest day does not hold it."""
    given = read_given()
    sizing = next(peak for peak in given.peaks if peak.name == "css-dsp-sizing")
    assert sizing.per_day == 591_000
    assert "proposal" in sizing.basis.source
    busiest = day(given, "busiest")
    assert sum(line.sent for line in busiest.lines if line.event == "DSAppActive") < 591_000


def test_hours_roles_and_parties_add_up_to_the_day() -> None:
    """What is sent by hour, by role and by all parties of a class is what the day holds."""
    given = read_given()
    found = day(given, "busiest")
    assert sum(found.hours) == pytest.approx(found.sent)
    assert sum(sent for sent, _ in found.by_role().values()) == pytest.approx(found.sent)
    assert sum(received for _, received in found.by_role().values()) == pytest.approx(found.publications)
    suppliers = [party for party in given.parties if party.role == "SUP"]
    sent = sum(found.of_party(party)[0] * party.count for party in suppliers)
    assert sent == pytest.approx(found.by_role()["SUP"][0])
    assert found.peak_per_s == pytest.approx(max(found.hours) / 3600 * given.burst)


@pytest.mark.parametrize("name", days(read_given()))
def test_a_profile_of_each_day_can_be_read(name: str, tmp_path: Path) -> None:
    """What is generated is a valid profile whose rate is that of the day's busiest hour."""
    given = read_given()
    found = day(given, name)
    path = tmp_path / "generated.yaml"
    path.write_text(profile_of(given, found), encoding="utf-8")
    profile = read_profile(path)
    assert profile.shape[0].rate == pytest.approx(max(found.hours) / 3600, abs=0.01)


def test_a_figure_without_a_source_is_refused(tmp_path: Path) -> None:
    """Nobody's number is no figure: the file says where."""
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    del content["processes"][0]["per_point_day"]["source"]
    path = tmp_path / "given.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="processes/consumption: per_point_day: has no source"):
        read_given(path)
