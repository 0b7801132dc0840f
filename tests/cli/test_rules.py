"""`sferic rules`: what is there, one in full, and what of a user's folder cannot be run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sferic.rules.rulebook import own_rules

Sferic = Callable[..., Any]


def test_all_rules(sferic: Sferic) -> None:
    """Every rule is listed with its level and source."""
    run = sferic("rules")
    listed = {line.split()[0]: line for line in run.out.splitlines()[1:] if line[:1].strip()}
    assert {rule.name for rule in own_rules().rules} <= set(listed)
    assert "high" in listed["aws_function_url_public"]
    assert run.err.startswith(f"{len(own_rules().rules)} rules")


def test_one_rule(sferic: Sferic) -> None:
    """A rule is shown by its name or its id, with what is expected otherwise and where its file is."""
    rule = next(rule for rule in own_rules().rules if rule.name == "aws_function_url_public")
    for name in (rule.name, rule.id):
        out = " ".join(sferic("rules", name).out.split())
        for text in (rule.id, rule.title, rule.description[:40], rule.falsepositives[0][:20], "T1584.007"):
            assert text in out


def test_an_unknown_rule(sferic: Sferic) -> None:
    """A name that is nearly right is guessed."""
    run = sferic("rules", "aws_function_url_publik")
    assert (run.code, run.out) == (2, "")
    assert "aws_function_url_public" in run.err


def test_a_folder_of_others(sferic: Sferic, tmp_path: Path) -> None:
    """A user's rules are listed with ours; those that cannot run are named with the reason, made safe."""
    rule = "title: Mine\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {eventName: A}, condition: s}\n"
    (tmp_path / "mine.yml").write_text(rule, encoding="utf-8")
    (tmp_path / "other.yml").write_text(rule.replace("aws", "okta").replace("Mine", '"M\\e[31m"'), encoding="utf-8")
    run = sferic("rules", "--rules", str(tmp_path))
    assert "mine" in run.out
    assert "no source here is its logsource" in " ".join(run.err.split())
    assert "\x1b" not in run.err
