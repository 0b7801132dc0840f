"""Every target writes named texts, the same each time, without a hole left in them."""

import re

import pytest

from sferic.content._contract import Content, targets, texts

each_target = pytest.mark.parametrize("target", targets())


@each_target
def test_texts(target: str, content: Content) -> None:
    """A target writes at least one file, below the folder, no file twice, the same bytes each time."""
    written = texts(target, content)
    assert written == texts(target, content)
    paths = [text.path for text in written]
    assert paths
    assert len(set(paths)) == len(paths)
    assert all(re.fullmatch(r"(?:[\w.-]+/)*[\w.-]+", path) and ".." not in path for path in paths)


@each_target
def test_no_hole_is_left(target: str, content: Content) -> None:
    """What the texts say is filled in, and says nothing as None."""
    for text in texts(target, content):
        body = text.body if isinstance(text.body, str) else ""
        assert not re.search(r"<<\w+>>|(?<!\")\bNone\b(?!\")", body), text.path


@each_target
def test_it_says_what_it_is(target: str) -> None:
    """The first line of a target's docstring is what `sferic export` shows."""
    assert re.fullmatch(r"[A-Z].{20,}[.]", targets()[target])
