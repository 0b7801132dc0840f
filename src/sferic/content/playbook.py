"""A response playbook: triage, evidence, containment, reports to providers, eradication by the owner, lessons."""

from collections.abc import Iterator

from sferic.catalog.detections import abuse_contacts
from sferic.content import _pages
from sferic.content._contract import Content, Text
from sferic.content._fill import fill


def texts(content: Content) -> Iterator[Text]:
    """Write the one page."""
    values = {
        "classes": _pages.classes_in_short(),
        "contacts": _pages.contacts(),
        "platforms": _pages.platforms(content),
        "reviewed": abuse_contacts().reviewed,
    }
    yield Text("playbook.md", fill("documents/playbook.md", values))
