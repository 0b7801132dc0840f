"""The Splunk app is whole: every macro, lookup and search that something names is there, and the package opens."""

import csv
import io
import json
import re
import tarfile
from fnmatch import fnmatchcase
from xml.parsers import expat

import pytest
import yaml

from sferic.content._contract import Content, texts
from sferic.content.splunk import APP
from tests.content.conftest import Exported
from tests.content.test_hosts import OTHERS, OURS

Stanzas = dict[str, dict[str, str]]


def conf(text: str) -> Stanzas:
    """Read a .conf file."""
    found: Stanzas = {}
    for line in text.replace("\\\n", "").splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = {}
        elif line and not line.startswith("#"):
            key, _, value = line.partition(" = ")
            found[list(found)[-1]][key] = value
    return found


@pytest.fixture(scope="module")
def saved(splunk: Exported) -> Stanzas:
    """The app's saved searches."""
    return conf(splunk[f"{APP}/default/savedsearches.conf"])


def test_what_is_named_is_there(splunk: Exported, saved: Stanzas) -> None:
    """Every macro and lookup that a search, a macro or the dashboard names is defined, and every one is used."""
    macros = conf(splunk[f"{APP}/default/macros.conf"])
    lookups = conf(splunk[f"{APP}/default/transforms.conf"])
    texts = [one["search"] for one in saved.values()] + [one["definition"] for one in macros.values()]
    whole = "\n".join([*texts, splunk[f"{APP}/default/data/ui/views/serverless.xml"]])
    assert set(re.findall(r"`(\w+)`", whole)) == set(macros)
    assert set(re.findall(r"\blookup (\w+)", whole)) == set(lookups)
    for name, one in lookups.items():
        header = splunk[f"{APP}/lookups/{one['filename']}"].partition("\n")[0].split(",")
        assert set(re.findall(r"WILDCARD\((\w+)\)", one["match_type"])) <= set(header), name


def test_searches(saved: Stanzas, content: Content) -> None:
    """Each search is off at first, looks back as far as its definition says, and is told apart by fields it has."""
    titles = {one.title: one for one in content.detections.values()}
    assert len(saved) == 9
    for name, one in saved.items():
        assert one["enableSched"] == "0"
        title = name.removeprefix("Sferic - ").removesuffix(" In CIM")
        detection = titles.get(title, content.detections["cloud_change"])
        assert len(f"{name.replace('-', '- Sferic', 1)} - Rule") < 82, "contentctl builds no longer stanza"
        assert one["dispatch.earliest_time"] == f"-{detection.lookback_h}h@m"
        shown = one["search"].rpartition("| table ")[2].partition(" | fieldformat")[0]
        for field in one["alert.suppress.fields"].split(","):
            assert field in shown, name
        for field in re.findall(r"\$(\w+)\$", one["action.risk.param._risk_message"]):
            assert field in shown, name
        assert json.loads(one["action.correlationsearch.annotations"])["mitre_attack"]
        assert len(json.loads(one["action.notable.param.drilldown_searches"])) == 2
        assert json.loads(one["action.risk.param._risk"])[0]["risk_score"] == detection.risk


def test_the_dashboard(splunk: Exported, saved: Stanzas) -> None:
    """The dashboard is well formed and shows searches that are there."""
    shown: list[str] = []
    panels: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, given: (
        shown.append(given.get("ref", "")) if name == "search" else panels.append(name)
    )
    parser.Parse(splunk[f"{APP}/default/data/ui/views/serverless.xml"], True)
    assert len({name for name in shown if name}) == 5
    assert set(shown) - {""} <= set(saved)
    assert (panels.count("panel"), panels.count("drilldown")) == (7, 6)


def platform(rows: list[dict[str, str]], host: str) -> str | None:
    """Look a host up as Splunk does: the first pattern that covers all of it counts."""
    return next((row["platform"] for row in rows if fnmatchcase(host, row["pattern"])), None)


@pytest.fixture(scope="module")
def rows(splunk: Exported) -> list[dict[str, str]]:
    """The lookup of platforms."""
    return list(csv.DictReader(io.StringIO(splunk[f"{APP}/lookups/sferic_platforms.csv"])))


@pytest.mark.parametrize("host", [*OURS, *OTHERS, "market.alicloudapi.com"])
def test_the_lookup_agrees_with_the_catalogue(host: str, rows: list[dict[str, str]], content: Content) -> None:
    """A host leads to the platform that the catalogue names, and a look-alike or a vendor's own name to none."""
    place = content.catalogue.identify(host)
    found = platform(rows, host)
    assert (None if found == "vendor" else found) == (place.platform if place else None)


def test_the_lookup_knows_every_example(rows: list[dict[str, str]], content: Content) -> None:
    """Every example host of every hunted platform is found in the lookup, under that platform."""
    for one in content.catalogue.platforms.values():
        for example in one.examples if one.is_hunted else ():
            assert platform(rows, example.host.partition(":")[0].lower()) == one.id, example.host


def test_the_package(content: Content) -> None:
    """The package holds the folder's files and nothing else, with plain rights and no date of its making."""
    files = {text.path: text.body for text in texts("splunk", content)}
    (name,) = (path for path in files if path.endswith(".tar.gz"))
    body = files.pop(name)
    assert isinstance(body, bytes)
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        members = tar.getmembers()
        inside = {one.name: tar.extractfile(one) for one in members if one.isfile()}
        packed = {path: file.read().decode() for path, file in inside.items() if file}
    assert packed == {path: text for path, text in files.items() if path.startswith(f"{APP}/")}
    assert {(one.mode, one.mtime) for one in members} == {(0o755, 0), (0o644, 0)}


def test_the_project_for_contentctl(splunk: Exported, saved: Stanzas) -> None:
    """Each detection of the project is YAML in a file of its own name, and searches what the app searches."""
    prefix = "contentctl/detections/"
    found = {path: yaml.safe_load(text) for path, text in splunk.items() if path.startswith(prefix)}
    assert len(found) == len(saved)
    searched = {re.sub(r"\s+", " ", one["search"]) for one in saved.values()}
    for path, one in found.items():
        name = path.rpartition("/")[2].removesuffix(".yml")
        assert name == one["name"].lower().replace(" ", "_")
        body, _, last = one["search"].rstrip().rpartition("\n| ")
        assert last == f"`{name}_filter`"
        assert f"contentctl/macros/{name}_filter.yml" in splunk
        assert re.sub(r"\s+", " ", body) in searched
