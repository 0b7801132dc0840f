"""Rows of tables with a header."""

import csv

import pytest

from sferic.sources._contract import LIKELY, NO, POSSIBLE
from sferic.sources._table import Table, cells


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(delimiter: str) -> None:
    """The delimiter that occurs most in the header divides the rows."""
    table = Table.from_header(f'\ufeff"a b"{delimiter} c{delimiter}d')
    assert table.columns == ("a b", "c", "d")
    assert table.row(f'1{delimiter}"x{delimiter}""y"""{delimiter}3') == {"a b": "1", "c": f'x{delimiter}"y"', "d": "3"}


def test_rows_that_are_none() -> None:
    """A repeated header holds nothing; a row of another length is an error that counts its cells."""
    table = Table.from_header("a,b")
    assert table.row('"a",b') is None
    with pytest.raises(ValueError, match="3 cells, expected 2"):
        table.row("1,2,3")


def test_fitting_is_cheap_and_generous() -> None:
    """A line fits when it has the delimiters a row needs, quoted ones included."""
    table = Table.from_header("a,b,c")
    assert [table.claim(line, LIKELY) for line in ('1,"2,3",4', "1,2", "1,2,3,4")] == [LIKELY, NO, POSSIBLE]


def test_a_cell_beyond_the_csv_module_s_cap_is_refused() -> None:
    """A cell longer than the cap, which the whole process shares, is a ValueError and no crash."""
    before = csv.field_size_limit(1000)
    try:
        with pytest.raises(ValueError, match="CSV"):
            cells('"' + "x" * 2000, ",")
    finally:
        csv.field_size_limit(before)
