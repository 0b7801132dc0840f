"""Reads the user's list of machines: which device has which address, and from when to when.

A CSV file with a header; the columns `address` and `device` must be there, `from` and `until` (RFC 3339, UTC unless
they say otherwise) may, others are left alone. What the list says of an address wins over what logs say.
"""

import csv
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sferic.model.errors import SettingsError
from sferic.model.hosts import address as read_address

NEEDED = ("address", "device")
MAX_ROWS = 1_000_000
_EXAMPLE = "address,device,from,until"


class Asset(msgspec.Struct, frozen=True):
    """A device had an address, from one moment (epoch seconds) up to another."""

    address: str
    device: str
    from_s: float = -math.inf
    until_s: float = math.inf


def load_assets(path: Path) -> list[Asset]:
    """Return the rows of the file; the first that cannot be is a SettingsError with its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_rows(csv.DictReader(file), path))
    except OSError as error:
        raise SettingsError(f"cannot be read ({error.strerror})", where=str(path)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"is no CSV: {error}", where=str(path), expected="UTF-8 CSV with a header") from error


def _rows(table: "csv.DictReader[str]", path: Path) -> Iterable[Asset]:
    if not {*NEEDED} <= {*(table.fieldnames or ())}:
        raise SettingsError("has no columns `address` and `device`", where=f"{path}:1", expected=_EXAMPLE)
    for row in table:
        if table.line_num > MAX_ROWS:
            raise SettingsError("has more lines than are read", where=str(path), expected=f"{MAX_ROWS:,} at most")
        yield _asset(row, f"{path}:{table.line_num}")


def _asset(row: Mapping[str, str | None], where: str) -> Asset:
    written, device = (row.get("address") or "").strip(), (row.get("device") or "").strip()
    address = read_address(written)
    if address is None:
        raise SettingsError(f"{written!r} is no address", where=where, expected="an IPv4 or IPv6 address")
    if not device:
        raise SettingsError("the device has no name", where=where, expected=_EXAMPLE)
    since, until = _moment(row.get("from"), -math.inf, where), _moment(row.get("until"), math.inf, where)
    if since >= until:
        raise SettingsError("no time lies between `from` and `until`", where=where, expected="`from` before `until`")
    return Asset(address, device, since, until)


def _moment(written: str | None, absent: float, where: str) -> float:
    said = (written or "").strip()
    if not said:
        return absent
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        expected = "a time such as 2026-03-02T10:00:00Z"
        raise SettingsError(f"{said!r} is no time", where=where, expected=expected) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
