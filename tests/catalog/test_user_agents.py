import re

import pytest

from sferic.catalog.user_agents import c2_default_path, classify_user_agent, user_agent_family, user_agents

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        (f"{WINDOWS} {WEBKIT} Chrome/131.0.0.0 Safari/537.36", "browser"),
        (f"{WINDOWS} {WEBKIT} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "browser"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "browser"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
            "browser",
        ),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "browser"),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)", "browser"),
        ("curl/8.5.0", "script"),
        ("Wget/1.21.4", "script"),
        ("python-requests/2.32.3", "script"),
        ("Python/3.12 aiohttp/3.10.5", "script"),
        ("Go-http-client/1.1", "script"),
        ("Java/17.0.2", "script"),
        ("okhttp/4.12.0", "script"),
        ("axios/1.7.7", "script"),
        ("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "script"),
        ("node", "script"),
        ("Nim httpclient/2.0.8", "script"),
        ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4648", "script"),
        ("Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.22631; en-US) PowerShell/7.4.5", "script"),
        ("Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)", "script"),
        ("Microsoft BITS/7.8", "script"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/131.0.0.0 Safari/537.36", "script"),
        ("Microsoft-CryptoAPI/10.0", "agent"),
        ("OTel-OTLP-Exporter-Python/1.27.0", "agent"),
        ("GitHubActionsRunner-linux-x64/2.319.1", "agent"),
        ("azure-logic-apps/1.0", "agent"),
        (f"{WINDOWS} {WEBKIT} Slack/4.40.0 Chrome/128.0.0.0 Electron/32.1.0 Safari/537.36", "agent"),
        ("NimPlant C2 Client", "c2_default"),
        ("Mozilla/5.0 (Windows NT 6.2; rv:20.0) Gecko/20121202 Firefox/20.0", "c2_default"),
        (f"{WINDOWS} {WEBKIT} Chrome/80.0.3987.122 Safari/537.36", "c2_default"),
        ("AcmeInventory/3.1", "other"),
        ("Mozilla/5.0", "other"),
        (None, "absent"),
        ("", "absent"),
        (" - ", "absent"),
    ],
)
def test_user_agent_has_its_class(user_agent: str | None, kind: str) -> None:
    """A common user agent of every class is told apart from the others."""
    assert classify_user_agent(user_agent) == kind


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (Windows NT 6.2; rv:20.0) Gecko/20100101 Firefox/20.0",
        f"{WINDOWS} {WEBKIT} Chrome/80.0.3987.132 Safari/537.36",
        "My NimPlant C2 Client",
    ],
)
def test_near_miss_is_no_framework_default(user_agent: str) -> None:
    """A genuine old browser that differs from a framework's default in one place is not taken for it."""
    assert classify_user_agent(user_agent) != "c2_default"


def test_family_names_the_framework() -> None:
    """The family says which framework a default user agent belongs to, so that a reason can name it."""
    family = user_agent_family("NimPlant C2 Client")
    assert family is not None
    assert family.name == "NimPlant"


@pytest.mark.parametrize(
    ("path", "framework"),
    [
        ("/dpixel", "Cobalt Strike"),
        ("/submit.php?id=123456", "Cobalt Strike"),
        ("/admin/get.php", "Empire"),
        ("/prod/admin/get.php?x=1", "Empire"),
        ("/en-us/test.html", "Covenant"),
        ("/updates/check.php", "AdaptixC2"),
        ("/submit.php", None),
        ("/submit.php?id=abc", None),
        ("/admin/get.php5", None),
        ("/x?u=/admin/get.php", None),
        ("/a/b/c/admin/get.php", None),
        ("/register", None),
        ("/ga.js", None),
        ("/", None),
        ("", None),
        (None, None),
    ],
)
def test_default_path_names_the_framework(path: str | None, framework: str | None) -> None:
    """Only paths that ordinary sites hardly use name a framework, with or without a stage in front."""
    assert c2_default_path(path) == framework


def test_patterns_are_bounded_and_referenced() -> None:
    """Patterns run on text that attackers choose, so none repeats without bound; each says where it is from."""
    known = user_agents()
    entries = [(e.name, e.pattern, e.reference) for e in known.agent]
    entries += [(e.name, e.pattern, e.reference) for e in known.c2_path]
    for name, pattern, reference in entries:
        assert not re.search(r"[*+]", re.sub(r"\\.|\[[^\]]*\]", "x", pattern)), name
        assert reference
