"""Writing cells into somebody else's XLSX file, and nothing else.

A workbook that is loaded and saved by a library loses what the library doesn't know. Here the one sheet's XML
is cut open where a cell is written; every other byte of it, and every other part of the file, stays as it was
(but for the wish, in the workbook's own part, to have its formulas worked out anew).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from harness.errors import ConfigurationError

Place = tuple[int, int]
"""Row and column, counted from 1."""

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REFUSED = {
    "vbaProject": (
        "holds macros",
        "Save it as .xlsx without them; macros might undo or misread what is filled in.",
    ),
    "_xmlsignatures/": ("is signed, and a change would break the signature", "Fill the unsigned workbook."),
}
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST = 32_000


@dataclass(frozen=True, slots=True)
class _Element:
    """A cell or row in the bytes of a sheet: whole, and where its content ends (0 for ``<c/>``)."""

    start: int
    end: int
    inner: int
    attributes: Mapping[str, str]
    formula: bool = False


def refuse(data: bytes, where: str) -> None:
    """Raise ConfigurationError for a workbook with macros or a signature, with the reason."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = package.namelist()
    for part, (what, mend) in _REFUSED.items():
        if any(part in name for name in names):
            raise ConfigurationError(what, where=where, mend=mend)


def formulas(data: bytes, sheet: str, where: str) -> frozenset[Place]:
    """Return the cells of a sheet that hold a formula."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        xml = package.read(_part_of(package, sheet, where))
    return frozenset(place for place, cell in _Sheet(xml, where).cells.items() if cell.formula)


def written(data: bytes, sheet: str, cells: Mapping[Place, str | float], where: str) -> bytes:
    """Return the workbook with these cells of a sheet; text is text, whatever it begins with.

    A cell keeps its style; one that is not there yet takes its row's or its column's. A spreadsheet program
    works out every formula when it opens the file. Raises ConfigurationError for a row that the sheet lacks.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(stream, "w") as target:
        part = _part_of(package, sheet, where)
        for info in package.infolist():
            content = package.read(info)
            if info.filename == part:
                content = _with_cells(content, cells, where)
            elif info.filename == _WORKBOOK:
                content = _worked_out_on_opening(content)
            target.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _part_of(package: zipfile.ZipFile, sheet: str, where: str) -> str:
    try:
        book = ElementTree.fromstring(package.read(_WORKBOOK))
        relations = ElementTree.fromstring(package.read(_RELATIONS))
    except (KeyError, ElementTree.ParseError) as error:
        raise ConfigurationError(f"is a broken workbook: {error}", where=where) from error
    wanted = next(
        (each.get(_ID) for each in book.iter() if each.tag.endswith("}sheet") and each.get("name") == sheet),
        None,
    )
    target = next((each.get("Target", "") for each in relations if each.get("Id") == wanted), "")
    part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    if wanted is None or part not in package.namelist():
        raise ConfigurationError(
            f"the part of sheet '{sheet}' can't be found",
            where=where,
            mend="Save the workbook again as .xlsx.",
        )
    return part


class _Sheet:
    """Where the rows and cells of a sheet's XML lie."""

    def __init__(self, xml: bytes, where: str) -> None:
        self._xml = xml
        self.prefix = b""
        self.rows: dict[int, _Element] = {}
        self.cells: dict[Place, _Element] = {}
        self.starts: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self.columns: list[tuple[int, int, str]] = []
        self._row = self._column = 0
        self._open: list[tuple[str, int, Mapping[str, str]]] = []
        self._formula = False
        self._parser: Any = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.XmlDeclHandler = self._declaration
        self._where = where
        try:
            self._parser.Parse(xml, True)
        except (expat.ExpatError, ValueError) as error:
            raise ConfigurationError(f"is a broken workbook: {error}", where=where) from error

    def _doctype(self, *_: object) -> None:
        raise ConfigurationError(
            "a sheet declares a document type, which no workbook does", where=self._where
        )

    def _declaration(self, _: str, encoding: str | None, *__: object) -> None:
        if encoding and encoding.lower() != "utf-8":
            raise ConfigurationError(
                f"a sheet is {encoding}, not UTF-8",
                where=self._where,
                mend="Save the workbook again as .xlsx.",
            )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            self.prefix = name.encode()[: -len("row")]
        elif local == "c":
            reference = attributes.get("r")
            self._column = (
                column_index_from_string(coordinate_from_string(reference)[0])
                if reference
                else self._column + 1
            )
            self._formula = False
        elif local == "f":
            self._formula = True
        elif local == "col" and "style" in attributes:
            self.columns.append((int(attributes["min"]), int(attributes["max"]), attributes["style"]))
        if local in {"row", "c"}:
            self._open.append((name, self._parser.CurrentByteIndex, attributes))

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local not in {"row", "c"}:
            return
        _, start, attributes = self._open.pop()
        at = self._parser.CurrentByteIndex
        closing = self._xml.startswith((f"</{name}>".encode(), f"</{name} ".encode()), at)
        end = self._xml.index(b">", at) + 1 if closing else at
        found = _Element(start, end, at if closing else 0, attributes, self._formula)
        if local == "row":
            self.rows[self._row] = found
        else:
            self.cells[self._row, self._column] = found
            self.starts[self._row].append((self._column, start))

    def style(self, place: Place) -> str:
        """Return the style id that a cell has, or would take from its row or column; empty for none."""
        if place in self.cells:
            return self.cells[place].attributes.get("s", "")
        row = self.rows[place[0]].attributes
        if row.get("customFormat") in {"1", "true"}:
            return row.get("s", "")
        return next((style for first, last, style in self.columns if first <= place[1] <= last), "")


def _with_cells(xml: bytes, cells: Mapping[Place, str | float], where: str) -> bytes:
    if xml[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise ConfigurationError(
            "a sheet is not UTF-8", where=where, mend="Save the workbook again as .xlsx."
        )
    sheet = _Sheet(xml, where)
    cuts: list[tuple[int, int, bytes]] = []
    for place in sorted(cells):
        row = sheet.rows.get(place[0])
        if row is None or not row.inner:
            raise ConfigurationError(f"the sheet has no row {place[0]}", where=where)
        content = _cell(sheet, place, cells[place])
        if (there := sheet.cells.get(place)) is not None:
            cuts.append((there.start, there.end, content))
        else:
            after = [start for column, start in sheet.starts[place[0]] if column > place[1]]
            at = min(after, default=row.inner)
            cuts.append((at, at, content))
    parts, last = [], 0
    for start, end, content in cuts:
        parts += [xml[last:start], content]
        last = end
    return b"".join([*parts, xml[last:]])


def _cell(sheet: _Sheet, place: Place, value: str | float) -> bytes:
    prefix = sheet.prefix.decode()
    style = sheet.style(place)
    attributes = f' r="{get_column_letter(place[1])}{place[0]}"' + (f' s="{style}"' if style else "")
    if isinstance(value, str):
        text = escape(_ILLEGAL.sub("�", value)[:_LONGEST])
        inner = f'<{prefix}is><{prefix}t xml:space="preserve">{text}</{prefix}t></{prefix}is>'
        return f'<{prefix}c{attributes} t="inlineStr">{inner}</{prefix}c>'.encode()
    return f"<{prefix}c{attributes}><{prefix}v>{value}</{prefix}v></{prefix}c>".encode()


def _worked_out_on_opening(xml: bytes) -> bytes:
    """Ask for every formula to be worked out anew: results that were saved are of the old cells."""
    found = re.search(rb"<((?:\w+:)?)calcPr\b[^>]*>", xml)
    if found:
        without = re.sub(rb'\s+fullCalcOnLoad="[^"]*"', b"", found.group())
        return xml.replace(
            found.group(), re.sub(rb"(calcPr)\b", rb'\1 fullCalcOnLoad="1"', without, count=1), 1
        )
    after = rb"</((?:\w+:)?)(?:sheets|functionGroups|externalReferences|definedNames)>"
    ends = list(re.finditer(after, xml))
    if not ends:
        return xml
    at = ends[-1].end()
    return xml[:at] + b"<" + ends[-1].group(1) + b'calcPr fullCalcOnLoad="1"/>' + xml[at:]
