"""A test case's steps: to the XML of the field Microsoft.VSTS.TCM.Steps, and back (pure).

The field holds ``<steps id="0" last="N">``, in it one ``<step>`` with two ``<parameterizedString>`` each: the
action and what is expected, as HTML whose marks are escaped. Shared steps are ``<compref>`` and hold steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from xml.etree import ElementTree
from xml.sax.saxutils import escape as escape_xml

_BLOCKS = frozenset({"p", "div", "br", "li", "tr"})


@dataclass(frozen=True, slots=True)
class TestStep:
    """One step, in plain text."""

    __test__ = False

    action: str
    expected: str = ""


def to_xml(steps: Iterable[TestStep]) -> str:
    """Return the field's value; step ids begin at 2, as the web pages give them."""
    listed = list(steps)
    parts = [f'<steps id="0" last="{len(listed) + 1}">']
    for number, step in enumerate(listed, start=2):
        kind = "ValidateStep" if step.expected else "ActionStep"
        parts.append(
            f'<step id="{number}" type="{kind}">{_string(step.action)}{_string(step.expected)}'
            "<description/></step>"
        )
    return "".join([*parts, "</steps>"])


def from_xml(text: str) -> tuple[TestStep, ...]:
    """Return the steps of a field's value, shared ones by their id; none for an empty or foreign value."""
    if not text.strip():
        return ()
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return (TestStep(plain(text)),)
    return tuple(_steps(root))


def plain(markup: str) -> str:
    """Return HTML as plain text: blocks on lines of their own, no blanks at the ends."""
    reader = _Text()
    reader.feed(markup)
    reader.close()
    return tidy("".join(reader.parts))


def tidy(text: str) -> str:
    """Return text without empty lines, and without more than one blank in a row."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return "\n".join(line for line in lines if line)


def html(text: str) -> str:
    """Return plain text as HTML."""
    return "".join(f"<P>{escape(line, quote=False)}</P>" for line in text.split("\n")) if text else ""


def _string(text: str) -> str:
    return f'<parameterizedString isformatted="true">{escape_xml(html(text))}</parameterizedString>'


def _steps(parent: ElementTree.Element) -> Iterable[TestStep]:
    for node in parent:
        if node.tag == "compref":
            yield TestStep(f"shared steps {node.get('ref', '')}")
            yield from _steps(node)
        elif node.tag == "step":
            texts = [plain(each.text or "") for each in node.iter("parameterizedString")]
            yield TestStep(*[*texts, "", ""][:2])


class _Text(HTMLParser):
    """Gathers text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", " "))
