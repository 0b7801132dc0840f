"""Charts made of characters: bars for the gaps between check-ins, and a row of marks for each day.

They are plain text, so that they survive a pipe, a ticket and a screen reader.
"""

from collections.abc import Sequence
from textwrap import wrap

from sferic.model.finding import Bar, Day
from sferic.model.words import duration_text
from sferic.render.safe_text import safe_text

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"
_TIED = "\xa0"
MOST_DAYS = 31
MOST_BARS = 24


def histogram(bars: Sequence[Bar], width: int) -> list[str]:
    """Draw a bar for each range of gaps, at most `width` columns in all, from the first that has any to the last.

    A count that is not zero shows. Gaps that are told one by one are a list.
    """
    if all(bar.low_s == bar.high_s for bar in bars):
        whole = (duration_text(bar.low_s).replace(" ", _TIED) for bar in bars)
        return [line.replace(_TIED, " ") for line in wrap(", ".join(whole), max(width, 8))]
    held = [i for i, bar in enumerate(bars) if bar.count]
    shown = _joined(bars[held[0] : held[-1] + 1] if held else bars[:1])
    labels = [_label(bar, exactly=_is_fine(shown)) for bar in shown]
    label_width, count_width = max(map(len, labels)), max(len(f"{bar.count:,}") for bar in shown)
    room = max(8, width - label_width - count_width - 4)
    most = max(bar.count for bar in shown) or 1
    return [
        f"{label:>{label_width}}  {bar.count:>{count_width},}  {_bar(bar.count / most, room)}".rstrip()
        for label, bar in zip(labels, shown, strict=True)
    ]


def _is_fine(bars: Sequence[Bar]) -> bool:
    """Say whether both ends of a bar would be written alike."""
    return any(duration_text(bar.low_s) == duration_text(bar.high_s) for bar in bars if bar.low_s < bar.high_s)


def _label(bar: Bar, *, exactly: bool) -> str:
    ends = (f"{end:,.1f} s" if exactly else duration_text(end) for end in (bar.low_s, bar.high_s))
    return " – ".join(ends)


def _joined(bars: Sequence[Bar]) -> list[Bar]:
    """Join neighbours until there are few enough bars to read."""
    step = -(-len(bars) // MOST_BARS) or 1
    groups = [bars[i : i + step] for i in range(0, len(bars), step)]
    return [Bar(group[0].low_s, group[-1].high_s, sum(bar.count for bar in group)) for group in groups]


def _bar(share: float, room: int) -> str:
    eighths = max(round(share * room * 8), 1 if share > 0 else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def raster(days: Sequence[Day]) -> list[str]:
    """Draw a line for each UTC day, one mark an hour; `·` is an hour without a connection."""
    if not days:
        return []
    shown = days[-MOST_DAYS:]
    most = max((max(day.hours, default=0) for day in shown), default=0) or 1
    head = ["{:10}  00    06    12    18    ".format("")]
    rows = [f"{safe_text(day.date, 10):10}  {_marks(day.hours, most)}  {sum(day.hours):,}" for day in shown]
    earlier = len(days) - len(shown)
    return head + rows + ([f"{earlier} earlier days are not drawn"] if earlier else [])


def _marks(hours: Sequence[int], most: int) -> str:
    return "".join(_HEIGHTS[min(7, n * 8 // (most + 1))] if n else "·" for n in hours[:24])
