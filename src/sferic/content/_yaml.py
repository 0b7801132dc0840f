"""Writes YAML: only what rules need (texts, numbers, lists, tables), the same bytes every time.

A text of several lines becomes a block; every other text is quoted unless nothing in it can be misread.
"""

import json
import re
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./()|+-]*[A-Za-z0-9)]|[A-Za-z]")
_WORDS = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"]


def as_yaml(table: Mapping[str, Value]) -> str:
    """Return a document."""
    return "\n".join(_table(table, "")) + "\n"


def _table(table: Mapping[str, Value], indent: str) -> list[str]:
    lines: list[str] = []
    for key, value in table.items():
        name = f"{indent}{_word(key)}:"
        if isinstance(value, str) and "\n" in value:
            lines += [f"{name} |", *(f"{indent}    {line}".rstrip() for line in value.rstrip("\n").split("\n"))]
        elif isinstance(value, str | int | float):
            lines.append(f"{name} {_scalar(value)}")
        elif not value:
            lines.append(f"{name} {'{}' if isinstance(value, Mapping) else '[]'}")
        else:
            inner = f"{indent}    "
            lines += [name, *(_table(value, inner) if isinstance(value, Mapping) else _list(value, inner))]
    return lines


def _list(values: Sequence[Value], indent: str) -> list[str]:
    lines: list[str] = []
    for value in values:
        if isinstance(value, Mapping):
            first, *rest = _table(value, f"{indent}  ")
            lines += [f"{indent}- {first.lstrip()}", *rest]
        elif isinstance(value, str | int | float):
            lines.append(f"{indent}- {_scalar(value)}")
        else:
            lines += [f"{indent}-", *_list(value, f"{indent}    ")]
    return lines


def _scalar(value: str | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _word(value)


def _word(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False) if "'" in text else f"'{text}'"
