r"""The one gate through which every value from a log passes on its way to a person or a program.

Attackers write host names, user agents, paths and command lines. Printed as they are, these can clear a
terminal, set its title, turn text around, hide, become a formula in a spreadsheet or markup in a ticket.
Here such characters are shown as escapes (`\x1b`, `\u202e`), and a tab, which stands between the fields of many
logs, as `⇥`. Nothing is judged here, and no value is dropped.
"""

import json
import re

LIMIT = 200
"""Characters of a value that are shown unless a caller asks for another number."""

TAB = "⇥"
_HIDDEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 controls, DEL, C1 controls
    "\u00ad\u034f\u061c\u180e"  # soft hyphen, joiner, Arabic and Mongolian marks
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers: letters without ink
    "\u200b-\u200f\u2028-\u202f"  # zero width, line and paragraph separators, bidi embeddings, narrow space
    "\u2060-\u206f"  # joiners, invisible operators, bidi isolates
    "\ud800-\udfff"  # lone surrogates
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff"  # variation selectors, byte order mark, annotations
    "\U000e0000-\U000e0fff"  # tags and variation selectors
    "]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKUP = re.compile(r"([\\`*_\[\]{}()<>|~#&!$@]|:(?=//)|\.(?<=www\.))", re.IGNORECASE)
_BLOCK = re.compile(r"^(\d*)([-+=.)])")
_TICKS = re.compile("`+")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_text(value: object, limit: int = LIMIT) -> str:
    """Show a value on one line, controls and invisible characters as escapes, cut to `limit` with `…`."""
    text = value if isinstance(value, str) else str(value)
    shown = _HIDDEN.sub(_escape, text[: limit + 1])
    return shown if len(shown) <= limit and len(text) <= limit else shown[: max(limit - 1, 0)] + "…"


def safe_markdown(value: object, limit: int = LIMIT) -> str:
    """Show a value as Markdown prose: no markup, list, link, mention or HTML comes out of it."""
    text = _MARKUP.sub(r"\\\1", safe_text(value, limit).strip())
    return _BLOCK.sub(r"\1\\\2", text) or "(blank)"


def safe_code(value: object, limit: int = LIMIT) -> str:
    r"""Show a value as a Markdown code span; `|`, at which readers split table cells, becomes `\x7c`."""
    text = safe_text(value, limit).replace("|", r"\x7c")
    ticks = "`" * (max(map(len, _TICKS.findall(text)), default=0) + 1)
    pad = " " if text[:1] in {"`", ""} or text[-1:] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def safe_fence(text: str) -> str:
    """Give the fence for a Markdown code block: longer than any run of backticks in its text."""
    return "`" * max(3, max(map(len, _TICKS.findall(text)), default=0) + 1)


def safe_csv(value: object, limit: int = LIMIT) -> str:
    """Show a value in a cell that no spreadsheet takes for a formula."""
    text = safe_text(value, limit)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def safe_json(value: object) -> str:
    r"""Write one line of JSON that holds every character, yet is harmless when it is printed.

    Invisible characters are written as `\uXXXX`, so a reader gets them back; a lone surrogate, which JSON
    cannot carry, becomes U+FFFD.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _HIDDEN.sub(_json_escape, _SURROGATE.sub("\ufffd", text))


def is_plain(text: str) -> bool:
    """Say whether a text has no character that must be escaped."""
    return _HIDDEN.search(text) is None


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\t":
        return TAB
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0]).strip('"') if match[0] != "\x7f" else "\\u007f"
