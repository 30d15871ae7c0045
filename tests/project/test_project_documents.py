"""The documents say what is there: links, paths, settings, fragments."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.selfcheck.check import checks
from harness.settings import shipped

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_ROOMS = "harness|simulators|load|benchmarks|swagger|test_catalogue|tests|docs|changelog\\.d|\\.ci"
_PATH = re.compile(rf"(?:{_ROOMS})/[\w./-]*")
_WORDS = """DIP, MPAN, DIP id, MPID, Publication, Interface catalogue, Event code, Primary, Secondary, Always,
    Registration service, Supplier, Metering service, Data service, LDSO, Settlement, CSS, Appointment,
    De-appointment, PIT, CIT, SIT, QT, RTTM, Work-off, Evidence class, Rehearsal, Market segment, Verdict,
    Blame, Basis"""
_FRAGMENT = re.compile(r"(\d+|\+[\w-]+)\.(feature|bugfix|doc|removal|misc)(\.\d+)?\.md")


def _anchors(text: str) -> set[str]:
    """Return the anchors that the headings of a document get."""
    headings = re.findall(r"^#+ +(.+?) *$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_resolves(root: Path, documents: dict[str, str], none_found: Callable[..., None]) -> None:
    """A link to a file finds the file, a link to a heading the heading."""
    broken = []
    for name, text in documents.items():
        for target in _LINK.findall(_FENCE.sub("", text)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (root / name).parent / file if file else root / name
            if not path.exists() or (anchor and anchor not in _anchors(path.read_text(encoding="utf-8"))):
                broken.append(f"{name}: {target}")
    none_found("Links that lead nowhere", broken)


def test_every_path_named_in_a_document_exists(
    root: Path, documents: dict[str, str], none_found: Callable[..., None]
) -> None:
    """A path of the project in code style is there."""
    named = {
        (name, span.split("::")[0])
        for name, text in documents.items()
        for span in _CODE.findall(_FENCE.sub("", text))
        if _PATH.fullmatch(span.split("::")[0])
    }
    assert named
    missing = (f"{name}: {path}" for name, path in named if not (root / path).exists())
    none_found("Paths that do not exist", missing)


def test_every_setting_named_in_a_document_exists(
    documents: dict[str, str], none_found: Callable[..., None]
) -> None:
    """A setting in code style is one of harness/settings.yaml; checks have names of the same form."""
    known = {*shipped(), *(each.id for each in checks())}
    groups = {name.split(".")[0] for name in shipped()}
    named = {
        (name, span)
        for name, text in documents.items()
        for span in _CODE.findall(text)
        if re.fullmatch(r"[a-z_]+\.[a-z_]+", span)
        and span.split(".")[0] in groups
        and span.split(".")[1] not in {"py", "json", "yaml", "toml", "md"}
    }
    assert named
    none_found("No settings", (f"{name}: {span}" for name, span in named if span not in known))


@pytest.mark.parametrize("word", [word.strip() for word in _WORDS.split(",")])
def test_the_glossary_explains_the_fields_words(documents: dict[str, str], word: str) -> None:
    """Each of the words that a newcomer meets first is an entry of its own."""
    entries = re.findall(r"^(?:- )?\*\*(.+?)\*\*", documents["docs/glossary.md"], re.MULTILINE)
    entries += re.findall(r"^\| \*\*(.+?)\*\*", documents["docs/glossary.md"], re.MULTILINE)
    assert word in {part.strip() for entry in entries for part in entry.split(",")}


def test_the_glossary_is_read_in_ten_minutes(documents: dict[str, str]) -> None:
    """At 250 words a minute the glossary takes no more than ten minutes."""
    assert len(documents["docs/glossary.md"].split()) <= 2500


def test_every_dependency_has_its_reason(root: Path, documents: dict[str, str]) -> None:
    """docs/dependencies.md has a row for each dependency of pyproject.toml and for nothing else."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(each for extra in extras for each in extra)]
    wanted += project["build-system"]["requires"]
    names = {re.split(r"[<>=;\[ ]", requirement)[0].lower() for requirement in wanted} - {"dip-harness"}
    rows = re.findall(r"^\| \[?`?([\w.-]+)`?", documents["docs/dependencies.md"], re.MULTILINE)
    assert {row.lower() for row in rows} - {"package", "---"} == names


def test_changelog_fragments_make_a_changelog(root: Path, none_found: Callable[..., None]) -> None:
    """Towncrier takes every fragment, and nothing else lies beside them."""
    fragments = [path.name for path in (root / "changelog.d").iterdir() if path.name != "README.md"]
    none_found("No fragments", (name for name in fragments if not _FRAGMENT.fullmatch(name)))
    program = shutil.which("towncrier", path=str(Path(sys.executable).parent))
    assert program, "towncrier is not installed: pip install -e '.[test]'"
    draft = subprocess.run(
        [program, "build", "--draft", "--version", "0.0.0"],
        cwd=root, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert draft.returncode == 0, draft.stdout + draft.stderr
    for name in fragments:
        first_words = (root / "changelog.d" / name).read_text(encoding="utf-8").split()[:4]
        assert " ".join(first_words) in " ".join(draft.stdout.split()), name
