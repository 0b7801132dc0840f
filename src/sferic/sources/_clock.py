"""From what a log line says about time to epoch microseconds UTC.

A line's local time needs a zone: what the line says wins, then the source's `--set SOURCE.timezone`, then `--timezone`
(UTC unless given). A line without a year takes the latest year that does not lie after the file's own date.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from sferic.model.errors import SettingsError

SECOND_US = 1_000_000
MONTHS = {m: i for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
ZONE_MINUTES: dict[str, int | None] = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180,
    "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    "MSK": 180, "HKT": 480, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
    "AST": None, "BST": None, "CST": None, "IST": None, "SST": None,
}  # fmt: skip
"""Zone name in a line → minutes east of UTC; None where several zones share it: the log's own zone decides."""
NO_DATE = "the time names no real date"
"""Said in place of Python's own words, which differ from version to version."""
_WRITTEN_MINUTE = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2}):")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Turns calendar parts into epoch microseconds; one per file."""

    def __init__(self, zone: tzinfo = UTC, not_after: datetime | None = None) -> None:
        self.zone = zone
        self._not_after = (not_after or datetime.now(UTC)).astimezone(zone) + timedelta(days=2)
        self._minute = lru_cache(maxsize=4096)(self._minute_us)
        self._written_minute = lru_cache(maxsize=4096)(self._written_minute_us)

    def local(self, year: int, month: int, day: int, hour: int, minute: int, second: int, micro: int = 0) -> int:
        """Read calendar parts in the log's zone. Second 60 (a leap second) counts as 59."""
        return self._minute(year, month, day, hour, minute) + min(second, 59) * SECOND_US + micro

    def written(self, text: str) -> int:
        """Read exactly `YYYY-MM-DD hh:mm:ss`, also with `/` and `T`, in the log's zone."""
        return self._written_minute(text[:17]) + min(int(text[17:]), 59) * SECOND_US

    def offset(self, parts: tuple[int, int, int, int, int, int], micro: int, minutes: int) -> int:
        """Read calendar parts with a stated UTC offset in minutes."""
        year, month, day, hour, minute, second = parts
        return _utc_minute(year, month, day, hour, minute) + (min(second, 59) - minutes * 60) * SECOND_US + micro

    def year_for(self, month: int, day: int) -> int:
        """Give a date without a year the latest year that does not lie after the file's own date."""
        year = self._not_after.year
        return year if (month, day) <= (self._not_after.month, self._not_after.day) else year - 1

    def _written_minute_us(self, text: str) -> int:
        match = _WRITTEN_MINUTE.fullmatch(text)
        if match is None:
            raise ValueError("time is not ISO 8601")
        year, month, day, hour, minute = map(int, match.groups())
        return self._minute(year, month, day, hour, minute)

    def _minute_us(self, year: int, month: int, day: int, hour: int, minute: int) -> int:
        if self.zone is UTC:
            return _utc_minute(year, month, day, hour, minute)
        return _micros((year, month, day, hour, minute), self.zone)


@lru_cache(maxsize=4096)
def _utc_minute(year: int, month: int, day: int, hour: int, minute: int) -> int:
    return _micros((year, month, day, hour, minute), UTC)


def _micros(parts: tuple[int, int, int, int, int], zone: tzinfo) -> int:
    try:
        moment = datetime(*parts, tzinfo=zone)
    except ValueError:
        raise ValueError(NO_DATE) from None
    return (moment - _EPOCH) // timedelta(microseconds=1)


def epoch_us(text: str) -> int:
    """Read `seconds[.fraction]` since the epoch, exactly; also milliseconds or microseconds by their length."""
    whole, _, fraction = text.strip().partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()):
        raise ValueError("time is not a number")
    if len(whole) > 11:
        return int(whole.ljust(16, "0")[:16]) if len(whole) <= 16 else int(whole[:16])
    return int(whole) * SECOND_US + int(fraction[:6].ljust(6, "0") or 0)


def zone(name: str) -> tzinfo:
    """Look up an IANA zone name (`Europe/Berlin`) or an offset (`+05:30`)."""
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        if name[:1] in {"+", "-"}:
            return datetime.strptime(name, "%z").tzinfo or UTC
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f"there is no time zone {name!r}", where="timezone",
            expected="an IANA name such as Europe/Berlin, or +05:30",
        ) from None  # fmt: skip
