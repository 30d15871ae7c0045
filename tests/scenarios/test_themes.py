"""Themes: the shipped file is honest and whole, and a user's own is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data import folder
from harness.errors import ConfigurationError
from harness.scenarios.catalogue import read_scenario, scenario_files
from harness.scenarios.themes import read, theme_of, themes_of
from harness.stages.options import STAGES

SHIPPED = themes_of(folder("test_catalogue"))


def test_only_three_titles_are_public() -> None:
    """No invented title is shown as the programme's."""
    assert {(theme.stage, theme.number) for theme in SHIPPED if theme.basis == "published"} == {
        ("sit-functional", "8"),
        ("sit-non-functional", "1"),
        ("sit-non-functional", "2"),
    }
    assert {theme.stage for theme in SHIPPED} <= set(STAGES)


def test_every_area_of_the_functional_and_migration_stages_has_a_theme_and_its_folder() -> None:
    """A scenario lies in the folder of its area and belongs to a theme."""
    for path in scenario_files(folder("test_catalogue")):
        scenario = read_scenario(path)
        if scenario.stage in ("sit-functional", "sit-migration"):
            assert scenario.theme, path
            assert path.parent.name == scenario.area, path
            assert path.parent.parent.name == scenario.stage.replace("-", "_"), path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("themes: {}", "no list"),
        ("themes: [{theme: A, stage: cit}]", "has no 'title'"),
        ("themes: [{theme: A, stage: cit, title: T, basis: guess}]", "basis is 'guess'"),
        ("themes: [{theme: A, stage: cit, title: T, ares: [x]}]", "areas"),
        (
            "themes: [{theme: A, stage: s, title: T, areas: [x]}, {theme: B, stage: s, title: T, areas: [x]}"
            "]",
            "'x' is there twice",
        ),
        ("themes: [{theme: A, stage: s, title: T}, {theme: A, stage: s, title: T}]", "'A' is there twice"),
    ],
)
def test_a_wrong_file_of_themes_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """A programme that brings its own themes is told what is wrong with them."""
    path = tmp_path / "themes.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read(path)


def test_a_catalogues_own_themes_replace_the_shipped_ones(tmp_path: Path) -> None:
    """The nearest file above a scenario counts."""
    (tmp_path / "themes.yaml").write_text(
        "themes: [{theme: Z, stage: sit-functional, title: Mine, areas: [here]}]"
    )
    assert theme_of(themes_of(tmp_path / "sit_functional" / "here"), "sit-functional", "here") == "Z"
    assert theme_of(SHIPPED, "sit-functional", "here") == ""
