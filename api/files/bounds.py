"""Limits of the size of files, and the error for a file that cannot be used."""

LONGEST_LINE = 200_000  # characters
LONGEST_RECORD = 2_000_000  # characters of a CSV row; a cell may have several lines
MOST_CELLS = 200  # in a row
LARGEST_PART = 512 * 1024 * 1024  # bytes of a workbook, unpacked
LARGEST_TEXTS = 64 * 1024 * 1024  # bytes of a workbook's shared strings
MOST_TEXTS = 1_000_000  # in the shared strings
LARGEST_ROW = 8 * 1024 * 1024  # bytes of a workbook's row, or of one shared string
LARGEST_PLAN = 4 * 1024 * 1024  # bytes of all parts that describe the structure of a workbook
MOST_MARKS = 100_000  # start and end tags in these parts
MOST_EVENTS = 50_000  # start and end tags in a row, or in a shared string
MOST_PARTS = 2_000
LARGEST_DIRECTORY = 1024 * 1024  # bytes of the ZIP directory
LAST_ROW = 1_048_576  # of a sheet
LONGEST_CELL = 32_767  # characters of a sheet's cell


class FileError(Exception):
    """The file cannot be used; the text is one line."""
