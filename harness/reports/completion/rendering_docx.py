"""`completion-report.docx`: the report in Word, from a template that a user may replace."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from harness.errors import ConfigurationError
from harness.reports.page import TEMPLATES

SHIPPED = TEMPLATES / "completion.docx"
_ILLEGAL = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_LONGEST = 8_000


def docx(content: Mapping[str, Any], template: Path = SHIPPED) -> bytes:
    """Fill a template with the content of ``completion-report.json``; returns the file's bytes.

    Raises ConfigurationError for a file that is no Word template, and for a name in it that nothing has.
    """
    from docxtpl import DocxTemplate

    from harness.reports.completion.docx_widths import fit

    names = {**content["document"], "report": content}
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    stream = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = DocxTemplate(template)
            file.render(_plain(names), environment)
            fit(file.docx)
            file.save(stream)
    except (TemplateError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"a tag can't be filled: {error}",
            where=str(template),
            mend="docs/completion.md names what a template may use.",
        ) from error
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigurationError(
            f"is no Word template: {error}", where=str(template), mend="Save it as .docx."
        ) from error
    return stream.getvalue()


def _plain(value: Any) -> Any:
    """Return a value with texts that XML can hold."""
    if isinstance(value, str):
        text = _ILLEGAL.sub("\ufffd", value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
