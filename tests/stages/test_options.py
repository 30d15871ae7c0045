"""What a run may be asked, and what a wrong question is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.stages.options import options, read_answers
from harness.stages.targets import provider


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"stage": "cti"}, "'cti' is no stage here. Did you mean 'cit'"),
        ({"stage": "cit", "releases": ("2.1",)}, "'2.1' is no release here. Did you mean '2.1.0'"),
        ({"stage": "cit", "interfaces": ("IF-31",)}, "Did you mean 'IF-031'"),
        ({"stage": "cit", "events": ("DSAppActve",)}, "Did you mean 'DSAppActive'"),
        ({"stage": "cit", "roles": ("SUPP",)}, "Did you mean 'SUP'"),
        ({"stage": "cit", "segments": ("smrt",)}, "Did you mean 'smart'"),
        ({"stage": "cit", "environment": "PRD"}, "'PRD' is no environment here"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    tmp_path: Path, asked: dict[str, object], says: str
) -> None:
    """Every closed list of names helps to mend a slip, and production is no environment."""
    with pytest.raises(ConfigurationError) as caught:
        options(**asked, out=tmp_path / "run")  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    """A folder that holds a run is refused before anything starts."""
    (tmp_path / "events.ndjson").write_text("")
    with pytest.raises(ConfigurationError, match="holds a run already"):
        options(stage="cit", out=tmp_path)


def test_names_are_taken_as_people_write_them(tmp_path: Path) -> None:
    """Case of stage, role and interface and brackets of an event do not matter."""
    chosen = options(
        stage="CIT", interfaces=("if-031",), events=("[MSApp]",), roles=("sup",), out=tmp_path / "run"
    )
    assert (chosen.stage, chosen.selection.interfaces, chosen.selection.events) == (
        "cit",
        ("IF-031",),
        ("MSApp",),
    )
    assert chosen.selection.roles == ("SUP",)


def test_answers_are_a_mapping_of_texts(tmp_path: Path) -> None:
    """A malformed answers file is named and mended in words."""
    path = tmp_path / "answers.yaml"
    path.write_text('"Is it on the screen?": yes\n')
    assert read_answers(path) == {"Is it on the screen?": "yes"}
    path.write_text("- yes\n")
    with pytest.raises(ConfigurationError, match="no mapping of question to answer"):
        read_answers(path)


def test_a_target_is_a_known_name_or_a_profile_file() -> None:
    """What is neither is answered with the nearest name."""
    assert provider("embedded") is not None
    assert provider("somewhere.toml") is None
    with pytest.raises(ConfigurationError, match="Did you mean 'embedded'"):
        provider("embeded")


def test_themes_are_asked_for_by_our_id_or_their_number_and_areas_by_name(tmp_path: Path) -> None:
    """A theme of another stage is none of this one's."""
    chosen = options(stage="sit-functional", themes=("2", "f8"), areas=("reverse",), out=tmp_path / "run")
    assert chosen.selection.themes == ("F2", "F8")
    assert chosen.selection.areas == ("reverse",)
    with pytest.raises(ConfigurationError, match="M2"):
        options(stage="sit-migration", themes=("F2",), out=tmp_path / "run")
