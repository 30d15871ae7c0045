"""The document about registration services."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from simulators.registration.document import ALONE, TESTS, document
from simulators.registration.rule import CONSEQUENCES, RULES, UNREACHABLE

DOCUMENT = Path(__file__).parents[3] / "docs" / "registration.md"


def test_the_document_about_registration_says_what_the_tables_say() -> None:
    """`docs/registration.md` is what the code writes; if not, write it again."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()


def test_the_document_names_tests_that_exist() -> None:
    """Every process and every code without a rule has a test, and it is there under its name."""
    assert set(TESTS) == set(RULES)
    assert set(ALONE) == {*CONSEQUENCES, *UNREACHABLE}
    for test in {*TESTS.values(), *ALONE.values()}:
        file, _, name = test.partition("::")
        module = import_module(f"tests.simulators.registration.{file.removesuffix('.py')}")
        assert callable(getattr(module, name)), test
