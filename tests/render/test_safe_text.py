"""The gate for hostile text: nothing that a terminal, a spreadsheet or Markdown obeys comes through."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sferic.render.safe_text import safe_code, safe_csv, safe_fence, safe_json, safe_markdown, safe_text

ANY_TEXT = st.text(st.characters(), max_size=300)
HIDDEN = st.sampled_from("\x00\x07\x1b\x7f\x85\x9b\u00ad\u200b\u200f\u2028\u202e\u2066\ufeff\ud800\U000e0041")


def is_harmless(text: str) -> bool:
    """Judge by Unicode's own categories: no control, format, separator or surrogate character but the space."""
    return not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in KEPT for c in text)


KEPT = "".join(chr(c) for c in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)) + "".join(
    chr(c) for c in (*range(0x13430, 0x13440), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B))
)
"""Format characters of scripts (Arabic number signs, hieroglyphs, shorthand, music): they neither hide nor turn text."""


@given(ANY_TEXT | st.lists(HIDDEN).map("".join))
def test_no_invisible_character_survives(text: str) -> None:
    """Whatever goes in, only visible characters come out."""
    assert is_harmless(safe_text(text, 2000))


@given(ANY_TEXT, st.integers(1, 50))
def test_the_limit_holds(text: str, limit: int) -> None:
    """The result never is longer than asked for, and a cut shows."""
    shown = safe_text(text, limit)
    assert len(shown) <= limit
    assert shown.endswith("…") or len(text) <= limit


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=100))
def test_visible_text_is_left_alone(text: str) -> None:
    """Letters, digits, marks and signs of every script stay as they are."""
    visible = "".join(c for c in text if c not in "\u115f\u1160\u3164\uffa0\U0001d173")
    assert safe_text(visible) == visible


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J", r"\x9b2J"),
        ("a\tb", "a⇥b"),
        ("a\r\nb", r"a\x0d\x0ab"),
        ("exe.\u202egpj", r"exe.\u202egpj"),
        ("\ud83d", r"\ud83d"),
        ("\U000e0041", r"\U000e0041"),
        ("CORP\\mira", "CORP\\mira"),
        ("bücher.example", "bücher.example"),
        (None, "None"),
        (7, "7"),
    ],
)
def test_what_escapes_look_like(raw: object, shown: str) -> None:
    """Escapes are Python's, so that an analyst can read and search them; a tab has a sign; other text is untouched."""
    assert safe_text(raw) == shown


@given(ANY_TEXT)
def test_csv_never_starts_a_formula(text: str) -> None:
    """No cell begins with a character that a spreadsheet evaluates, however many spaces stand before it."""
    assert not safe_csv(text, 2000).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


@given(
    st.recursive(ANY_TEXT | st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner))
)
def test_json_is_exact_and_harmless(value: object) -> None:
    """A reader gets every character back (a lone surrogate as U+FFFD), and the line shows no control character."""
    line = safe_json(value)
    assert is_harmless(line)
    assert json.loads(line) == json.loads(json.dumps(value).encode("utf-16", "surrogatepass").decode("utf-16")) or (
        "\ufffd" in line
    )


@given(ANY_TEXT)
def test_a_code_span_cannot_be_left(text: str) -> None:
    """A Markdown parser finds one code span and nothing beside it, and no pipe that could end a table cell."""
    span = safe_code(text, 2000)
    inline = MarkdownIt("commonmark").parseInline(span)[0].children or []
    assert [token.type for token in inline] == ["code_inline"]
    assert "|" not in span


def test_a_fence_outgrows_its_text() -> None:
    """A line of five backticks needs a fence of six."""
    assert safe_fence("a\n`````\nb") == "``````"
    assert safe_fence("plain") == "```"


@pytest.mark.parametrize(
    "text", ["[x](http://h.test)", "<img src=x>", "https://h.test", "@team", "**b**", "a|b", "www.h.test"]
)
def test_markdown_is_spelled_out(text: str) -> None:
    """Every character that Markdown reads is behind a backslash; taking the backslashes away gives the text back."""
    shown = safe_markdown(text)
    assert shown != text
    assert shown.replace("\\", "") == text
