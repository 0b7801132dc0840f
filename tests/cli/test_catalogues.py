"""What can be read and what is known: sources, platforms."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sferic.catalog.platforms import load_catalogue
from sferic.cli._flags import Writing
from sferic.cli.check import MOST_FILES, check
from sferic.sources._contract import sources

Sferic = Callable[..., Any]


def test_all_platforms(sferic: Sferic) -> None:
    """Without words every platform is listed, a line each."""
    run = sferic("platforms")
    listed = [line.split()[0] for line in run.out.splitlines()[1:] if line[:1].strip()]
    assert listed == sorted(load_catalogue().platforms)
    assert run.err.startswith(f"{len(listed)} platforms")


def test_a_host_name_is_taken_apart(sferic: Sferic) -> None:
    """For a host the tenant, the function, where the owner stops being visible, and the evidence are said."""
    out = sferic("platforms", "API.lab-account.workers.dev:443").out
    rows = {line[:12].strip(): line[12:].strip() for line in out.splitlines() if line[:12].strip()}
    assert rows["platform"] == "cloudflare-workers"
    assert (rows["tenant"], rows["function"]) == ("lab-account", "api")
    assert rows["tier"] == "core, hunted by default"
    assert rows["evidence"].startswith("documented: ")
    assert "the owner and the function" in rows["owner"]


def test_words_and_ids(sferic: Sferic) -> None:
    """Words search; an id, or words that fit one platform, show it in full."""
    assert "cloudflare-pages" in sferic("platforms", "cloudflare").out
    shown = sferic("platforms", "cloudflare-workers").out
    assert "references" in shown
    assert "workers.dev" in shown


def test_nothing_fits(sferic: Sferic) -> None:
    """A host of no platform is an error with a hint, not an empty list."""
    run = sferic("platforms", "www.example.com")
    assert (run.code, run.out) == (11, "")
    assert "www.example.com" in run.err


def test_an_own_domain(sferic: Sferic, tmp_path: Path) -> None:
    """A user's platform file makes an own domain known, and says that the user said so."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[domain]]\nhost = "api.corp.example"\nplatform = "aws-api-gateway"\ntenant = "us"\n',
        encoding="utf-8",
    )
    out = sferic("platforms", "api.corp.example", "--platforms", str(own)).out
    assert "aws-api-gateway" in out
    assert "configured: your own platform file says so" in out


def test_all_sources(sferic: Sferic) -> None:
    """Every source is listed with its sentence."""
    out = sferic("sources").out
    assert [line.split()[0] for line in out.splitlines() if line[:1].strip()] == list(sources())


def test_one_source(sferic: Sferic) -> None:
    """One source tells its fields, its options and what it cannot show."""
    out = " ".join(sferic("sources", "squid_access").out.split())
    for name in sources()["squid_access"].fields:
        assert name in out
    assert "cannot show" in out
    for option in sources()["squid_access"].options:
        assert f"option {option}" in out


def test_an_unknown_source(sferic: Sferic) -> None:
    """An unknown id lists the known ones."""
    run = sferic("sources", "squid")
    assert run.code == 2
    assert "squid_access" in run.err


def test_checking_logs(sferic: Sferic, pipeline: Any) -> None:
    """`sources check` reads everything and prints the ledger as its result, and which fields are filled."""
    run = sferic("sources", "check", "x.log")
    assert run.code == 0
    assert pipeline.paths == ["x.log"]
    assert run.out.startswith("read ")
    held = " ".join(run.out.partition("Fields")[2].partition("Cannot show")[0].split())
    assert held.startswith("squid_access 3 events, for beacon: always dst_host; partly user_agent 66.7 %; never action,")
    blind = run.out.partition("Cannot show")[2].partition("\n")[2]
    assert [line.split()[0] for line in blind.splitlines() if line[:1].strip()] == ["bluecoat_proxysg", "squid_access"]
    assert run.err == ""


def test_checking_says_who_knew_each_file_and_how_surely(tmp_path: Path) -> None:
    """Each file has its sources, their confidence and what was lost; names of files are hostile, and many are counted."""
    row = "1772445600.123 100 10.0.0.5 TCP_TUNNEL/200 2048 CONNECT a.example:443 - HIER_DIRECT/198.51.100.7 -"
    form = "CEF:0|Maker|Box|1|x|page|1|rt=1772445600000 src=10.0.0.5 request=https://a.example/x requestMethod=GET"
    (tmp_path / "a[red].log").write_text(f"{row}\n{row}\nnobody's words\n")
    (tmp_path / "b.log").write_text(f"{form}\n<13>Mar  2 10:00:00 relay app: {form.replace('rt=', 'x=')}\n")
    for number in range(MOST_FILES):
        (tmp_path / f"c{number:02}.log").write_text("nobody's words\n")
    out = tmp_path.parent / "out.txt"
    assert check(str(tmp_path), writing=Writing(output=out, quiet=True)) == 0
    told = " ".join(out.read_text().partition("Files")[2].partition("Fields")[0].split())
    assert "a[red].log: squid_access (certain), 2 events; 1 unknown" in told
    assert "b.log: generic_cef (likely), 2 events" in told
    assert "c00.log: not recognised; 1 unknown" in told
    assert told.endswith("and 2 files more")
