"""Reads lines of a table with a header row (CSV and its kin) into values by column name.

What it does not do: say what a column means, or read a record that spans lines.
"""

import csv
import re
from collections.abc import Sequence

from sferic.model.words import counted
from sferic.sources._contract import NO, POSSIBLE

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
        self._last: tuple[str, list[str]] = "", [""]

    @classmethod
    def from_header(cls, line: str, delimiter: str | None = None) -> "Table":
        """Read a header row."""
        chosen = delimiter or delimiter_of(line)
        return cls([name.strip() for name in cells(line.removeprefix("\ufeff"), chosen)], chosen)

    def claim(self, line: str, surety: int) -> int:
        """Return `surety` for a line of the table's length; POSSIBLE for a longer one, which may be another table's."""
        if line.count(self.delimiter) < len(self.columns) - 1:
            return NO
        try:
            return surety if len(self._cells(line)) == len(self.columns) else POSSIBLE
        except ValueError:
            return POSSIBLE

    def _cells(self, line: str) -> list[str]:
        """Split a line; who asks whose it is asks for its values next."""
        if self._last[0] != line:
            self._last = line, cells(line, self.delimiter)
        return self._last[1]

    def row(self, line: str) -> dict[str, str] | None:
        """Read one row by column; None for a repeated header. Raises ValueError for a row of another length."""
        found = self._cells(line)
        if len(found) != len(self.columns):
            raise ValueError(f"{counted(len(found), 'cell')}, expected {len(self.columns)}")
        if [name.strip() for name in found] == list(self.columns):
            return None
        return dict(zip(self.columns, found, strict=True))
