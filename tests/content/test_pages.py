"""The pages for people hold what they promise, for every class, provider, platform and number of the catalogue."""

import re

import pytest

from sferic.catalog.detections import abuse_contacts, attack, false_positives
from sferic.content._contract import Content
from tests.content.conftest import written


@pytest.fixture(scope="module")
def pages(content: Content) -> dict[str, str]:
    """All pages by name."""
    return {name: written(name, content)[f"{name}.md"] for name in ("guide", "playbook", "tuning")}


def test_playbook(pages: dict[str, str], content: Content) -> None:
    """Every hunted platform has a row, every known contact stands there with how it is known."""
    page = pages["playbook"]
    for platform in content.catalogue.platforms.values():
        assert (f"| {platform.provider}: {platform.product} |" in page) == platform.is_hunted
    for name, contact in abuse_contacts().contacts.items():
        assert f"| {name} | {contact.where} | {contact.evidence} |" in page
    for step in ("Triage", "Evidence", "Containment", "Report", "Eradication", "Lessons"):
        assert re.search(rf"^## \d\. {step}", page, re.MULTILINE)


def test_the_playbook_stops_functions_of_catalogued_platforms(pages: dict[str, str], content: Content) -> None:
    """Each platform that the table tells how to stop is one that is hunted."""
    table = pages["playbook"].partition("| Platform | Stop it |")[2].partition("\n\n")[0]
    names = re.findall(r"^\| ([A-Z][^|]+) \|", table, re.MULTILINE)
    known = " ".join(f"{p.provider}: {p.product}" for p in content.catalogue.platforms.values() if p.is_hunted)
    assert len(names) == 5
    for name in names:
        assert name.split(" and ")[0].split()[-1] in known, name


def test_contacts_are_of_providers(content: Content) -> None:
    """A contact is of a provider that the platform files name."""
    assert set(abuse_contacts().contacts) <= {p.provider for p in content.catalogue.platforms.values()}


def test_tuning(pages: dict[str, str], content: Content) -> None:
    """Every class of harmless traffic says how it is told apart, and every number of every detection has a row."""
    for one in false_positives().values():
        assert f"## {one.title}\n" in pages["tuning"]
        assert one.told_apart in pages["tuning"]
    for detection in content.detections.values():
        for name, value in detection.limits.items():
            assert f"| {detection.id} | {name} | {value} |" in pages["tuning"]


def test_guide(pages: dict[str, str]) -> None:
    """Every technique says whether it is seen, and none that is only inferred is said to be."""
    for name, one in attack().techniques.items():
        (row,) = re.findall(rf"^\| {re.escape(name)} \|.*$", pages["guide"], re.MULTILINE)
        assert ("never, only inferred" in row) == (one.seen == "inferred")


def test_tables_are_tables(pages: dict[str, str]) -> None:
    """Rows of a table have as many cells as its head."""
    for name, page in pages.items():
        for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(counts) == 1, (name, block[:200])


@pytest.mark.parametrize(
    ("target", "ending", "said"),
    [
        ("logscale", ".logscale", "Not executed"), ("secops", ".yaral", "Not executed"),
        ("elastic", ".esql", "Not executed"), ("elastic", ".eql", "Executed"), ("elastic", ".ndjson", "xecuted"),
        ("kusto", ".kql", "Executed"), ("kusto", ".yaml", "Executed"),
        ("sigma", "platform.yml", "Executed"), ("sigma", "small.yml", "Executed"),
        ("splunk", "savedsearches.conf", "Executed"), ("hunts", ".sql", "Executed"),
    ],
)  # fmt: skip
def test_every_text_says_whether_it_was_run(target: str, ending: str, said: str, content: Content) -> None:
    """The first lines of a text say whether anything executed it, and what."""
    found = {path: text for path, text in written(target, content).items() if path.endswith(ending)}
    assert found
    for path, text in found.items():
        assert said in text[: 3000 if ending == ".ndjson" else 900], path
