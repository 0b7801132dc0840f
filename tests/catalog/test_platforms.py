import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.catalog import platforms as module
from sferic.catalog.platform import Example, defect
from sferic.catalog.platforms import DEFAULT_TIERS, TIERS, Catalogue, Platform, load_catalogue
from sferic.model.errors import SettingsError, UsageError
from sferic.model.hosts import normalise_host

CATALOGUE = load_catalogue()
PLATFORMS = list(CATALOGUE.platforms.values())
EXAMPLES = [(platform, example) for platform in PLATFORMS for example in platform.examples]

USER_PLATFORM = """
[[platform]]
id = "lab-serverless"
provider = "Lab"
product = "Test functions"
sentence = "Functions of the test lab."
class = "function"
tier = "core"
evidence = "documented"
reviewed = "2026-11"
suffixes = ["serverless.test"]
host_regex = '^(?P<fn>[a-z0-9-]{1,63})\\.(?P<account>[a-z0-9-]{1,63})\\.serverless\\.test$'
tenant = ["account"]
function = ["fn"]
visible = "function"
references = ["RFC 6761"]
"""
USER_DOMAIN = """
[[domain]]
host = "api.corp.example"
platform = "aws-api-gateway"
tenant = "a1b2c3d4e5"
note = "own"
"""


def user_file(folder: Path, text: str) -> Path:
    """Write a user's catalogue file."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("platform", "example"), EXAMPLES, ids=[e.host for _, e in EXAMPLES])
def test_example_gives_what_its_file_says(platform: Platform, example: Example) -> None:
    """Every example of the catalogue leads to its platform, tenant, function and region, and its owner key."""
    place = CATALOGUE.identify(example.host, example.path)
    assert place is not None
    assert (place.platform, place.tier, place.evidence) == (platform.id, platform.tier, platform.evidence)
    assert (place.tenant, place.function, place.region) == (example.tenant, example.function, example.region)
    known = [part for part in (example.tenant, example.function) if part]
    assert place.owner == ":".join([platform.id, *known[:1]])
    assert place.channel == ":".join([platform.id, *known])


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.id)
def test_name_alone_shows_what_the_file_claims(platform: Platform) -> None:
    """A platform whose name shows only the platform never gives a tenant or function without a path, others do."""
    places = [CATALOGUE.identify(example.host) for example in platform.examples]
    shows_more = any(place is not None and (place.tenant or place.function) for place in places)
    assert shows_more == (platform.visible != "platform")


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.id)
def test_counter_examples_lead_nowhere(platform: Platform) -> None:
    """A name a careless pattern would take for the platform is not taken, nor is the platform's bare suffix."""
    for host in platform.not_examples:
        assert CATALOGUE.identify(host) is None
    for suffix in platform.suffixes:
        if "*" not in suffix and re.fullmatch(platform.host_regex, suffix) is None:
            assert CATALOGUE.identify(suffix) is None


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.id)
def test_file_is_sound(platform: Platform) -> None:
    """A platform file is named after its id, has examples, valid patterns and only bounded repeats."""
    assert (Path(module.__file__).with_name("platforms") / f"{platform.id}.toml").is_file()
    assert platform.examples
    assert defect(platform) is None
    patterns = platform.host_regex + (platform.path_regex or "")
    outside_classes = re.sub(r"\\.|\[[^\]]*\]", "x", patterns)
    assert not re.search(r"[*+]", outside_classes), "use {1,63} instead of + or *"


def test_catalogue_is_complete() -> None:
    """The catalogue holds its 96 platforms, 47 of them core, and no suffix twice."""
    assert len(PLATFORMS) == 96
    assert sum(p.tier == "core" for p in PLATFORMS) == 47
    suffixes = [s for p in PLATFORMS for s in p.suffixes]
    assert len(suffixes) == len(set(suffixes)) == 168


@pytest.mark.parametrize(
    "host",
    [
        "notworkers.dev",
        "lab.xhooks.zapier.com",
        "x.notworkers.dev",
        "workers.dev",
        "x.y.workers.dev.evil.example",
        "supabase.com",
        "httpbin.org",
        "lambda-url.us-east-1.amazonaws.com",
        "192.0.2.7",
        "",
        "x" * 300,
    ],
)
def test_look_alikes_are_unknown(host: str) -> None:
    """A name that only resembles a platform's, or is no name at all, leads nowhere."""
    assert CATALOGUE.identify(host) is None


@pytest.mark.parametrize(
    "spelling",
    [
        "API-Sync.Lab-Account.WORKERS.DEV",
        "api-sync.lab-account.workers.dev:443",
        "api-sync.lab-account.workers.dev.",
        "user@api-sync.lab-account.workers.dev:8443",
    ],
)
def test_spelling_does_not_matter(spelling: str) -> None:
    """Case, port, trailing dot and userinfo do not change where a name leads."""
    assert CATALOGUE.identify(spelling) == CATALOGUE.identify("api-sync.lab-account.workers.dev")


def test_preview_names_of_workers_share_worker_and_account() -> None:
    """A version prefix leads to the same worker, and an alias to the same owner."""
    plain = CATALOGUE.identify("api-sync.lab-account.workers.dev")
    version = CATALOGUE.identify("39c0aabb-api-sync.lab-account.workers.dev")
    alias = CATALOGUE.identify("staging-api-sync.lab-account.workers.dev")
    assert plain
    assert version
    assert alias
    assert plain.channel == version.channel == "cloudflare-workers:lab-account:api-sync"
    assert alias.owner == plain.owner == "cloudflare-workers:lab-account"


def test_both_names_of_cloud_run_show_one_function() -> None:
    """The deterministic and the hash name give the same function, and a traffic tag changes nothing."""
    named = CATALOGUE.identify("sync-123456789012.us-central1.run.app")
    hashed = CATALOGUE.identify("sync-abcde12345-uc.a.run.app")
    tagged = CATALOGUE.identify("green---sync-abcde12345-uc.a.run.app")
    assert named
    assert hashed
    assert tagged
    assert named.function == hashed.function == "sync"
    assert named.tenant == "123456789012"
    assert hashed.channel == tagged.channel


def test_regional_azure_names_keep_customers_apart() -> None:
    """Two apps in one Azure region have two owners, and the deployment twin belongs to its app."""
    one = CATALOGUE.identify("lab-func-ds27dh7271aah175.westus-01.azurewebsites.net")
    two = CATALOGUE.identify("lab-site-ab34cd5678efgh90.westus-01.azurewebsites.net")
    deployment = CATALOGUE.identify("lab-func-ds27dh7271aah175.scm.westus-01.azurewebsites.net")
    assert one
    assert two
    assert deployment
    assert one.region == two.region == "westus-01"
    assert one.owner != two.owner
    assert deployment.owner == one.owner


def test_both_hosts_of_apps_script_share_their_keys() -> None:
    """The redirect's second host is grouped with the first when no path is known."""
    first = CATALOGUE.identify("script.google.com")
    second = CATALOGUE.identify("script.googleusercontent.com")
    assert first
    assert second
    assert first.owner == second.owner == first.channel == second.channel == "google-apps-script"


def test_host_without_the_shape_is_grouped_by_its_name() -> None:
    """A name with the suffix but another shape is the platform with unknown identity, apart from all others."""
    place = CATALOGUE.identify("a.b.c.workers.dev", "/api/x")
    assert place is not None
    assert (place.tenant, place.function, place.visible) == (None, None, "platform")
    assert place.owner == place.channel == "cloudflare-workers:a.b.c.workers.dev"


def test_query_and_length_of_a_path_do_not_reach_the_function() -> None:
    """A query string is not part of a function's name, and an endless path is cut before it is matched."""
    place = CATALOGUE.identify("lab-site.netlify.app", "/api/sync?next=/api/other" + "x" * 100_000)
    assert place is not None
    assert place.function == "sync"


def test_longest_suffix_wins(tmp_path: Path) -> None:
    """A user's platform below a known suffix takes its own names and leaves the rest."""
    text = USER_PLATFORM.replace('"serverless.test"', '"lab-account.workers.dev"')
    catalogue = load_catalogue([user_file(tmp_path, text)])
    below = catalogue.identify("x.y.lab-account.workers.dev")
    beside = catalogue.identify("x.other-account.workers.dev")
    assert below
    assert beside
    assert below.platform == "lab-serverless"
    assert beside.platform == "cloudflare-workers"


def test_user_file_adds_a_platform_and_a_domain(tmp_path: Path) -> None:
    """A user's file adds a platform and says which platform and tenant an own domain leads to."""
    catalogue = load_catalogue([user_file(tmp_path, USER_PLATFORM + USER_DOMAIN)])
    lab = catalogue.identify("sync.lab.serverless.test")
    own = catalogue.identify("API.corp.example:443", "/prod/x")
    assert lab
    assert own
    assert lab.channel == "lab-serverless:lab:sync"
    assert own.owner == "aws-api-gateway:a1b2c3d4e5"
    assert own.evidence == "configured"
    assert CATALOGUE.identify("api.corp.example") is None
    assert len(CATALOGUE.platforms) == 96


def test_user_platform_replaces_the_built_in_of_the_same_id(tmp_path: Path) -> None:
    """A user's platform with a known id counts instead of the built-in one."""
    catalogue = load_catalogue([user_file(tmp_path, USER_PLATFORM.replace("lab-serverless", "cloudflare-workers"))])
    assert catalogue.identify("a.b.workers.dev") is None
    assert len(catalogue.platforms) == 96


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (USER_PLATFORM.replace('tier = "core"', 'tier = "corr"'), "platform[0].tier", "corr"),
        (USER_PLATFORM.replace('tier = "core"', 'teir = "core"'), "platform[0]", "teir"),
        (
            USER_PLATFORM.replace('["serverless.test"]', '["serverless.test", 7]'),
            "platform[0].suffixes[1]",
            "int",
        ),
        (USER_PLATFORM.replace('["serverless.test"]', '["*"]'), "platform[0].suffixes[0]", "regex"),
        (USER_PLATFORM.replace("(?P<fn>", "(?P<fn"), "platform[0].host_regex", "regular expression"),
        (USER_PLATFORM.replace('["fn"]', '["func"]'), "platform[0].function", "func"),
        (USER_DOMAIN.replace("aws-api-gateway", "no-such"), "domain[0].platform", "no-such"),
        ("[[domain]\n", "", "not valid TOML"),
        ("answer = 42\n", "", "answer"),
    ],
)
def test_error_names_file_and_key(tmp_path: Path, text: str, key: str, problem: str) -> None:
    """A wrong user file is refused with the file, the key path and the problem."""
    path = user_file(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_catalogue([path])
    assert caught.value.where == (f"{path}: {key}" if key else str(path))
    assert problem in caught.value.message


def test_missing_and_binary_user_files_are_settings_errors(tmp_path: Path) -> None:
    """A user file that is absent or no text is refused, not crashed on."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent.toml", binary):
        with pytest.raises(SettingsError, match=re.escape(str(path))):
            load_catalogue([path])


def matched(catalogue: Catalogue, tiers: frozenset[str], line: str) -> bool:
    """Say whether the selector keeps a line."""
    return any(re.search(expression, line, re.IGNORECASE) for expression in catalogue.expressions(tiers))


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.id)
def test_expressions_find_every_host_that_identify_knows(platform: Platform) -> None:
    """Whatever identify() recognises is found in a raw line by an expression, in either case."""
    for example in platform.examples:
        host = normalise_host(example.host)
        assert host
        for line in (f"TCP_MISS/200 CONNECT {host}:443 -", f'"url":"https://{host.upper()}/x"'):
            assert matched(CATALOGUE, TIERS, line)
            assert matched(CATALOGUE, DEFAULT_TIERS, line) >= platform.is_hunted


LABELS = st.lists(st.text("abcdef0123456789-", min_size=1, max_size=20), max_size=4)
SUFFIXES = st.sampled_from([s.replace("*", "lab-1") for p in PLATFORMS for s in p.suffixes])


@given(labels=LABELS, suffix=SUFFIXES)
def test_expressions_are_a_superset_of_identify(labels: list[str], suffix: str) -> None:
    """Whatever stands in front of a known suffix: a host that identify() knows is in a line that is selected."""
    host = ".".join([*labels, suffix])
    if CATALOGUE.identify(host) is not None:
        assert matched(CATALOGUE, TIERS, f"GET https://{host}/ HTTP/1.1")


@given(host=st.text(max_size=300), path=st.none() | st.text(max_size=300))
def test_hostile_text_is_answered_not_crashed_on(host: str, path: str | None) -> None:
    """Any text at all gives a place whose keys begin with its platform, or None."""
    place = CATALOGUE.identify(host, path)
    assert place is None or (place.channel.startswith(place.owner) and place.owner.startswith(place.platform))


def test_expressions_follow_the_tiers() -> None:
    """Default tiers bring Apps Script and webhooks, not CDNs or tunnels; a single tier brings only itself."""
    assert matched(CATALOGUE, DEFAULT_TIERS, "script.google.com")
    assert matched(CATALOGUE, DEFAULT_TIERS, "hook.eu1.make.com")
    assert not matched(CATALOGUE, DEFAULT_TIERS, "lab.ngrok.io")
    assert not matched(CATALOGUE, DEFAULT_TIERS, "d1a2b3c4d5e6f7.cloudfront.net")
    assert matched(CATALOGUE, DEFAULT_TIERS | {"tunnel"}, "lab.ngrok.io")
    assert matched(CATALOGUE, frozenset({"noisy"}), "d1a2b3c4d5e6f7.cloudfront.net")
    assert not matched(CATALOGUE, frozenset({"core"}), "script.google.com")


def test_expressions_hold_own_domains(tmp_path: Path) -> None:
    """A user's own domain is selected whatever the tiers."""
    catalogue = load_catalogue([user_file(tmp_path, USER_DOMAIN)])
    assert matched(catalogue, frozenset({"tunnel"}), "https://API.CORP.EXAMPLE/prod")


def test_unknown_tier_is_refused() -> None:
    """A tier that does not exist would select nothing in silence, so it is an error."""
    with pytest.raises(UsageError, match="corr"):
        CATALOGUE.expressions(["corr"])


def test_cname_targets_show_the_platform_behind_an_own_domain() -> None:
    """An alias target is taken for a platform only if its suffix and its shape fit."""
    gateway = CATALOGUE.identify_cname("d-abcde12345.execute-api.eu-west-2.amazonaws.com.")
    vercel = CATALOGUE.identify_cname("0123456789abcdef.vercel-dns-017.com")
    assert gateway is not None
    assert gateway.id == "aws-api-gateway"
    assert vercel is not None
    assert vercel.id == "vercel"
    assert CATALOGUE.identify_cname("x.vercel-dns-017.com") is None
    assert CATALOGUE.identify_cname("www.corp.example") is None


def test_lines_of_names_that_are_only_pointed_to_are_selected() -> None:
    """Beyond the suffixes, names that own domains point to are selected; content networks only with their tier."""
    more = CATALOGUE.alias_expressions()
    assert [any(re.search(e, line) for e in more) for line in ("cname.vercel-dns.com,", "shop.netlify.app,")] == [
        True, False,
    ]  # fmt: skip
    assert not any("cloudfront" in e for e in CATALOGUE.alias_expressions({"noisy"}))
    assert CATALOGUE.alias_expressions({"tunnel"}) == []


@pytest.mark.parametrize("platform", [p for p in CATALOGUE.platforms.values() if p.cname_hints], ids=lambda p: p.id)
def test_every_hint_is_selected_and_unmasks(platform: Platform) -> None:
    """What the catalogue says that own domains point to is found in a DNS line and leads to the platform."""
    for hint in platform.cname_hints:
        target = {"vercel-dns-0*.com": "0123456789abcdef.vercel-dns-017.com"}.get(hint.suffix) or (
            f"d-abcde12345.{hint.suffix.replace('*', 'eu-west-2')}"
        )
        tiers = frozenset({platform.tier}) | DEFAULT_TIERS
        chosen = [*CATALOGUE.expressions(tiers), *CATALOGUE.alias_expressions(tiers)]
        assert any(re.search(e, f'"{target}"', re.IGNORECASE) for e in chosen), target
        place = CATALOGUE.unmask("api.shop.example", [target], {platform.id})
        assert place is not None, target
        assert place.cname == target


def test_search_finds_by_words_and_abuse() -> None:
    """A search needs every word, in any field, in any case; an empty one lists everything."""
    assert [p.id for p in CATALOGUE.search("HazyBeacon")] == ["aws-lambda-url"]
    assert {p.id for p in CATALOGUE.search("tencent gateway")} == {"tencent-api-gateway"}
    assert len(CATALOGUE.search("")) == 96
    assert CATALOGUE.search("no such thing") == []
