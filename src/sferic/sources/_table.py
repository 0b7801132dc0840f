"""Reads lines of a table with a header row (CSV and its kin) into values by column name.

What it does not do: say what a column means, or read a record that spans lines.
"""

import csv
import re
from collections.abc import Sequence

from sferic.model.words import counted

DELIMITERS = ",\t;|"
_BETWEEN = re.compile(r"[,\t;| ]+")
_NAME = re.compile(r"[\"'@_(\[]{0,3}[^\W\d]")
_SETS = re.compile(r"[={}<>]")


def cells(line: str, delimiter: str) -> list[str]:
    """Split one line; quotes may enclose delimiters and doubled quotes."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=False), [])
    except csv.Error:
        raise ValueError("cells are not CSV") from None


def delimiter_of(header: str) -> str:
    """Return the delimiter that occurs most often in a header row."""
    return max(DELIMITERS, key=header.count)


def may_be_header(line: str) -> bool:
    """Say whether a line may be the header row of a table: each of its words begins as a name does, and none is set."""
    words = _BETWEEN.split(line.strip())
    return len(words) > 2 and not _SETS.search(line) and all(map(_NAME.match, words))


class Table:
    """The columns of one file."""

    def __init__(self, columns: Sequence[str], delimiter: str) -> None:
        self.columns = tuple(columns)
        self.delimiter = delimiter

    @classmethod
    def from_header(cls, line: str, delimiter: str | None = None) -> "Table":
        """Read a header row."""
        chosen = delimiter or delimiter_of(line)
        return cls([name.strip() for name in cells(line.removeprefix("\ufeff"), chosen)], chosen)

    def fits(self, line: str) -> bool:
        """Say whether a line has at least as many delimiters as the table needs; cheap, so quotes do not matter."""
        return line.count(self.delimiter) >= len(self.columns) - 1

    def row(self, line: str) -> dict[str, str] | None:
        """Read one row by column; None for a repeated header. Raises ValueError for a row of another length."""
        found = cells(line, self.delimiter)
        if len(found) != len(self.columns):
            raise ValueError(f"{counted(len(found), 'cell')}, expected {len(self.columns)}")
        if [name.strip() for name in found] == list(self.columns):
            return None
        return dict(zip(self.columns, found, strict=True))
