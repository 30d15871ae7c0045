"""What may and may not lie in the checkout."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.settings import shipped

_VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base"}
_MACHINE = [f"/{name}/" for name in ("work", "tmp", "home", "root")]
_REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("debian", "org"),
        ("golang", "org"),
        ("crates", "io"),
    )
]
_OPEN_ENDS = ["TO" + "DO", "FIX" + "ME", "raise NotImplemented" + "Error"]


def _hits(root: Path, tracked: list[Path], needles: list[str], suffix: str = "") -> list[str]:
    """List ``file:line: text`` of every line of a text file that holds one of the needles."""
    pattern = re.compile("|".join(re.escape(needle) for needle in needles))
    found = []
    for path in tracked:
        if suffix and path.suffix != suffix:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if not pattern.search(text):
            continue
        where = path.relative_to(root).as_posix()
        found += [
            f"{where}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    return found


def test_no_file_names_a_path_of_a_machine(
    root: Path, tracked: list[Path], none_found: Callable[..., None]
) -> None:
    """No tracked file holds an absolute path of the machine that it was written on."""
    none_found("Paths of a machine", _hits(root, tracked, _MACHINE))


def test_no_file_names_the_host_of_a_package_registry(
    root: Path, tracked: list[Path], none_found: Callable[..., None]
) -> None:
    """Where packages come from is the installing machine's business."""
    none_found("Hosts of a registry", _hits(root, tracked, _REGISTRIES))


def test_nothing_is_left_open_in_the_code(
    root: Path, tracked: list[Path], none_found: Callable[..., None]
) -> None:
    """A part that is not built is absent, not announced."""
    none_found("Left open", _hits(root, tracked, _OPEN_ENDS, ".py"))


def test_no_python_file_is_longer_than_500_lines(
    root: Path, tracked: list[Path], none_found: Callable[..., None]
) -> None:
    """A file over 500 lines is two."""
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked
        if path.suffix == ".py"
    }
    none_found("Too long", (f"{name}: {length} lines" for name, length in lengths.items() if length > 500))


def test_no_file_or_folder_has_a_name_that_says_nothing(
    root: Path, tracked: list[Path], none_found: Callable[..., None]
) -> None:
    """A file's name says what it does."""
    vague = [
        relative.as_posix()
        for relative in (path.relative_to(root) for path in tracked)
        if relative.suffix == ".py" and {relative.stem, *relative.parts[:-1]} & _VAGUE
    ]
    none_found("Names that say nothing", vague)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_setting_has_unit_basis_and_reason(name: str) -> None:
    """A figure says what it counts, where it comes from and why it is what it is."""
    setting = shipped()[name]
    assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", name)
    assert setting.unit.strip()
    assert setting.basis in {"published", "third-party", "assumed"}
    assert len(setting.reason) >= 20
    assert setting.reason.endswith(".")


def test_every_setting_is_used_and_every_used_setting_exists(
    root: Path, tracked: list[Path], none_found: Callable[..., None]
) -> None:
    """No figure is dead, and no code asks for one that is not there."""
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in tracked
        if path.suffix in {".py", ".yaml", ".yml"}
        and path.relative_to(root).parts[0] in {"harness", "simulators", "load", "test_catalogue", "swagger"}
        and path.name != "settings.yaml"
    )
    asked = set(re.findall(r"\.(?:integer|number|text|flag|numbers)\(\s*\"([a-z0-9_]+\.[a-z0-9_.]+)\"", code))
    none_found("Asked for, but no setting", asked - set(shipped()))
    none_found("Settings that nothing reads", (name for name in shipped() if name not in code))
