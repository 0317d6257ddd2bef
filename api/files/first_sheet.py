"""The rows of a workbook's first sheet, read piece by piece with openpyxl's parser.

Of the rest of a workbook only the data that cells refer to is loaded: shared strings and styles.
"""

from collections.abc import Generator
from typing import Any
from xml.etree.ElementTree import Element, iterparse

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS

from api.files.bounds import MOST_EVENTS, FileError
from api.files.package import Package
from api.files.shared_texts import SharedTexts

Cell = dict[str, Any]
"""A cell from openpyxl's parser: `column` from 1, `value`, `data_type`."""


class FirstSheet:
    """The first sheet of a workbook that has cells."""

    def __init__(self, package: Package) -> None:
        """Read the data that cells refer to.

        Raises FileError, and openpyxl's errors for a broken file.
        """
        self._package = package
        reader = _Reader(package)
        reader.read()
        self._texts: Any = reader.shared_strings
        self._book: Any = reader.wb
        self._name = reader.first_sheet()
        self.size = package.count_rows(self._name)

    def rows(self) -> Generator[tuple[int, list[Cell]], None, None]:
        """Yield each row with its number. Raises the errors of the constructor."""
        part = self._package.metered(self._name)
        parser = WorkSheetParser(
            *(part, self._texts),
            epoch=self._book.epoch,
            date_formats=self._book._date_formats,  # noqa: SLF001 - openpyxl has no public access
            timedelta_formats=self._book._timedelta_formats,  # noqa: SLF001 - as above
        )
        above: list[Element] = []  # the open elements
        in_row, events = False, 0
        for event, element in iterparse(part, events=("start", "end")):  # noqa: S314 - without entities, see Package
            events += 1
            if events > MOST_EVENTS:
                raise FileError("a row of it is made of too many parts")
            if event == "start":
                above.append(element)
                in_row = in_row or element.tag == ROW_TAG
                continue
            above.pop()
            is_row = element.tag == ROW_TAG
            if is_row:
                yield parser.parse_row(element)
                parser.row_dimensions.clear()
                parser.shared_formulae.clear()
                part.step()
                in_row, events = False, 0
            if element.tag == DATA_TAG:
                return
            if above and not in_row:
                above[-1].remove(element)


class _Reader(ExcelReader):
    """openpyxl's reader, limited to the data that the cells of the first sheet refer to."""

    shared_strings: Any
    package: Any

    def __init__(self, package: Package) -> None:
        self._parts = package
        self.archive = package
        self.valid_files = package.namelist()
        self.read_only = True
        self.keep_vba = self.keep_links = self.data_only = self.rich_text = False
        self.shared_strings = SharedTexts()

    def read(self) -> None:
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            self.shared_strings = SharedTexts(self._parts, part.PartName[1:])

    def first_sheet(self) -> str:
        """Return the name of the first sheet's part. Raises FileError."""
        for _, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                return str(relation.target)
        raise FileError("the workbook has no sheet")
