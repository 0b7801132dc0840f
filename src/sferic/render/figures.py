"""How numbers, times, sizes and intervals are written, the same in every format.

Pure text from numbers: no log-derived string passes here (that is `sferic.render.safe_text`).
"""

from datetime import UTC, datetime, timedelta

from sferic.model.finding import Interval
from sferic.model.words import duration_text, short_text

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPREAD = {"one_sided": "−", "additive": "+"}
_LAST_US = 253_402_300_800 * SECOND_US
"""The first microsecond RFC 3339 cannot write: the year 10000."""


def rfc3339(time_us: int | None) -> str | None:
    """Write epoch microseconds as RFC 3339 UTC; None when unknown or beyond what the format can say."""
    if time_us is None or not 0 < time_us < _LAST_US:
        return None
    moment = _EPOCH + timedelta(microseconds=time_us)
    return moment.isoformat(timespec="microseconds" if time_us % SECOND_US else "seconds")[:-6] + "Z"


def minute_text(time_us: int | None) -> str:
    """Write a time for a person: `2026-03-02 08:15 UTC`."""
    written = rfc3339(time_us)
    return f"{written[:10]} {written[11:16]} UTC" if written else "unknown"


def second_text(time_us: int | None) -> str:
    """Write a time for a person to the second: `2026-03-02 08:15:07 UTC`."""
    written = rfc3339(time_us)
    return f"{written[:10]} {written[11:19]} UTC" if written else "unknown"


def span_text(first_us: int | None, last_us: int | None) -> str:
    """Write how long lies between two times; empty when one is unknown."""
    if not first_us or not last_us:
        return ""
    return duration_text((last_us - first_us) / SECOND_US)


def between_text(first_us: int | None, last_us: int | None) -> str:
    """Write two times and what lies between, to the second if that is less than an hour; one time if it is nothing."""
    if first_us == last_us:
        return second_text(first_us)
    is_short = first_us and last_us and last_us - first_us < HOUR_US
    told, span = second_text if is_short else minute_text, span_text(first_us, last_us)
    return f"{told(first_us)} to {told(last_us)}" + (f" ({span})" if span else "")


def spread_text(interval: Interval) -> str:
    """Write how far gaps stray from the sleep: `±20 %`, `−20 %` (only shorter), `+20 %` (only longer)."""
    if interval.law == "irregular":
        return "irregular"
    if interval.jitter is None:
        return ""
    if interval.jitter < 0.005:
        return "fixed"
    return f"{_SPREAD.get(interval.law, '±')}{interval.jitter:.0%}".replace("%", " %")


def interval_text(interval: Interval | None) -> str:
    """Write the timing law of a channel: `≈60 s ±20 %`; empty when there is none."""
    if interval is None:
        return ""
    return f"≈{duration_text(interval.sleep_s or interval.median_s)} {spread_text(interval)}".rstrip()


def bytes_text(size: float | None) -> str:
    """Write a size in decimal units: `1.4 MB`; `unknown` when it is."""
    if size is None:
        return "unknown"
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{short_text(size)} {unit}"
        size /= 1000
    return f"{short_text(size)} TB"


def share_text(part: int, whole: int) -> str:
    """Write a share: `1.5 %`, `0.01 %`; empty when there is no whole."""
    return f"{short_text(100 * part / whole)} %" if whole else ""


def points_text(points: float, decimals: int = 1) -> str:
    """Write signed points: `+9.1`, `−3.0`; a rounded zero has no sign."""
    text = f"{points:+.{decimals}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")
