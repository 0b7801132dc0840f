"""A tuning guide: five classes of harmless traffic and how each is told apart, every number, rules for changes."""

from collections.abc import Iterator

from sferic.content import _pages
from sferic.content._contract import Content, Text
from sferic.content._fill import fill


def texts(content: Content) -> Iterator[Text]:
    """Write the one page."""
    values = {
        "classes": _pages.classes(),
        "limits": _pages.limits(content),
        "related": _pages.detections(content),
    }
    yield Text("tuning.md", fill("documents/tuning.md", values))
