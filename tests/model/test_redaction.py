"""What looks like a key or password is not shown, and everything else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.process import Process
from sferic.model.redaction import without_secrets

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeW50aGV0aWMifQ.c3ludGhldGlj"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x --token hush -y", "x --token … -y"),
        ("x --api-key=hush -y", "x --api-key=… -y"),
        ("x --client-secret 'hush hush' -y", "x --client-secret … -y"),
        ("x --password hush@hush -y", "x --password … -y"),
        ("x /password:hush -y", "x /password:… -y"),
        ("set CLOUDFLARE_API_TOKEN=hush && x", "set CLOUDFLARE_API_TOKEN=… && x"),
        ("DB_PASS=hush x", "DB_PASS=… x"),
        ('$env:NETLIFY_AUTH_TOKEN = "hush"; x', "$env:NETLIFY_AUTH_TOKEN = …; x"),
        ('ConvertTo-SecureString "hush" -AsPlainText', "ConvertTo-SecureString … -AsPlainText"),
        ('curl -H "Authorization: Bearer hush" x', 'curl -H "Authorization: Bearer …" x'),
        ("curl -H 'Authorization: Basic YWRhOmh1c2g=' x", "curl -H 'Authorization: Basic …' x"),
        ('{"authorization":"hush"}', '{"authorization":"…"}'),
        ("(Basic YWRhOmh1c2g=)", "(Basic …)"),
        ("curl -u ada:hush x", "curl -u ada:… x"),
        (r'curl --user "CORP\ada:hush" x', r'curl --user "CORP\ada:…" x'),
        ("git push https://ada:hush@git.example/x", "git push https://ada:…@git.example/x"),
        ("wrangler deploy --var API_KEY:hush -y", "wrangler deploy --var API_KEY:… -y"),
        ("--settings Store=AccountName=x;AccountKey=hush== -y", "--settings Store=AccountName=x;AccountKey=… -y"),
        (r'"{\"Variables\":{\"DB_PASSWORD\":\"hush hush\"}}"', r'"{\"Variables\":{\"DB_PASSWORD\":…}}"'),
        ('{"secretString":"hush, hush","b":1}', '{"secretString":…,"b":1}'),
        ('{"tokens":["hush"]}', '{"tokens":[…]}'),
        ("<Data>x --token &quot;hush hush&quot; -y</Data>", "<Data>x --token …&quot; -y</Data>"),
        ("https://x.example/?a=1&sig=hush -y", "https://x.example/?a=1&sig=… -y"),
        ("https://x.azurewebsites.net/api/f?code=hush==&b=1", "https://x.azurewebsites.net/api/f?code=…&b=1"),
        ("https://x.example/?access_token=hush&b=1,192.0.2.1", "https://x.example/?access_token=…&b=1,192.0.2.1"),
        ('cmd /c "echo hush hush | wrangler secret put X"', 'cmd /c "echo …| wrangler secret put X"'),
        (f"x {JWT} y", "x eyJhb… y"),
        (f"x {JWT[:40]}", "x eyJhb…"),
        ("x ghp_synthetic0synthetic0synthetic y", "x ghp_… y"),
        ("-----BEGIN PRIVATE KEY-----\\nhush\\n-----END", "-----BEGIN PRIVATE KEY-----…-----END"),
    ],
)
def test_secrets_are_not_told(line: str, told: str) -> None:
    """What follows the name of a secret goes, the rest of the line stays; a second look finds nothing more."""
    assert without_secrets(line) == told
    assert without_secrets(told) == told


@pytest.mark.parametrize(
    "line",
    [
        "echo ready && wrangler deploy",
        "powershell -c echo SQBFAFgA | certutil -decode",
        "x --auth-type NONE --name key-store",
        "x --key-name main --secret-id prod/db --token-file /run/token",
        "https://git.example/a:b",
        "GET https://a.example/api/refresh-token 192.0.2.1 -",
        "CONNECT my-api-key.quarry-test.workers.dev:443 - HIER_DIRECT/192.0.2.10",
        "https://a.example:443,ada,ada@corp.example",
        '{"accessKeyId":"ASIASYNTHETIC","tokenCount":3,"token":null,"keyArn":"arn:aws:kms:x"}',
        '{"authorization": {"action": "Microsoft.Web/sites/write"}}',
        "urlcategory=Basic Services user=ada",
        "token_url=https://login.example/x",
        "glpat-synthetic-synthetic-name.workers.dev eyJsynthetic.quarry-test.azurewebsites.net",
        "powershell -nop -w hidden -enc SQBFAFgAIABzAHkAbgB0AGgA",
    ],
)
def test_everything_else_is_told(line: str) -> None:
    """Names of keys, hosts, ports, paths, identities and encoded commands are no secrets."""
    assert without_secrets(line) == line


@given(st.text("ab-=:/@ \"'\\&;|tokenkeyhbasicr", max_size=200))
def test_what_is_left_is_of_the_text(line: str) -> None:
    """Whatever a text holds, what is left are parts of it in order, with marks between, and it is left a second time."""
    told = without_secrets(line)
    rest = line
    for part in filter(None, told.split("…")):
        _, found, rest = rest.partition(part)
        assert found == part
    assert without_secrets(told) == told


def test_a_process_shows_its_command_without_secrets() -> None:
    """The command stays as it is for judgement, and what is shown of it has no secret."""
    process = Process(command_line="x --token hush")
    assert (process.command_line, process.shown_command) == ("x --token hush", "x --token …")
    assert Process().shown_command is None
    assert "hush" not in without_secrets(json.dumps({"CommandLine": 'x --token "hush"'}))
