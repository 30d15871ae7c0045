"""`completion-report.html`: one file that needs no other, for the screen and for paper."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from harness.reports.completion.document import Cell, Document, shown, tone
from harness.reports.page import TEMPLATES, environment


def html(document: Document) -> str:
    """Return the page."""
    script = Markup((TEMPLATES / "completion.js").read_text(encoding="utf-8"))
    style = "\n".join(
        (TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "completion.css")
    )
    return (
        _environment()
        .get_template("completion.html.j2")
        .render(
            document=document,
            style=Markup(style),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


@cache
def _environment() -> Environment:
    made = environment().overlay()
    made.filters = {
        **made.filters,
        "shown": shown,
        "tone": tone,
        "is_code": lambda value: isinstance(value, Cell) and value.code,
        "css": _css,
    }
    return made


def _css(text: str) -> Markup:
    r"""Return a text as it may stand in a CSS string: nothing ends the string or the style element."""
    return Markup(
        "".join(char if char.isalnum() or char in " .,:-" else f"\\{ord(char):x} " for char in text)
    )
