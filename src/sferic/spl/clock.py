"""Time as Splunk counts it: epoch seconds, time formats, and modifiers such as `-24h@h`."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

Function = tuple[str, Callable[..., object], tuple[str, ...], str]
"""A function for the database: its name, itself, the types of its arguments, and of its result."""

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WORDS = (
    ("s", r"s|secs?|seconds?"),
    ("m", r"m|mins?|minutes?"),
    ("h", r"h|hrs?|hours?"),
    ("d", r"d|days?"),
    ("w", r"w[0-7]?|weeks?"),
    ("mon", r"mon|months?"),
    ("q", r"q|qtrs?|quarters?"),
    ("y", r"y|yrs?|years?"),
)
_UNIT = "|".join(words for _, words in reversed(_WORDS))
_STEP = re.compile(rf"(?:([-+])(\d{{0,6}})({_UNIT})|@({_UNIT}))(?=[-+@]|$)")
_SPAN = re.compile(rf"(\d{{0,6}})({_UNIT})")
_STAMP = "%m/%d/%Y:%H:%M:%S"
_SPECIAL = re.compile(r"%(%|\+|s|Q|Ez|:z|[3-9]?N|[3-9]?Q|l|k|F|T|D|R|V|e)")
_MADE_UP = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "D": "%m/%d/%y", "R": "%H:%M"}


def unit(word: str) -> str:
    """Return a unit's short name."""
    return next(short for short, words in _WORDS if re.fullmatch(words, word))


def span_s(text: str) -> int | None:
    """Return the seconds of a span such as `5m` or `1h`; None if it is none, or of no fixed length."""
    found = _SPAN.fullmatch(text)
    if found is None or unit(found[2]) not in UNITS_S:
        return None
    return int(found[1] or 1) * UNITS_S[unit(found[2])] or None


def moment(text: str, now: float, zone: tzinfo) -> float | None:
    """Read a time modifier (`-24h@h`, `now`, epoch seconds, `03/02/2026:08:00:00`); None if it is none."""
    if text in {"now", "now()"}:
        return now
    if re.fullmatch(r"\d{1,11}(\.\d{1,9})?", text):
        return float(text)
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=zone).timestamp()
    except ValueError:
        return relative(now, text, zone)


def relative(now: float, modifier: str, zone: tzinfo) -> float | None:
    """Move a time by a modifier, step by step; None if it is none, or leads out of the calendar."""
    try:
        here = datetime.fromtimestamp(now, zone)
        at = 0
        while at < len(modifier):
            step = _STEP.match(modifier, at)
            if step is None:
                return None
            here = _snap(here, step[4]) if step[4] else _move(here, step[1] + (step[2] or "1"), step[3])
            at = step.end()
        return here.timestamp() if modifier else None
    except (ValueError, OverflowError, OSError):
        return None


def _move(here: datetime, count: str, word: str) -> datetime:
    short, number = unit(word), int(count)
    if short in {"s", "m", "h"}:
        moved = here.astimezone(UTC) + timedelta(seconds=number * UNITS_S[short])
        return moved.astimezone(here.tzinfo)
    if short in {"d", "w"}:
        return here + timedelta(days=number * (7 if short == "w" else 1))
    months = number * {"mon": 1, "q": 3, "y": 12}[short] + here.year * 12 + here.month - 1
    year, month = divmod(months, 12)
    last = (datetime(year + month // 11, (month + 1) % 12 + 1, 1, tzinfo=UTC) - timedelta(days=1)).day
    return here.replace(year=year, month=month + 1, day=min(here.day, last))


def _snap(here: datetime, word: str) -> datetime:
    short = unit(word)
    if short == "s":
        return here.replace(microsecond=0)
    if short == "m":
        return here.replace(second=0, microsecond=0)
    if short == "h":
        return here.replace(minute=0, second=0, microsecond=0)
    day = here.replace(hour=0, minute=0, second=0, microsecond=0)
    if short == "w":
        first = int(word[1]) % 7 if word[1:].isdigit() else 0
        return day - timedelta(days=(day.isoweekday() - first) % 7)
    months = {"d": None, "mon": day.month, "q": (day.month - 1) // 3 * 3 + 1, "y": 1}[short]
    return day if months is None else day.replace(month=months, day=1)


def functions(zone: tzinfo) -> tuple[Function, ...]:
    """Return the database's functions that need a time zone."""

    @lru_cache(maxsize=50_000)
    def written(time_s: float, form: str) -> str | None:
        return strftime(time_s, form, zone)

    return (
        ("spl_strftime", written, ("DOUBLE", "VARCHAR"), "VARCHAR"),
        ("spl_strptime", lambda text, form: strptime(text, form, zone), ("VARCHAR", "VARCHAR"), "DOUBLE"),
        ("spl_relative", lambda time_s, by: relative(time_s, by, zone), ("DOUBLE", "VARCHAR"), "DOUBLE"),
    )


def strftime(time_s: float, form: str, zone: tzinfo) -> str | None:
    """Write a time; None if that is impossible."""
    try:
        when = datetime.fromtimestamp(math.floor(time_s), zone)
        whole = round((time_s - math.floor(time_s)) * 1e9)
        return when.strftime(_SPECIAL.sub(lambda m: _special(m[1], when, time_s, whole), form))
    except (ValueError, OverflowError, OSError):
        return None


def _special(code: str, when: datetime, time_s: float, nanoseconds: int) -> str:
    if code == "%":
        return "%%"
    if code == "s":
        return str(math.floor(time_s))
    if code[-1] in "NQ":
        digits = int(code[0]) if len(code) == 2 else 3 if code == "Q" else 9
        return f"{nanoseconds:09d}"[:digits]
    if code in {"Ez", ":z"}:
        offset = when.strftime("%z")
        return f"{offset[:3]}:{offset[3:]}"
    if code in {"l", "k", "e"}:
        return f"{(when.hour % 12 or 12) if code == 'l' else when.hour if code == 'k' else when.day:2d}"
    return when.strftime(_MADE_UP.get(code, {"+": "%a %b %d %H:%M:%S %Z %Y", "V": "%V"}.get(code, "")))


def strptime(text: str, form: str, zone: tzinfo) -> float | None:
    """Read a time; None if it does not fit the form."""
    if form == "%s":
        return float(text) if re.fullmatch(r"\d{1,11}(\.\d{1,9})?", text) else None
    ours = _SPECIAL.sub(lambda m: {"F": "%Y-%m-%d", "T": "%H:%M:%S", "Ez": "%z", ":z": "%z"}.get(m[1], m[0]), form)
    ours = re.sub(r"%[3-9]?[NQ]", "%f", ours)
    try:
        when = datetime.strptime(text[:200], ours)  # noqa: DTZ007  # the zone is set in the next line
        return (when if when.tzinfo else when.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError, re.error):
        return None
