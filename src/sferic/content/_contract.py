"""What a target gets and what it gives: facts in, named texts out. It writes no file and knows no folder."""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from importlib import import_module
from uuid import UUID, uuid5

import msgspec

from sferic.catalog.detections import Detection, detections
from sferic.catalog.platforms import Catalogue
from sferic.content import __path__ as _folder
from sferic.content._hosts import Hosts

DATE = "2026-11-24"
"""When the texts were last changed in what they say; products ask for it."""
AUTHOR = "The Sferic authors"
REFERENCES = (
    "https://unit42.paloaltonetworks.com/windows-backdoor-for-novel-c2-communication/",
    "https://developers.cloudflare.com/workers/configuration/routing/workers-dev",
)
"""A public report of such a channel, and how such a host name is made."""


class Text(msgspec.Struct, frozen=True):
    """One file of an export."""

    path: str
    """Below the folder that the user names, parts joined by `/`."""
    body: str | bytes


class Content:
    """Everything that targets write about."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    @cached_property
    def hosts(self) -> Hosts:
        """Return the host names to look for, those that a hunt looks at by default."""
        return Hosts.of(self.catalogue)

    @property
    def detections(self) -> Mapping[str, Detection]:
        """Return every detection by its id."""
        return detections()


Target = Callable[[Content], Iterable[Text]]


def targets() -> dict[str, str]:
    """Return every target's name and the first line of what it says about itself."""
    names = [module.name for module in pkgutil.iter_modules(_folder) if not module.name.startswith("_")]
    return {name: (import_module(f"sferic.content.{name}").__doc__ or "").partition("\n")[0] for name in names}


def texts(target: str, content: Content) -> list[Text]:
    """Return the files of one target, in order of their names."""
    write: Target = import_module(f"sferic.content.{target}").texts
    return sorted(write(content), key=lambda text: text.path)


def derived_id(detection: Detection, part: str) -> str:
    """Return an id of its own for one of several rules about a detection; it never changes."""
    return str(uuid5(UUID(detection.uuid), part))
