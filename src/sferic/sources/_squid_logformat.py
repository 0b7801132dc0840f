"""Turns a `logformat` line of squid.conf into an anchored regular expression with a name for every value.

Format: https://www.squid-cache.org/Doc/config/logformat/

The expression is unambiguous: a value ends where the next literal character of the format begins, so that a
hostile line costs time linear in its length.
What it does not do: know what a value means for an event (`squid_access` does), or take formats whose values
run into each other (`%ts%tu`); those are refused when the settings are read.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import unquote

import msgspec

from sferic.model.errors import SettingsError
from sferic.sources._clock import MONTHS, ZONE_MINUTES, Clock, epoch_us

Decoder = Callable[[str], str]

MAX_OFFSET_MINUTES = 14 * 60
"""The easternmost zone; anything above is no offset."""

_KNOWN = (
    ">handshake >nfmark <nfmark >eui >qos <qos err_detail err_code credentials request_attempts "
    "master_xaction busy_time external_acl_tag note >la >lp <la <lp la lp oa ts tu tl tg tS tr <pt <tt dt "
    ">ha un ul ur us ui ue >Hs <Hs Hs Ht <bs Ss Sh mt >rm >ru >rs >rd >rP >rp >rv <rm <ru <rs <rd <rP <rp "
    "<rv rm ru rp rv rG >st >sh <st <sH <sS <sh st et ea sn >a >p >A <a <p <A >h <h >v "
).split()
_CODE = "|".join(re.escape(code) for code in sorted(_KNOWN, key=len, reverse=True))
_TOKEN = re.compile(
    r"%(?P<quoting>[\"\[#'/])?(?P<left>-)?0?(?P<width>\d{1,4})?(?:\.(?P<most>\d{1,4}))?(?:\{(?P<arg>[^}]*)\})?"
    rf"(?:http::)?(?P<code>[a-z_]+::[<>]?[a-z_A-Z]+|{_CODE}|[<>]?[A-Za-z_]+)(?:\{{(?P<late>[^}}]*)\}})?"
)
_SAME = {
    "Hs": ">Hs", ">rm": "rm", ">ru": "ru", "rp": ">rp", ">v": "rv", ">rv": "rv", "tls::>sni": "ssl::>sni",
}  # fmt: skip
"""Older or longer spelling of a code → the one used here."""
_ADDRESSES = {">a", "<a", ">A", "<A", ">la", "<la", "la", ">rd", "<rd"}
_HEADERS = {">h", "<h", ">ha", "note"}
_ADDRESS_BEFORE_COLON = r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Fa-f:.]{1,45}|[^\s:\"]{1,253})"
_STRFTIME = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{2})", "b": r"(?P<b>[A-Za-z]{3})",
    "h": r"(?P<b>[A-Za-z]{3})", "B": r"(?P<b>[A-Za-z]{3,9})", "d": r"(?P<d>\d{2})", "e": r"(?P<d>[ \d]\d)",
    "H": r"(?P<H>\d{2})", "M": r"(?P<M>\d{2})", "S": r"(?P<S>\d{2})", "s": r"(?P<s>\d{9,11})",
    "z": r"(?P<z>[+-]\d{4})", "Z": r"(?P<Z>[A-Za-z+-]{1,6})", "a": r"[A-Za-z]{2,3}", "A": r"[A-Za-z]{6,9}",
    "j": r"\d{3}", "%": "%", "n": r"\s", "t": r"\s",
}  # fmt: skip
_SHORT = {"T": "%H:%M:%S", "R": "%H:%M", "F": "%Y-%m-%d", "D": "%m/%d/%y", "c": "%a %b %e %H:%M:%S %Y"}
_HINT = "what stands after the format's name in squid.conf, e.g. %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru"


class Layout(msgspec.Struct, frozen=True):
    """A compiled format: `values` gives code → text, `time` gives the line's time from them."""

    pattern: re.Pattern[str]
    codes: tuple[str, ...]
    decoders: dict[str, Decoder] = {}
    stamps: dict[str, re.Pattern[str]] = {}
    """For `tl` and `tg`, the parts of the written time."""

    def values(self, line: str) -> dict[str, str] | None:
        """Return every value by its code (a header is `>h:user-agent`); None for a line of another format."""
        match = self.pattern.fullmatch(line)
        if match is None:
            return None
        found = {code: text for code, text in zip(self.codes, match.groups(), strict=True) if text is not None}
        for code, decode in self.decoders.items():
            found[code] = decode(found[code])
        return found

    def time(self, values: dict[str, str], clock: Clock) -> int:
        """Return epoch microseconds: `%ts` before `%tl`, `%tg` and the start time `%tS`."""
        if (seconds := values.get("ts")) is not None:
            return epoch_us(f"{seconds}.{values.get('tu', '')}")
        for code, stamp in self.stamps.items():
            if match := stamp.fullmatch(values.get(code, "")):
                return calendar_us(match.groupdict(), clock, utc=code == "tg")
        return epoch_us(values.get("tS", "-"))


class _Piece(msgspec.Struct, frozen=True):
    """A literal (`code` empty) or a format code with its trimmings, as squid.conf has it."""

    literal: str = ""
    code: str = ""
    arg: str = ""
    quoting: str = ""
    padded: bool = False
    digits: int = 3


def compile_logformat(text: str) -> Layout:
    """Compile a format string, with or without `logformat NAME` before it."""
    text = re.sub(r"^\s*logformat\s+\S+\s+", "", text).strip()
    pieces = list(_pieces(text))
    if not any(piece.code in {"ts", "tl", "tg", "tS"} for piece in pieces):
        raise SettingsError("this logformat holds no time", where="squid_access.logformat", expected=_HINT)
    pattern, inside = "", ""
    decoders: dict[str, Decoder | None] = {}
    stamps: dict[str, re.Pattern[str]] = {}
    for piece, following in zip(pieces, [*pieces[1:], _Piece()], strict=True):
        if not piece.code:
            pattern += re.sub(r"(?:\\[ \t])+", r"[ \\t]+", re.escape(piece.literal))
            inside = _inside(inside, piece.literal)
            continue
        if following.code:
            problem = f"%{piece.code} runs into %{following.code}"
            raise SettingsError(problem, where="squid_access.logformat", expected=_HINT)
        value = _value(piece, inside, following.literal[:1])
        if piece.code in {"tl", "tg"}:
            parts = _strftime(piece.arg or "%d/%b/%Y:%H:%M:%S %z")
            stamps.setdefault(piece.code, re.compile(parts))
            value = re.sub(r"\?P<\w>", "?:", parts)
        name = f"{piece.code}:{piece.arg.lower()}" if piece.code in _HEADERS else piece.code
        padding = " *" if piece.padded else ""
        group = f"({'?:' if name in decoders else ''}{value})"
        pattern += f"{padding}{group}{'' if following.literal[:1] == ' ' else padding}"
        decoders.setdefault(name, _decoder(piece, inside))
    needed = {name: decode for name, decode in decoders.items() if decode}
    return Layout(re.compile(pattern + r"[ \t]*"), tuple(decoders), needed, stamps)


def _pieces(text: str) -> Iterator[_Piece]:
    literal, position = "", 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            literal += text[position]
            position += 2 if text.startswith("%%", position) else 1
            continue
        if literal:
            yield _Piece(literal)
        code = _SAME.get(match["code"], match["code"])
        arg = match["arg"] or match["late"] or ""
        padded = bool(match["width"]) and not literal.endswith(" ")
        yield _Piece("", code, arg, match["quoting"] or "", padded, int(match["most"] or 3))
        literal, position = "", match.end()
    if literal:
        yield _Piece(literal)


def _inside(inside: str, literal: str) -> str:
    """Follow Squid's own bookkeeping: between literal quotes or brackets a value is escaped accordingly."""
    for char in literal:
        if char == '"':
            inside = {"": '"', '"': ""}.get(inside, inside)
        elif char == "[" and not inside:
            inside = "["
        elif char == "]" and inside == "[":
            inside = ""
    return inside


def _value(piece: _Piece, inside: str, stop: str) -> str:
    """Write the expression for one value: everything up to the next literal character."""
    if stop == ":" and piece.code in _ADDRESSES:
        return _ADDRESS_BEFORE_COLON
    end = r"\s" if not stop or stop.isspace() else re.escape(stop)
    if inside == '"':
        return rf'(?:[^"\\{end}]|\\.)*+' if stop != '"' else r'(?:[^"\\]|\\.)*+'
    if inside == "[" and stop == "]":
        return r"[^\]]*+"
    if piece.quoting == "/":
        return rf'(?:"(?:[^"\\]|\\.)*+"|[^\s{end}]*+)'
    return r"\S*" if piece.code == "ru" else rf"[^\s{end}]*+"


def _decoder(piece: _Piece, inside: str) -> Decoder | None:
    if piece.code == "tu":
        return partial(_zero_filled, piece.digits)
    if piece.code not in _HEADERS:
        return None
    quoting = piece.quoting or inside or "#"
    return {"#": percent_decoded, "[": percent_decoded, "'": None}.get(quoting, backslash_decoded)


def _zero_filled(digits: int, text: str) -> str:
    return text.zfill(digits)


def percent_decoded(text: str) -> str:
    """Decode `%C3%A9`, as UTF-8 or else as Latin-1; a plus sign stays one."""
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return unquote(text, encoding="latin-1")


def backslash_decoded(text: str) -> str:
    r"""Take the outer quotes of shell quoting away, and the backslash off `\"` and `\\`."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text


def _strftime(spec: str) -> str:
    spec = re.sub(r"%([TRFDc])", lambda m: _SHORT[m[1]], spec)
    try:
        pattern = re.sub(r"%(.)|[^%]+", lambda m: _STRFTIME[m[1]] if m[1] else re.escape(m[0]), spec)
        names = re.compile(pattern).groupindex
    except (KeyError, re.error):
        raise SettingsError(f"cannot read the time format {spec!r}", where="squid_access.logformat") from None
    if not ("s" in names or ({"d", "H", "M"} <= set(names) and ("m" in names or "b" in names))):
        raise SettingsError(f"the time format {spec!r} lacks a day or a time of day", where="squid_access.logformat")
    return pattern


def calendar_us(parts: dict[str, str | None], clock: Clock, *, utc: bool) -> int:
    """Turn strftime parts into epoch microseconds: by the written offset, else `utc`, else the log's zone."""
    if seconds := parts.get("s"):
        return epoch_us(seconds)
    month = int(parts.get("m") or MONTHS.get((parts.get("b") or "")[:3].lower(), 0))
    day, year = int(parts["d"] or 0), parts.get("Y") or (f"20{parts['y']}" if parts.get("y") else None)
    moment = (
        int(year) if year else clock.year_for(month, day),
        month,
        day,
        int(parts["H"] or 0),
        int(parts["M"] or 0),
        int(parts.get("S") or 0),
    )
    if zone := parts.get("z"):
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        if minutes > MAX_OFFSET_MINUTES:
            raise ValueError("offset from UTC is out of range")
        return clock.offset(moment, 0, -minutes if zone[0] == "-" else minutes)
    named = 0 if utc else ZONE_MINUTES.get((parts.get("Z") or "").upper())
    return clock.local(*moment) if named is None else clock.offset(moment, 0, named)
