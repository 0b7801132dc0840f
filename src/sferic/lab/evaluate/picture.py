"""Small pictures as SVG: bars, a heat map, lines. Text and shapes only, readable on light and dark pages."""

from collections.abc import Mapping, Sequence
from html import escape

_FONT = "font-family='sans-serif' font-size='12'"
_COLOURS = ("#0b6e99", "#b4540a", "#4d7c0f", "#7e22ce")
_INK = "#666"


def bars(title: str, rows: Sequence[tuple[str, float, str]], ours: str) -> str:
    """Horizontal bars of shares 0..1: name, length, what to write at its end; names that begin `ours` stand out."""
    body = []
    for number, (name, share, label) in enumerate(rows):
        y = 34 + 26 * number
        colour = _COLOURS[0 if name.startswith(ours) else 1]
        body.append(_text(214, y + 13, name, "end"))
        body.append(f"<rect x='222' y='{y}' width='{300 * share:.1f}' height='18' fill='{colour}'/>")
        body.append(_text(228 + 300 * share, y + 13, label))
    return _svg(title, 620, 44 + 26 * len(rows), body)


def heat(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """A table of shares 0..1, dark where high; None is left empty."""
    body = [_text(156 + 62 * n, 42, name, "middle") for n, name in enumerate(columns)]
    for line, (name, shares) in enumerate(rows):
        y = 50 + 26 * line
        body.append(_text(116, y + 16, name, "end"))
        for n, share in enumerate(shares):
            if share is not None:
                box = f"x='{126 + 62 * n}' y='{y}' width='60' height='24'"
                body.append(f"<rect {box} fill='{_COLOURS[0]}' fill-opacity='{0.06 + 0.94 * share:.2f}'/>")
                body.append(_text(156 + 62 * n, y + 16, f"{share:.0%}", "middle", "#fff" if share > 0.5 else _INK))
    return _svg(title, 140 + 62 * len(columns), 60 + 26 * len(rows), body)


def lines(title: str, ticks: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """Shares 0..1 over named steps, one line each; lines that lie on each other are told apart by their dashes."""
    step = 380 / max(1, len(ticks) - 1)
    body = [_text(60 + step * n, 232, tick, "middle") for n, tick in enumerate(ticks)]
    body += [_text(50, 216 - 180 * share, f"{share:.0%}", "end") for share in (0.0, 0.5, 1.0)]
    for number, (name, shares) in enumerate(series.items()):
        points = " ".join(f"{60 + step * n:.1f},{212 - 180 * share:.1f}" for n, share in enumerate(shares))
        stroke = (
            f"stroke='{_COLOURS[number % 4]}' stroke-width='3' stroke-dasharray='{12 - 3 * (number % 4)} {2 * number}'"
        )
        body.append(f"<polyline points='{points}' fill='none' {stroke}/>")
        body.append(_text(456, 60 + 22 * number, name, colour=_COLOURS[number % 4]))
    return _svg(title, 620, 246, body)


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = _INK) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{colour}'>{escape(text)}</text>"


def _svg(title: str, width: int, height: int, body: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' {_FONT}>"
    name = f"<title>{escape(title)}</title>"
    return "\n".join([head, name, _text(8, 18, title), *body, "</svg>", ""])
