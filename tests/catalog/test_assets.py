"""The user's list of machines is read as it is meant, or refused with the line that is wrong."""

import math
from pathlib import Path

import pytest

from sferic.catalog.assets import load_assets
from sferic.model.errors import SettingsError


def file(folder: Path, text: str) -> Path:
    """Write a list."""
    path = folder / "machines.csv"
    path.write_bytes(text.encode())
    return path


def test_a_list_is_read_with_times_and_without(tmp_path: Path) -> None:
    """Columns may stand in any order, others beside them; a time without a zone is UTC."""
    text = "\ufeffdevice,owner,address,from,until\nWS-1,ann,10.0.0.5,,\nWS-2,bob,2001:DB8::5,2026-03-02T01:00:00+01:00,2026-03-03\n"
    first, second = load_assets(file(tmp_path, text))
    assert (first.address, first.device, first.from_s, first.until_s) == ("10.0.0.5", "WS-1", -math.inf, math.inf)
    assert (second.address, second.from_s, second.until_s) == ("2001:db8::5", 1_772_409_600.0, 1_772_496_000.0)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("ip,name\n", ":1", "no columns"),
        ("", ":1", "no columns"),
        ("address,device\n10.0.0.5,A\nnowhere,B\n", ":3", "'nowhere' is no address"),
        ("address,device\n10.0.0.5,\n", ":2", "has no name"),
        ("address,device,from\n10.0.0.5,A,yesterday\n", ":2", "'yesterday' is no time"),
        ("address,device,from,until\n10.0.0.5,A,2026-03-03,2026-03-02\n", ":2", "no time lies between"),
    ],
)
def test_a_mistake_is_an_error_with_its_line(tmp_path: Path, text: str, line: str, says: str) -> None:
    """Nothing is skipped in silence: a list that is half wrong would name the wrong machine."""
    path = file(tmp_path, text)
    with pytest.raises(SettingsError, match=says) as error:
        load_assets(path)
    assert f"{path}{line}" in str(error.value)
    assert "expected" in str(error.value)


def test_a_list_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(SettingsError, match="cannot be read"):
        load_assets(tmp_path / "none.csv")


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    """A spreadsheet is no CSV."""
    path = tmp_path / "machines.csv"
    path.write_bytes(b"address,device\n\xff\xfe\x00,x\n")
    with pytest.raises(SettingsError, match="is no CSV"):
        load_assets(path)
