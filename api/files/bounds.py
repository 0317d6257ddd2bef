"""How large a file may be, and what is said of one that is not as it must be."""

LONGEST_LINE = 200_000  # characters
LONGEST_RECORD = 2_000_000  # characters of a CSV row, whose cells may have many lines
MOST_CELLS = 200  # in a row
LARGEST_PART = 512 * 1024 * 1024  # bytes of a workbook, unpacked
LARGEST_TEXTS = 64 * 1024 * 1024  # bytes of its table of texts
MOST_TEXTS = 1_000_000  # in that table
LARGEST_ROW = 8 * 1024 * 1024  # bytes of a workbook's row, or of one of its texts
LARGEST_PLAN = 4 * 1024 * 1024  # bytes of all that says how a workbook is made up
MOST_MARKS = 100_000  # beginnings and ends of elements of that
MOST_EVENTS = 50_000  # beginnings and ends of elements in a row, or in a text
MOST_PARTS = 2_000
LARGEST_DIRECTORY = 1024 * 1024  # bytes of the list of parts
LAST_ROW = 1_048_576  # of a sheet
LONGEST_CELL = 32_767  # characters of a sheet's cell


class FileError(Exception):
    """A file that cannot be used; one line says why."""
