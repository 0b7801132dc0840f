"""Takes what looks like a key or password out of a text from a log before anybody is shown it.

Signals judge the text as it is; what is shown of command lines and log lines passes here. A secret is known by the
word that names it or by its own shape, so one that has neither stays. Hosts, ports and paths stay: they say which
channel it is. Of a value without quotes no more goes than up to the next blank, comma, `;`, `&` or `|`, for there the
next field of a log may begin.
"""

import re

MARK = "…"
_NAMED_NOT_TOLD = (
    r"(?![\w-]{0,20}(?:id|ids|identifier|name|tag|arn|type|file|path|format|host|url|uri|endpoint|version|length|size|spec|algorithm"
    r"|usage|count|status|vault)\b)"
)
"""What a key is called, or where it lies, is no secret."""
_VALUE = r"""(?!["'\\]{0,2}(?:…|https?://|(?:null|true|false|none|undefined)\b))
    (?:\\"[^"]{1,4000}"?|"[^"]{1,4000}"?|'[^']{1,4000}'?|&quot;(?:(?!&quot;)[^<>]){1,4000}|(?![{\[])(?:[^\s"'&,;|<>\\]|\\(?!")){1,4000})
"""
"""In quotes of a shell, of JSON within JSON, of XML, or in none."""
_SECRETS = tuple(
    re.compile(rf"(?P<name>{name})(?:{value})", re.IGNORECASE | re.VERBOSE)
    for name, value in (
        (  # an option
            rf"""(?<![\w/.-])-{{1,2}}[\w-]{{0,40}}?(?:
                (?:token|key|secret|password|passwd|passphrase|credential|connection-string){_NAMED_NOT_TOLD}[\w-]{{0,20}}|auth
            )[=\x20:]\s{{0,4}}""",
            _VALUE,
        ),
        (  # a variable, a field or a setting
            rf"""(?:token|secret|passw(?:or)?d|passphrase|(?<![a-z])pass|_key|_auth
                |(?:account|access|api|function|host|master|private|shared|signing|storage)[-_]?key
            ){_NAMED_NOT_TOLD}\w{{0,20}}(?:\\?["']|&quot;)?\s?[=:]\s?\[?""",
            _VALUE,
        ),
        (  # a parameter of a URL; Azure's functions are opened by a code, Google's interfaces by a key
            r"(?:[?&]|&amp;|\\u0026)(?:sig|signature|x-amz-signature|code|key|auth|jwt|pwd)=",
            r"""(?=[^\s&"']{4})[^\s"'&,;|<>\\#]{1,4000}""",
        ),
        (  # a header, with the name of its scheme
            r"""\bauthorization(?:\\?["']|&quot;)?\s?[=:]\s?(?:\\?["']|&quot;)?(?:[\w-]{1,20}\s{1,4})?+""",
            _VALUE,
        ),
        (r"\bbearer\s{1,4}", _VALUE),
        (r"\bbasic\s{1,4}", r"(?=[^\s]{1,200}?(?-i:[A-Z0-9+/=]))[a-z0-9+/]{8,4000}={0,2}"),
        (r"""://[^\s/:@"']{0,100}:""", r"""[^\s/@"',;|<>]{1,1000}(?=@)"""),
        (  # a name and a password given together, as to curl
            r"""(?<![\w/.-])(?:-u|--user|--proxy-user)[=\x20]{0,2}\\?["']?[^\s"':/]{1,100}:""",
            r"""(?![\\/])[^\s"']{1,1000}""",
        ),
        (r"\bconvertto-securestring\s{1,4}(?:-string\s{1,4})?(?![-$])", _VALUE),
        (  # what is written into a tool that asks for a secret
            r"\b(?:echo|printf)\s{1,4}",
            r"[^|]{1,1000}(?=\|[^|]{0,200}?(?:secret|token|passw|login|env\s{1,4}add|stdin|sudo\s{1,4}-S))",
        ),
        (r"-----BEGIN[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----", r"[^-]{1,8000}"),
        (r"(?<![\w/.-])(?-i:eyJ[\w-]{2})", r"[\w-]{6,4000}\.[\w-]{8,4000}(?:\.[\w-]{8,4000})?(?![\w.-])"),
        (
            r"(?<![\w/.-])(?-i:gh[opsur]_|github_pat_|glpat-|npm_|xox[abeoprs]-|sk_live_|hf_|AIza)",
            r"[\w-]{16,4000}(?![\w.-])",
        ),
    )
)


def without_secrets(text: str) -> str:
    """Return a text with a mark in place of what looks like a key or password."""
    for secret in _SECRETS:
        text = secret.sub(rf"\g<name>{MARK}", text)
    return text
