"""How a changed function looks in every form: who, what, where, and every operation, made safe."""

import csv
import io
import json

import pytest
from msgspec.structs import replace

from sferic.model.finding import Change, Finding, Reason
from sferic.model.report import Report
from sferic.render import Look, explain, renderer
from tests.render.test_ocsf import SCHEMA, faults

CHANGED = Finding(
    id="0123456789ab", analytic="cloud_change", score=78, points=11.0, severity="high", src_ip="198.51.100.7", user="dev",
    provider="AWS", account="111122223333", function="image-resizer", actor="arn:aws:iam::111122223333:user/dev",
    first_seen=1_772_442_000_000_000, last_seen=1_772_442_060_000_000, connections=2, sources=("aws_cloudtrail",),
    reasons=(Reason("prior", -20.0, "", "Somebody's work."), Reason("aws_function_url_public", 31.0, "URL", "Open.")),
    changes=(
        Change(1_772_442_000_000_000, "CreateFunctionUrlConfig", "dev", "image-resizer", "198.51.100.7", "aws-cli",
               "success", "a.json:1"),
        Change(1_772_442_060_000_000, "Invoke\x1b[31m", "dev", "image-resizer", None, None, "failure", "a.json:2"),
    ),
)  # fmt: skip
REPORT = Report(findings=(CHANGED,))


def written(form: str) -> str:
    """Write the finding in one form."""
    stream = io.StringIO()
    renderer("findings", form)(REPORT, stream, Look(width=120, color=False))
    return stream.getvalue()


@pytest.mark.parametrize("form", ["table", "markdown", "csv", "ndjson", "ocsf"])
def test_every_form_names_identity_function_and_provider(form: str) -> None:
    """Whoever reads it learns which function, by whom and in which cloud, and no escape passes."""
    text = written(form)
    assert all(word in text for word in ("image-resizer", "user/dev", "AWS", "111122223333"))
    assert "\x1b" not in text


def test_explain_lists_what_was_done() -> None:
    """The page of one finding has the operations in order, refused ones marked, and no word about calls."""
    stream = io.StringIO()
    explain.render(CHANGED, stream, Look(width=140, color=False))
    text = stream.getvalue()
    first, second = (line.strip() for line in text.splitlines() if line.strip().startswith("2026-03-02 09:0"))
    assert first == "2026-03-02 09:00:00 UTC CreateFunctionUrlConfig image-resizer by dev from 198.51.100.7 with aws-cli"
    assert second.endswith("by dev (failed)")
    assert "2 operations" in text
    assert "connection" not in text


def test_ndjson_has_times_of_changes() -> None:
    """Programs get the operations as objects with RFC 3339 times."""
    [line] = written("ndjson").splitlines()
    changes = json.loads(line)["changes"]
    assert [change["time"] for change in changes] == ["2026-03-02T09:00:00Z", "2026-03-02T09:01:00Z"]
    assert changes[0]["operation"] == "CreateFunctionUrlConfig"


def test_csv_has_operations() -> None:
    """A spreadsheet gets the account and the operations in a cell each."""
    [row] = csv.DictReader(io.StringIO(written("csv")))
    assert row["account"] == "111122223333"
    assert row["operations"].startswith("CreateFunctionUrlConfig; Invoke")


def test_a_nameless_change_has_a_title() -> None:
    """Where the function is not known the account stands in its place."""
    from sferic.render.facts import title

    assert title(replace(CHANGED, function=None)) == (
        "Changed function: 111122223333 by arn:aws:iam::111122223333:user/dev"
    )


def test_ocsf_conforms() -> None:
    """The event fits the class, and names the function as a resource."""
    event = json.loads(written("ocsf"))
    assert list(faults(event, SCHEMA)) == []
    assert event["resources"] == [{"name": "image-resizer", "type": "function"}]


def test_check_ins_with_a_changed_function_name_who_changed_it() -> None:
    """The table's line of check-ins says which function of one's own that is, and by whom it was changed."""
    from sferic.render.facts import owner

    assert owner(replace(CHANGED, analytic="cloud_change+beacon")) == "image-resizer changed by dev"
