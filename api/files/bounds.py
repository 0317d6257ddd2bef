"""How large a file may be, and what is said of one that is not as it must be."""

LONGEST_LINE = 200_000  # characters
MOST_CELLS = 200  # in a row
LARGEST_PART = 512 * 1024 * 1024  # bytes of a workbook, unpacked
LARGEST_ROW = 8 * 1024 * 1024  # bytes of a workbook's row, or of one of its texts
LAST_ROW = 1_048_576  # of a sheet
LONGEST_CELL = 32_767  # characters of a sheet's cell


class FileError(Exception):
    """A file that cannot be used; one line says why."""
