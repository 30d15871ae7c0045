"""Releases from outside: read exactly, equal in standing, and refused where they are broken or hostile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from harness.commands.release import release
from harness.errors import ConfigurationError
from harness.spec import release as releases
from harness.spec import shelf
from harness.spec.diff import diff
from harness.spec.exporting import export
from harness.spec.importing import completeness, documents
from harness.spec.importing.installing import import_release
from harness.spec.release import FILES, load
from tests.spec.published_form import MAIN, write_published

RELEASES = ("1.8.3", "2.0.1", "2.1.0", "2.2.1")


@pytest.fixture(autouse=True)
def _own_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Imported releases lie in the test's own folder, and nothing of them stays known."""
    monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "shelf"))
    releases.names.cache_clear()
    yield
    releases.names.cache_clear()
    releases.load.cache_clear()


def _document(release: str, path: Path, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    document = export(load(release))
    if change:
        change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", RELEASES)
def test_an_exported_release_comes_back_byte_for_byte(name: str, tmp_path: Path) -> None:
    """Importing the exported document of a shipped release gives its very files and its hash."""
    found = import_release(_document(name, tmp_path / "api.json"), "again")
    for part in FILES:
        written = (found.release.source / f"{part}.json").read_bytes()
        assert written == (load(name).source / f"{part}.json").read_bytes(), part
    assert found.release.digest == load(name).digest


@pytest.mark.parametrize("name", RELEASES)
def test_the_published_form_gives_the_same_release(name: str, tmp_path: Path) -> None:
    """Several YAML files with prose, whose references point at the web, are the same release."""
    write_published(load(name), tmp_path / "published")
    found = import_release(tmp_path / "published", "from-yaml")
    assert found.release.digest == load(name).digest
    assert len(found.files) == 5


def test_an_imported_release_is_equal_in_standing(tmp_path: Path) -> None:
    """It stands in the list, can be loaded, compared and shown, and says that it was imported."""

    def longer(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["DT-007N-UKPostCode"]["maxLength"] = 12

    import_release(_document("2.1.0", tmp_path / "api.json", longer), "2.1.9")
    releases.names.cache_clear()
    assert releases.names() == ("1.8.3", "2.0.1", "2.1.0", "2.1.9", "2.2.1")
    changes = diff(load("2.1.0"), load("2.1.9"))
    assert len(changes) == 1
    assert "is now 12; it was 10" in changes[0].summary
    listed = CliRunner().invoke(release, ["list", "--json"])
    mine = next(each for each in json.loads(listed.output) if each["name"] == "2.1.9")
    assert mine["stages"] == ["imported"]


def test_the_command_says_what_was_read_and_where_it_lies(tmp_path: Path) -> None:
    """The command prints counts, files, folder and hash; the hash is that of the shipped release."""
    out = CliRunner().invoke(release, ["export", "2.2.1", "--out", str(tmp_path / "api.json")])
    assert out.exit_code == 0
    said = CliRunner().invoke(release, ["import", str(tmp_path / "api.json"), "--as", "mine", "--json"])
    told = json.loads(said.output)
    assert (told["messages"], told["operations"], told["content"]) == (126, 13, load("2.2.1").digest)
    assert list(told["files"]) == ["api.json"]
    again = CliRunner().invoke(release, ["import", str(tmp_path / "api.json"), "--as", "mine"])
    assert again.exit_code != 0
    assert "was imported before" in str(again.exception)
    once_more = ["import", str(tmp_path / "api.json"), "--as", "mine", "--replace"]
    assert CliRunner().invoke(release, once_more).exit_code == 0


def test_a_changed_file_on_the_shelf_is_refused(tmp_path: Path) -> None:
    """What was imported is pinned: a file that somebody edits later is found when the release is loaded."""
    found = import_release(_document("2.1.0", tmp_path / "api.json"), "pinned")
    releases.names.cache_clear()
    path = found.release.source / "types.json"
    path.write_text(path.read_text().replace('"maxLength": 12', '"maxLength": 13', 1))
    with pytest.raises(ConfigurationError, match="changed after they were imported"):
        load("pinned")


def test_an_interface_that_nobody_routes_is_named(tmp_path: Path) -> None:
    """A new interface is admitted, and the result says that no one is known to send or receive it."""

    def new_interface(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        text = json.dumps(schemas["IF-002-Payload"]).replace("IF-002", "IF-066")
        schemas["IF-066-Payload"] = json.loads(text)
        for shape in ("DIPMessage", "DIPMessageEgress"):
            schemas[shape]["properties"]["payload"]["oneOf"].append(
                {"$ref": "#/components/schemas/IF-066-Payload"}
            )

    found = import_release(_document("2.1.0", tmp_path / "api.json", new_interface), "wider")
    assert found.unrouted == ("IF-066",)
    assert "IF-066" in found.release.interfaces


def test_definitions_that_nothing_reaches_are_left_out(tmp_path: Path) -> None:
    """A definition that no operation leads to does not come into the release."""

    def stray(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["B998"] = {
            "type": "object",
            "properties": {"a": {"type": "string"}},
        }

    found = import_release(_document("2.1.0", tmp_path / "api.json", stray), "stray")
    assert found.release.digest == load("2.1.0").digest


def test_everything_that_is_missing_is_listed_at_once(tmp_path: Path) -> None:
    """A folder with a file and a definition missing is refused with both named, and nothing is written."""
    write_published(load("2.1.0"), tmp_path / "published")
    (tmp_path / "published" / "DataCatalogue-unresolved.yaml").unlink()
    blocks = tmp_path / "published" / "RealCommonBlocks-unresolved.yaml"
    kept = yaml.safe_load(blocks.read_text())
    del kept["components"]["schemas"]["B003"]
    blocks.write_text(yaml.safe_dump(kept))
    with pytest.raises(ConfigurationError) as refused:
        import_release(tmp_path / "published", "half")
    said = str(refused.value)
    assert "RealCommonBlocks-unresolved.yaml#/components/schemas/B003" in said
    assert "the file DataCatalogue-unresolved.yaml, of which" in said
    assert list((tmp_path / "shelf").glob("*")) == []


def test_an_api_without_what_the_hub_needs_is_refused(tmp_path: Path) -> None:
    """Without the operation that sends, or the shape of its answer, it is no DIP API."""

    def bare(document: dict[str, Any]) -> None:
        document["paths"].pop("/dip-channel/{id}")

    with pytest.raises(ConfigurationError, match=r"the operation POST /dip-channel/\{id\}"):
        import_release(_document("2.1.0", tmp_path / "api.json", bare), "bare")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 60, "2.1.0"])
def test_a_name_that_leads_elsewhere_or_is_taken_is_refused(name: str, tmp_path: Path) -> None:
    """A release's name is one plain word and no shipped release's."""
    with pytest.raises(ConfigurationError, match="--as"):
        import_release(_document("2.1.0", tmp_path / "api.json"), name)


@pytest.mark.parametrize(
    "reference",
    [
        "../../etc/passwd.yaml#/components/schemas/A",
        "/etc/shadow#/components/schemas/A",
        "file:///etc/hosts.yaml#/components/schemas/A",
        "https://elsewhere.example/x.yaml",
        "#/components/schemas/A/properties/b",
        "#/paths/~1x",
        "ftp://elsewhere.example/x.yaml#/components/schemas/A",
        "x.yaml#/components/schemas/..%2F..%2Fa",
    ],
)
def test_a_reference_that_leads_elsewhere_is_refused(reference: str, tmp_path: Path) -> None:
    """Only a definition by name in a file beside the document can be meant."""

    def leads(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["S1"]["properties"]["subText"] = {"$ref": reference}

    with pytest.raises(ConfigurationError, match="none that can be followed"):
        import_release(_document("2.1.0", tmp_path / "api.json", leads), "led")


def test_a_file_reached_through_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A symbolic link to another place does not make its target a part of the API."""
    write_published(load("2.1.0"), tmp_path / "published")
    outside = tmp_path / "outside.yaml"
    shutil.move(tmp_path / "published" / "DataTypes-unresolved.yaml", outside)
    (tmp_path / "published" / "DataTypes-unresolved.yaml").symlink_to(outside)
    with pytest.raises(ConfigurationError, match="DataTypes"):
        import_release(tmp_path / "published", "linked")


def test_a_definition_that_contains_itself_is_refused_with_its_circle(tmp_path: Path) -> None:
    """Recursion would never end when it is written out; the circle is named."""

    def circle(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["B002"]["properties"]["again"] = {"$ref": "#/components/schemas/B003"}
        schemas["B003"]["properties"]["again"] = {"$ref": "#/components/schemas/B002"}

    with pytest.raises(ConfigurationError, match=r"contains itself: (B002 > B003 > B002|B003 > B002 > B003)"):
        import_release(_document("2.1.0", tmp_path / "api.json", circle), "circle")


def test_definitions_that_grow_without_measure_are_refused(tmp_path: Path) -> None:
    """Small definitions that hold each other many times are refused by the size they would have."""

    def laughs(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        for level in range(30):
            inner = {"$ref": f"#/components/schemas/B{level + 501}"} if level < 29 else {"type": "string"}
            schemas[f"B{level + 500}"] = {"type": "object", "properties": dict.fromkeys("abcdefghij", inner)}
        schemas["B002"]["properties"]["laugh"] = {"$ref": "#/components/schemas/B500"}

    with pytest.raises(ConfigurationError, match=f"over {completeness.MOST_FIELDS} fields"):
        import_release(_document("2.1.0", tmp_path / "api.json", laughs), "laughs")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [1]\nb: *a\npaths: {}\n", "alias"),
        ("paths: !!python/object:os.system {}\n", "tag"),
        ("paths: " + "[" * 200 + "]" * 200 + "\n", "deeper"),
        ("paths: {\n", "no YAML"),
        ("- paths\n", "no mapping"),
        ("openapi: 3.0.0\n", "has no 'paths'"),
        ("paths: \x00\n", "no YAML"),
    ],
)
def test_hostile_or_broken_yaml_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    """Aliases, tags, great depth and broken text are named; nothing of them is carried out."""
    path = tmp_path / "api.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        import_release(path, "hostile")


def test_files_over_the_limit_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts all files together."""
    monkeypatch.setattr(documents, "MOST_BYTES", 100_000)
    with pytest.raises(ConfigurationError, match="MB together"):
        import_release(_document("2.1.0", tmp_path / "api.json"), "big")


def test_a_name_defined_twice_and_not_alike_is_refused(tmp_path: Path) -> None:
    """Two files that define one name differently can't both be right."""
    write_published(load("2.1.0"), tmp_path / "published")
    path = tmp_path / "published" / MAIN
    main_file = yaml.safe_load(path.read_text())
    main_file["components"]["schemas"]["S1"] = {"type": "object", "properties": {"a": {"type": "string"}}}
    path.write_text(yaml.safe_dump(main_file))
    with pytest.raises(ConfigurationError, match="S1 is defined twice"):
        import_release(tmp_path / "published", "twice")


def test_text_that_looks_like_a_number_or_a_date_stays_text(tmp_path: Path) -> None:
    """YAML's 011 is the schema version 011, and a date is text, as in JSON."""
    path = tmp_path / "api.yaml"
    path.write_text("paths: {}\nversion: 011\nday: 2026-03-01\nanswer: no\nnumber: 12\nyes: true\n")
    read = documents.open_documents(path).document("api.yaml")
    assert (read["version"], read["day"], read["answer"], read["number"]) == ("011", "2026-03-01", "no", 12)
    assert read["yes"] is True
