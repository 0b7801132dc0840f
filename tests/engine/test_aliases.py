"""Own domains in front of a platform are recognised by the aliases that DNS answers of the same input show."""

import gzip
import json
import os
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.catalog.suffixes import as_expressions
from sferic.engine.aliases import MAX_DOMAINS, Aliases
from sferic.engine.gathered import Gathered
from sferic.engine.selector import Selector
from sferic.model.event import DNS, HTTP, Event

SHOP = "api.shop.example"
SITE = "synthetic-shop.netlify.app"
GATEWAY = "d-abcde12345.execute-api.us-east-1.amazonaws.com"
Gather = Any


def zeek_dns(second: int, *answers: str, query: str = SHOP, client: str = "10.1.0.5") -> str:
    """A look-up with its chain of aliases and addresses."""
    return json.dumps({
        "_path": "dns", "ts": 1_772_445_600 + second, "uid": f"C{second}", "id.orig_h": client, "id.orig_p": 5353,
        "id.resp_h": "10.1.0.53", "id.resp_p": 53, "proto": "udp", "query": query, "rcode_name": "NOERROR",
        "answers": list(answers),
    })  # fmt: skip


def called(found: Gathered) -> list[tuple[str, str, str | None]]:
    """Give host, owner and alias of the rows, DNS aside, in order of time."""
    traffic = found.traffic
    rows = [n for n in range(len(traffic)) if traffic.sources[traffic.source[n]] != "zeek_dns"]
    places = [traffic.places[traffic.place[n]] for n in rows]
    return [(traffic.hosts[traffic.host[n]], p.owner, p.cname) for n, p in zip(rows, places, strict=True)]


@pytest.mark.parametrize("names", [("dns.log", "proxy.log"), ("z-dns.log", "a-proxy.log")])
def test_an_alias_names_the_platform_for_the_proxys_rows(
    gather: Gather, lines: ModuleType, tmp_path: Path, names: tuple[str, str]
) -> None:
    """The DNS log says whose the domain is, whichever file comes first; each line is counted once."""
    dns, proxy = names
    (tmp_path / dns).write_text(zeek_dns(1, SITE, "192.0.2.10") + "\n", encoding="utf-8")
    rows = [lines.squid(10 * n, SHOP) for n in range(1, 6)]
    (tmp_path / proxy).write_bytes(gzip.compress(lines.log(*rows, lines.squid(70, "www.other.example"))))
    found = gather(tmp_path)
    assert called(found) == [(SHOP, "netlify:synthetic-shop", SITE)] * 5
    assert len(found.traffic) == 6, "the look-up is the platform's too"
    counts = {Path(f.path).name: (f.lines, f.selected, f.events) for f in found.ledger.files}
    assert counts == {dns: (1, 1, 1), proxy: (6, 5, 5)}
    assert found.tally.not_serverless == 0


def test_the_proxy_alone_shows_nothing(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Without the answers nothing tells the domain from any other."""
    (tmp_path / "proxy.log").write_bytes(lines.log(*[lines.squid(10 * n, SHOP) for n in range(1, 6)]))
    found = gather(tmp_path)
    assert len(found.traffic) == 0
    assert found.ledger.files[0].selected == 0


def test_a_chain_through_two_aliases(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """The platform may stand anywhere in the chain, with the vendor's own names behind it."""
    chain = ("edge.partner.example", "synthetic-shop.azurewebsites.net", "waws.vendor.example", "192.0.2.10")
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(zeek_dns(1, *chain), lines.squid(10, SHOP)))
    assert called(gather(path)) == [(SHOP, "azure-app-service:synthetic-shop", chain[1])]


def test_a_target_that_is_only_pointed_to(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Lines with such a target are selected though no function has that name; the domain stands for its owner."""
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(zeek_dns(1, "cname.vercel-dns.com"), lines.squid(10, SHOP), zeek_dns(20, GATEWAY)))
    found = gather(path)
    assert called(found) == [(SHOP, f"vercel:{SHOP}", "cname.vercel-dns.com")]
    assert found.traffic.places[found.traffic.place[0]].evidence == "observed"


def test_a_line_read_before_its_domain_was_known(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """A row that the first reading selected for another reason is not lost when the answer comes later."""
    path = tmp_path / "all.log"
    early = lines.stream_http(5, SHOP, http_referrer="https://synthetic-page.vercel.app/")
    path.write_bytes(lines.log(early, lines.stream_http(6, "www.other.example", http_referrer="https://a.vercel.app/"),
                               zeek_dns(10, SITE, "192.0.2.10")))  # fmt: skip
    found = gather(path)
    assert called(found) == [(SHOP, "netlify:synthetic-shop", SITE)]
    assert found.tally.not_serverless == 1


def test_flows_of_an_own_domain_are_joined(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """A firewall's flow to the address that was answered gets the domain's name, and with it the platform."""
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(zeek_dns(1, SITE, "192.0.2.10"), lines.pan_traffic(10)))
    assert called(gather(path)) == [(SHOP, "netlify:synthetic-shop", SITE)]


def test_platforms_that_are_not_hunted_unmask_nothing(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """A content network has no place in the default tiers; asked for, it has."""
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(zeek_dns(1, "d111111abcdef8.cloudfront.net"), lines.squid(10, SHOP)))
    assert called(gather(path)) == []
    assert [host for host, _, _ in called(gather(path, tiers=("noisy",)))] == [SHOP]


def test_a_pipe_is_looked_through_again(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Calls of an own domain are found in a pipe, too, though its lines went by before the domain was known."""
    (tmp_path / "dns.log").write_text(zeek_dns(1, SITE) + "\n", encoding="utf-8")
    (tmp_path / "proxy.log").write_bytes(lines.log(lines.squid(10, SHOP)))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[lines.log(lines.squid(20, SHOP))])
    writer.start()
    found = gather(tmp_path / "dns.log", tmp_path / "proxy.log", pipe)
    writer.join()
    assert called(found) == [(SHOP, "netlify:synthetic-shop", SITE)] * 2


def learned(*events: Event, config: Path | None = None) -> Aliases:
    """Give what these events taught about the default tiers."""
    catalogue = load_catalogue([config] if config else [])
    aliases = Aliases(catalogue, {p.id for p in catalogue.platforms.values() if p.is_hunted})
    for event in events:
        aliases.learn(event)
    return aliases


def answer(host: str, *answers: str, table: str = DNS) -> Event:
    """Give a look-up."""
    return Event(table=table, time=0, dst_host=host, answers=answers)


@pytest.mark.parametrize(
    "event",
    [
        answer(SHOP, SITE, table=HTTP),
        answer(SHOP, "192.0.2.10", "www.shop.example"),
        answer("intranet", SITE),
        answer("10.2.0.192.in-addr.arpa", SITE),
        answer("synthetic-other.workers.dev", SITE),
        answer("azurewebsites.net", SITE),
        answer(SHOP, "synthetic-shop.netlify.app.example"),
        answer(SHOP, "x.vercel-dns-017.com"),
    ],
)
def test_what_is_no_alias(event: Event) -> None:
    """Other tables, other targets, reverse look-ups, bare words, and names that speak for themselves teach nothing."""
    assert len(learned(event)) == 0


def test_a_users_own_domain_wins(tmp_path: Path) -> None:
    """What an analyst says of a domain is not overruled by an answer."""
    config = tmp_path / "own.toml"
    config.write_text(f'[[domain]]\nhost = "{SHOP}"\nplatform = "cloudflare-workers"\ntenant = "ours"\n')
    place = learned(answer(SHOP, SITE), config=config).identify(SHOP)
    assert place is not None
    assert (place.owner, place.cname) == ("cloudflare-workers:ours", None)


def test_a_path_adds_the_function() -> None:
    """Behind an own domain the path tells as much as behind the platform's name, and the alias stays known."""
    place = learned(answer(SHOP, SITE)).identify(SHOP, "/.netlify/functions/sync?x=1")
    assert place is not None
    assert (place.function, place.host, place.cname) == ("sync", SHOP, SITE)


def test_a_flood_of_domains_is_bounded(
    gather: Gather, lines: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand names in a hostile DNS log fill the memory for them and no more; that is said."""
    monkeypatch.setattr("sferic.engine.aliases.MAX_DOMAINS", 1000)
    path = tmp_path / "all.log"
    flood = [zeek_dns(n, SITE, query=f"n{n}.flood.example") for n in range(100_000)]
    path.write_bytes(lines.log(*flood, lines.squid(10, "n7.flood.example"), lines.squid(11, "n99999.flood.example")))
    found = gather(path)
    assert [host for host, _, _ in called(found)] == ["n7.flood.example"]
    assert found.domains_full


def test_as_many_domains_as_are_remembered_can_be_searched_for(lines: ModuleType) -> None:
    """The selection of the second reading compiles at the cap, and finds what it should."""
    names = [f"host-{n}.shop-{n % 97}.example" for n in range(MAX_DOMAINS)]
    selector = Selector(as_expressions(names, names))
    assert selector.holds(lines.squid(1, names[-1]).encode())
    assert not selector.holds(lines.squid(1, "host-1.shop-1.example.org").encode())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("www.corp.example", "corp.example", True),
        ("a.corp.co.uk", "b.corp.co.uk", True),
        ("corp.co.uk", "other.co.uk", False),
        ("api.ibm.de", "www.ibm.de", True),
        ("cdn.corp.example", "synthetic-other.workers.dev", False),
        ("one.synthetic-account.workers.dev", "two.synthetic-account.workers.dev", True),
        ("one.synthetic-account.workers.dev", "one.synthetic-stranger.workers.dev", False),
        ("script.google.com", "www.google.com", True),
        (SHOP, SITE, True),
        (SHOP, "synthetic-stranger.netlify.app", False),
    ],
)
def test_whose_two_names_are(one: str, other: str, same: bool) -> None:
    """A tenant's names are one owner's, its own domains among them; elsewhere the registered domain decides."""
    aliases = learned(answer(SHOP, SITE))
    assert (aliases.same_owner(one, other), aliases.same_owner(other, one)) == (same, same)


def test_a_domain_of_an_audit_log() -> None:
    """It leads to the first hunted name given, else to the platform; a platform's own name and a single word do not."""
    aliases = learned()
    aliases.lead(SHOP, ["bucket.example", "sync.acct-lab.workers.dev"], "")
    aliases.lead("api.corp.example", [], "cloudflare-workers")
    aliases.lead("cdn.corp.example", ["d111111abcdef8.cloudfront.net"], "")
    aliases.lead("x.acct-lab.workers.dev", [], "gcp-cloud-run")
    aliases.lead("intranet", [], "cloudflare-workers")
    places = aliases.learned()
    assert {host: (p.platform, p.tenant, p.function, p.cname) for host, p in places.items()} == {
        SHOP: ("cloudflare-workers", "acct-lab", "sync", None),
        "api.corp.example": ("cloudflare-workers", "api.corp.example", None, None),
    }
