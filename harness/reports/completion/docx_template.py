"""Makes the shipped Word template: ``python -m harness.reports.completion.docx_template FILE.docx``.

A template is a Word file with Jinja tags as docxtpl reads them: ``{%p`` stands for a paragraph, ``{%tr`` for
a row, ``{%tc`` for a cell. `docs/completion.md` names what a template may use.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from harness.errors import ConfigurationError

_GREY = RGBColor(0x52, 0x5C, 0x68)
_WARN = RGBColor(0x7D, 0x4C, 0x00)


def make(target: Path) -> None:
    """Write the template."""
    file = Document()
    _page(file)
    _styles(file)
    _line(file, "{{ subtitle }}", "Subtitle")
    _line(file, "{{ title }}", "Title")
    _line(file, "{{ stamp }}", "Stamp")
    _line(file, "{{ verdict }}", "Intense Quote")
    _line(file, "{{ band }}")
    _line(file, "{%p for section in sections %}")
    _line(file, "{{ section.heading }}", "Heading 1")
    _line(file, "{%p for block in section.blocks %}")
    _line(file, "{%p if block.kind == 'text' %}")
    _line(file, "{{ block.text }}")
    _line(file, "{%p elif block.kind == 'facts' %}")
    _facts(file, "block.rows")
    _line(file, "{%p elif block.kind == 'table' %}")
    _table(file)
    _line(file, "{%p else %}")
    _failure(file)
    _line(file, "{%p endif %}")
    _line(file, "{%p endfor %}")
    _line(file, "{%p endfor %}")
    file.save(str(target))


def _page(file: Any) -> None:
    section = file.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(16)
    section.top_margin, section.bottom_margin = Mm(20), Mm(16)
    head = section.header.paragraphs[0]
    head.text = "{{ stamp }}\t\t{{ title }}"
    head.style.font.size = Pt(8)
    head.paragraph_format.tab_stops.clear_all()
    head.paragraph_format.tab_stops.add_tab_stop(Mm(130))
    head.paragraph_format.tab_stops.add_tab_stop(Mm(265), alignment=2)
    foot = section.footer.paragraphs[0]
    foot.style.font.size = Pt(8)
    foot.add_run("{{ stamp }}. Page ")
    _field(foot, "PAGE")
    foot.add_run(" of ")
    _field(foot, "NUMPAGES")


def _field(paragraph: Any, name: str) -> None:
    """Add a field that Word works out, such as the page's number."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _styles(file: Any) -> None:
    styles = file.styles
    styles["Normal"].font.name = "Calibri"
    styles["Normal"].font.size = Pt(9.5)
    styles["Normal"].paragraph_format.space_after = Pt(4)
    for name, size in (("Title", 22), ("Heading 1", 15), ("Heading 2", 11.5), ("Heading 3", 10.5)):
        styles[name].font.name = "Calibri"
        styles[name].font.size = Pt(size)
        styles[name].font.color.rgb = RGBColor(0x1A, 0x1F, 0x26)
    styles["Heading 1"].paragraph_format.space_before = Pt(18)
    styles["Heading 2"].paragraph_format.space_before = Pt(10)
    stamp = styles.add_style("Stamp", 1)
    stamp.base_style = styles["Normal"]
    stamp.font.bold = True
    stamp.font.color.rgb = _WARN
    note = styles.add_style("Note", 1)
    note.base_style = styles["Normal"]
    note.font.size = Pt(8.5)
    note.font.color.rgb = _GREY
    cell = styles.add_style("Cell", 1)
    cell.base_style = styles["Normal"]
    cell.font.size = Pt(7.5)
    cell.paragraph_format.space_after = Pt(0)
    head = styles.add_style("Cell head", 1)
    head.base_style = cell
    head.font.bold = True


def _line(file: Any, text: str, style: str = "Normal") -> None:
    file.add_paragraph(text, style=style)


def _facts(file: Any, rows: str) -> None:
    made = _grid(file, 3, 2)
    _set(made, 0, 0, f"{{%tr for row in {rows} %}}")
    _set(made, 1, 0, "{{ row.name }}", "Cell head")
    _set(made, 1, 1, "{{ row.value }}")
    _set(made, 2, 0, "{%tr endfor %}")
    for column, width in zip(made.columns, (Mm(60), Mm(205)), strict=True):
        column.width = width
    _line(file, "")


def _table(file: Any) -> None:
    _line(file, "{%p if block.title %}")
    _line(file, "{{ block.title }}", "Heading 2")
    _line(file, "{%p endif %}")
    _line(file, "{%p if block.note %}")
    _line(file, "{{ block.note }}", "Note")
    _line(file, "{%p endif %}")
    _line(file, "{%p if block.empty %}")
    _line(file, "{{ block.empty }}", "Note")
    _line(file, "{%p else %}")
    made = _grid(file, 4, 3)
    _loop(made, 0, "column", "block.columns", "{{ column }}", "Cell head")
    _set(made, 1, 0, "{%tr for row in block.rows %}")
    _loop(made, 2, "cell", "row.cells", "{{ cell }}", "Cell")
    _set(made, 3, 0, "{%tr endfor %}")
    _repeated(made.rows[0])
    _line(file, "")
    _line(file, "{%p endif %}")


def _failure(file: Any) -> None:
    _line(file, "{{ block.name }}", "Heading 2")
    _line(file, "{{ block.title }}")
    _line(file, "{%p if block.checks %}")
    made = _grid(file, 4, 3)
    for index, title in enumerate(("What was judged", "Expected", "Actual")):
        _set(made, 0, index, title, "Cell head")
    _set(made, 1, 0, "{%tr for check in block.checks %}")
    for index, name in enumerate(("judged", "expected", "actual")):
        _set(made, 2, index, f"{{{{ check.{name} }}}}")
    _set(made, 3, 0, "{%tr endfor %}")
    _line(file, "")
    _line(file, "{%p endif %}")
    _facts(file, "block.facts")
    _line(file, "{%p for message in block.messages %}")
    _line(
        file,
        "{{ message.title }}{% if message.sha256 %}: {{ message.bytes }} bytes, "
        "SHA-256 {{ message.sha256 }}, in {{ message.place }}{% endif %}",
        "Note",
    )
    _line(file, "{%p endfor %}")


def _grid(file: Any, rows: int, columns: int) -> Any:
    """Add a table over the whole width; Word divides it by what the cells hold.

    A paragraph has to follow it: Word joins two tables with nothing between.
    """
    made = file.add_table(rows=rows, cols=columns)
    made.style = "Table Grid"
    width = made._tbl.tblPr.find(qn("w:tblW"))
    width.set(qn("w:type"), "pct")
    width.set(qn("w:w"), "5000")
    for row in made.rows:
        for cell in row.cells:
            cell._tc.get_or_add_tcPr().remove(cell._tc.tcPr.find(qn("w:tcW")))
    return made


def _set(made: Any, row: int, column: int, text: str, style: str = "Cell") -> None:
    paragraph = made.cell(row, column).paragraphs[0]
    paragraph.text = text
    paragraph.style = style


def _loop(made: Any, row: int, name: str, over: str, shown: str, style: str) -> None:
    """Fill a row with a loop over its cells."""
    _set(made, row, 0, f"{{%tc for {name} in {over} %}}", style)
    _set(made, row, 1, shown, style)
    _set(made, row, 2, "{%tc endfor %}", style)


def _repeated(row: Any) -> None:
    """Repeat a row at the head of each page that the table reaches to."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise ConfigurationError("no file is named", mend="Give the template to write.")
    make(Path(sys.argv[1]))
