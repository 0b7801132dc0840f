"""An investigation guide: which questions to ask about a channel, a machine and a function, and what answers mean."""

from collections.abc import Iterator

from sferic.content import _pages
from sferic.content._contract import Content, Text
from sferic.content._fill import fill


def texts(content: Content) -> Iterator[Text]:
    """Write the one page."""
    values = {"detections": _pages.detections(content), "techniques": _pages.techniques()}
    yield Text("guide.md", fill("documents/guide.md", values))
