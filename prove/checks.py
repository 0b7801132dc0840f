"""Asks the vendors' own checkers about the form of the texts, where they are installed: `make prove` installs them."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from prove import kusto
from sferic.catalog.detections import attack
from sferic.content._contract import Content, Text, texts

PLACE = Path(".prove")
"""Where `make prove` puts the checkers: a Python environment, and a folder of Node's."""
HERE = Path(__file__).parent
SOURCES = (
    ({"category": "proxy"}, ("cs-host", "cs-bytes", "sc-bytes", "sc-status", "src_ip")),
    ({"category": "dns"}, ("query", "src_ip")),
    ({"category": "network_connection", "product": "windows"}, ("DestinationHostname", "Image", "ProcessGuid")),
)
"""The log sources of our rules, and those of SigmaHQ's field names that they use."""


class Check(NamedTuple):
    """What one checker said."""

    checker: str
    what: str
    said: str


def checked(content: Content) -> Iterator[Check]:
    """Ask every checker that is there; one that is not says so."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _write(folder / "splunk", texts("splunk", content))
        _write(folder / "sigma", [text for text in texts("sigma", content) if not text.path.startswith("cloud/")])
        yield _appinspect(folder / "splunk")
        yield from _contentctl(folder / "splunk" / "contentctl")
        yield _sigmahq(folder / "sigma", folder / "facts.json")
        yield _microsoft(content)
        yield _elastic(content)


def _appinspect(folder: Path) -> Check:
    name, what = "splunk-appinspect, precert, tag cloud", "the Splunk app's package"
    package = next(folder.glob("*.tar.gz"))
    report = folder / "report.json"
    words = ["inspect", str(package), "--mode", "precert", "--included-tags", "cloud"]
    done = _run("splunk-appinspect", [*words, "--output-file", str(report), "--data-format", "json"], folder)
    if done is None or not report.exists():
        return Check(name, what, "not at hand")
    summary = json.loads(report.read_bytes())["summary"]
    kinds = ("error", "failure", "warning", "success")
    return Check(name, what, ", ".join(f"{kind} {summary[kind]}" for kind in kinds))


def _contentctl(project: Path) -> Iterator[Check]:
    for word in ("validate", "build"):
        done = _run("contentctl", [word], project)
        said = "not at hand" if done is None else "passed" if done.returncode == 0 else "failed"
        yield Check(f"contentctl {word}", "the contentctl project", said)


def _sigmahq(folder: Path, facts: Path) -> Check:
    known = attack().techniques
    tactics = sorted({one.tactic for one in known.values()})
    facts.write_text(json.dumps({
        "techniques": {name: {"name": one.name, "tactic": one.tactic} for name, one in known.items()},
        "tactics": tactics, "sources": [{"logsource": source, "fields": fields} for source, fields in SOURCES],
    }), encoding="utf-8")  # fmt: skip
    done = _run("python", ["-P", str(HERE / "sigma_check.py"), str(folder), str(facts)], folder)
    name, what = "SigmaHQ's validators, offline", "the Sigma rules but for those on audit logs"
    if done is None or done.returncode:
        return Check(name, what, "not at hand")
    told: Mapping[str, Any] = json.loads(done.stdout)
    return Check(name, what, f"{told['validators']} validators, {told['rules']} rules, {len(told['issues'])} issues")


def _microsoft(content: Content) -> Check:
    name, what = "Microsoft's parser of KQL (Node)", "every KQL rule and hunt, with our schemas of the tables"
    node = (PLACE / "node").resolve()
    written = [*texts("kusto", content), *texts("hunts", content)]
    queries = {text.path: text.body for text in written if text.path.endswith(".kql")}
    given = json.dumps({"tables": kusto.schemas(), "queries": queries})
    try:
        done = subprocess.run(
            ["node", str(HERE / "kusto_check.js"), str(node)], input=given, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return Check(name, what, "not at hand")
    said = json.loads(done.stdout)
    return Check(name, what, f"{len(said)} queries, {sum(map(len, said.values()))} diagnostics")


def _elastic(content: Content) -> Check:
    name, what = "Elastic's parser of ES|QL (Python 3.12 or newer)", "the ES|QL query, with the types of its fields"
    queries = [str(text.body) for text in texts("elastic", content) if text.path.endswith(".esql")]
    done = [_run("python", ["-P", str(HERE / "esql_check.py")], HERE, query) for query in queries]
    if any(one is None or one.returncode for one in done):
        return Check(name, what, "not at hand")
    wrong = sum(len(json.loads(one.stdout)) for one in done if one)
    return Check(name, what, f"{len(queries)} query, {wrong} diagnostics")


def _run(
    program: str, words: list[str], folder: Path, given: str | None = None
) -> subprocess.CompletedProcess[str] | None:
    place = (PLACE / "bin" / program).absolute()
    if not place.exists():
        return None
    return subprocess.run([str(place), *words], cwd=folder, input=given, capture_output=True, text=True, check=False)


def _write(folder: Path, several: list[Text]) -> None:
    for text in several:
        path = folder / text.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.body.encode("utf-8") if isinstance(text.body, str) else text.body)
