"""The requirement register."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.scenarios.requirements import read_register, shipped
from harness.spec.release import load, names

_SOURCES = """
sources:
  api: {title: A title, publisher: P, address: "", note: N}
"""
_ENTRY = """
requirements:
  - id: DH-AB-001
    title: A title that is long enough
    text: A text that is long enough to say something.
    type: F
    source: api
    clause: Somewhere
    roles: [ALL, DIP]
    interfaces: [IF-031]
    basis: published
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a register with one requirement."""
    (tmp_path / "sources.yaml").write_text(_SOURCES)
    (tmp_path / "one.yaml").write_text(_ENTRY)
    return tmp_path


def test_every_interface_has_an_exchange_requirement() -> None:
    """Each interface and report of each shipped release has a requirement of its own, and it names it."""
    for release in names():
        for interface in load(release).interfaces:
            assert shipped()[f"DH-{interface}"].interfaces == (interface,)


def test_ids_are_our_own() -> None:
    """No id can be taken for one of the programme."""
    assert all(identifier.startswith("DH-") for identifier in shipped())
    assert len(shipped()) >= 110


def test_every_source_is_used() -> None:
    """A source that nothing comes from has no place in the list."""
    assert set(shipped().sources) == {each.source for each in shipped().values()}


def test_an_own_choice_is_never_called_published() -> None:
    """What no public source says is assumed."""
    assert {each.basis for each in shipped().values() if each.source == "own-choice"} == {"assumed"}


def test_all_stands_for_every_role_once(folder: Path) -> None:
    """ALL is written out to the sixteen participant roles; the hub comes on top where it is named."""
    roles = read_register(folder)["DH-AB-001"].concrete_roles
    assert len(roles) == len(set(roles)) == 17
    assert roles[-1] == "DIP"


def test_a_register_is_named_by_its_content(folder: Path) -> None:
    """The digest changes with any file of the register."""
    before = read_register(folder).digest
    (folder / "one.yaml").write_text(_ENTRY.replace("Somewhere", "Elsewhere"))
    assert read_register(folder).digest != before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("DH-AB-001", "MHHS-1", "DH-"),
        ("type: F", "type: X", "'X' is not allowed"),
        ("basis: published", "basis: publishd", "Did you mean 'published'?"),
        ("IF-031", "IF-013A", "IF-013"),
        ("source: api", "source: apy", "Did you mean 'api'?"),
        ("clause: Somewhere", "claus: Somewhere", "Did you mean 'clause'?"),
        ("roles: [ALL, DIP]", "roles: [SUPP]", "'SUPP' is not allowed"),
        ("    type: F\n", "", "'type' is a required property"),
        ("requirements:", "requirement:", "'requirement' is not known here"),
        ("roles:", "parent: DH-AB-009\n    roles:", "DH-AB-009"),
        ("title:", "title: [", "YAML"),
    ],
)
def test_a_mistake_is_named(folder: Path, old: str, new: str, words: str) -> None:
    """A malformed entry is refused with file, entry and the nearest right value."""
    path = folder / "one.yaml"
    path.write_text(_ENTRY.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        read_register(folder)
    assert words in str(caught.value)
    assert "one.yaml" in str(caught.value)


def test_an_id_is_given_once(folder: Path) -> None:
    """The same id in two files is refused, naming both."""
    (folder / "two.yaml").write_text(_ENTRY)
    with pytest.raises(ConfigurationError, match=r"two\.yaml.*one\.yaml"):
        read_register(folder)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without requirements is no register."""
    with pytest.raises(ConfigurationError, match="holds no requirements"):
        read_register(tmp_path)


def test_malformed_sources_are_refused(folder: Path) -> None:
    """A source with a text missing is named."""
    (folder / "sources.yaml").write_text("sources: {api: {title: T}}")
    with pytest.raises(ConfigurationError, match="api"):
        read_register(folder)


def test_an_id_that_a_scenario_misspells_is_named() -> None:
    """Checking cited ids refuses an unknown one with the nearest, and says where it stands."""
    shipped().check(["DH-IF-031", "DH-SIG-001"], where="x.yaml")
    with pytest.raises(ConfigurationError, match=r"x\.yaml: 'DH-SIG-00' .*Did you mean 'DH-SIG-0"):
        shipped().check(["DH-SIG-00"], where="x.yaml")
