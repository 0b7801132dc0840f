"""The exported texts, and the example estate to run them on."""

from pathlib import Path

import pytest

from prove import estate as proving
from sferic.catalog.platforms import load_catalogue
from sferic.content._contract import Content, texts

EXAMPLE = Path(__file__).parents[2] / "examples" / "estate"
NAMELESS = "branch-api-gateway"
"""The implant whose firewall logs no names: only look-ups show it."""


class Exported(dict[str, str]):
    """The text files of one target, by path."""


@pytest.fixture(scope="session")
def content() -> Content:
    """Everything that targets write about, from the built-in catalogue."""
    return Content(load_catalogue([]))


@pytest.fixture(scope="session")
def sigma(content: Content) -> Exported:
    """What `sferic export sigma` writes."""
    return written("sigma", content)


@pytest.fixture(scope="session")
def kusto(content: Content) -> Exported:
    """What `sferic export kusto` writes."""
    return written("kusto", content)


@pytest.fixture(scope="session")
def elastic(content: Content) -> Exported:
    """What `sferic export elastic` writes."""
    return written("elastic", content)


@pytest.fixture(scope="session")
def splunk(content: Content) -> Exported:
    """What `sferic export splunk` writes, but for the package."""
    return written("splunk", content)


@pytest.fixture(scope="session")
def estate() -> proving.Estate:
    """The example estate: 300 machines, three days, six implants."""
    return proving.read(EXAMPLE)


def written(target: str, content: Content) -> Exported:
    """Return the text files of a target."""
    return Exported({text.path: text.body for text in texts(target, content) if isinstance(text.body, str)})
