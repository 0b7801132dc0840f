"""Fills the texts beside this module: `<<name>>` stands for a value, and a name without a value is an error.

The texts are files in the product's own language, so that somebody who knows that language can read and mend them.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sferic.catalog.detections import Detection

_FOLDER = Path(__file__).with_name("texts")
_HOLE = re.compile(r"<<([a-z_]+)>>")
_INDENT = re.compile(r"^([ \t]*)<<([a-z_]+)>>$", re.MULTILINE)


def fill(name: str, values: Mapping[str, object]) -> str:
    """Return a text with its holes filled; a hole alone on its line keeps its indent for every line put there.

    Raises KeyError for a hole that nothing fills.
    """
    text = (_FOLDER / name).read_text(encoding="utf-8")
    text = _INDENT.sub(lambda hole: _indented(str(values[hole[2]]), hole[1]), text)
    return _HOLE.sub(lambda hole: str(values[hole[1]]), text)


def facts(detection: Detection) -> dict[str, object]:
    """Return what any text may say about a detection."""
    return {
        "id": detection.id, "uuid": detection.uuid, "title": detection.title, "sentence": detection.sentence,
        "cannot": detection.cannot, "risk": detection.risk, "lookback_h": detection.lookback_h,
        "every_min": detection.every_min, **detection.limits,
    }  # fmt: skip


def quoted(names: Iterable[str], *, width: int = 110, indent: str = "    ") -> str:
    """Return names as a list in double quotes, wrapped; the languages here all take that."""
    lines = [indent]
    for name in names:
        word = f'"{name}", '
        if len(lines[-1]) + len(word) > width:
            lines.append(indent)
        lines[-1] += word
    return "\n".join(line.rstrip() for line in lines).removesuffix(",")


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line if line else line for line in text.split("\n"))
