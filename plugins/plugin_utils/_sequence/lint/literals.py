# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which texts look like a password that somebody typed.

Only names decide, never how random a text looks: a finding has to be explainable.
"""

from __future__ import annotations

import re
import typing as t

_WORD = r"(?:password|passwd|passphrase|passcode|pwd|secret|token|api_?key|access_?key|product_?key|(?<![a-z])pin)"
_NAME = re.compile(rf"(?:.*{_WORD}|.*[a-z_-]PIN)\d*\Z", re.IGNORECASE)
_UPPER_PIN = re.compile(r"(?:.*[a-z_-])?PIN\d*\Z")
_SWITCH = re.compile(
    r"(true|false|yes|no|on|off|none|null|\*+|[01]|ad|prompt|changeme\W*|<.*>|\[.*\]|[x_.-]+)\Z", re.IGNORECASE
)
"""Values that are no secrets although their name says so: switches and placeholders."""
_VARIABLE = re.compile(r"%[^%\s]+%")


def is_secret_name(name: str) -> bool:
    """Say whether the name of a variable ends like a password."""
    found = _NAME.match(name)
    if found is None:
        return False
    return not name.casefold().rstrip("0123456789").endswith("pin") or bool(_UPPER_PIN.match(name))


def is_literal(value: t.Any) -> bool:
    """Say whether a value is a text that stands for itself: no variable, no switch, no placeholder."""
    if not isinstance(value, str):
        return False
    text = value.strip()
    if not text or _SWITCH.match(text) or text[0] in "$@({":
        return False
    # What is left without variables has to be more than punctuation.
    return bool(re.search(r"\w", _VARIABLE.sub("", text)))


def is_secret_pair(name: str, value: t.Any) -> bool:
    """Say whether a variable looks like a password and has a literal value."""
    return is_secret_name(name) and is_literal(value)


# -- command lines -------------------------------------------------------------------------------

_VALUE = r"""(?P<value>"[^"]*"|'[^']*'|[^\s"'&|;]+)"""
_NAMED = re.compile(
    rf"""(?<![\w%$])(?:--?|/)?(?P<name>\w*?{_WORD}|pass|rp)\s*(?:[:=]\s*|(?<=\w)\s+(?=["']|[^\s/:=-])){_VALUE}""",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\s*(--?|/)", re.IGNORECASE)
_REGISTRY = re.compile(
    rf"""\breg(?:\.exe)?\s+add\b.{{0,500}}?\s/v\s+["']?(?P<name>\w*{_WORD})["']?\s.{{0,500}}?/d\s+{_VALUE}""",
    re.IGNORECASE,
)
_NO_SECRET = ("publickeytoken",)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,15}://[^\s/:@]+:(?P<value>[^\s/@]+)@", re.IGNORECASE)
_CURL = re.compile(r"\bcurl(?:\.exe)?\b.{0,500}?\s(?:-u|--user)\s+[\"']?[^\s:\"']+:(?P<value>[^\s\"']+)", re.IGNORECASE)
_PSEXEC = re.compile(rf"\bpsexec(?:64)?(?:\.exe)?\b[^&|\r\n]{{0,500}}?\s[-/]p\s+{_VALUE}", re.IGNORECASE)
_HEADER = re.compile(r"\bAuthorization\s*:\s*(?:Basic|Bearer)\s+(?P<value>[^\s\"']+)", re.IGNORECASE)
_NET = re.compile(r"\bnet1?(?:\.exe)?\s+(?P<what>use|user)\s+(?P<rest>[^&|\r\n]*)", re.IGNORECASE)
_SECURE = re.compile(r"ConvertTo-SecureString\s+(?:-String\s+)?(['\"])(?P<value>[^'\"]+)\1", re.IGNORECASE)
_PATTERNS = (
    (_URL, "the password in a URL"),
    (_CURL, "the password of curl"),
    (_PSEXEC, "the password of psexec"),
    (_HEADER, "the authorization header"),
)
_TOKEN = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")


def in_command(line: str) -> str | None:
    """Return what in a command line looks like a typed password, in words and without the value."""
    for found in _NAMED.finditer(line):
        name, spaced = found["name"], line[found.end("name")] not in ":="
        if name.casefold() in _NO_SECRET:
            continue
        if line[found.start("value") - 1].isspace() and found["value"][0] in "-/":
            # The value is missing and the next switch follows.
            continue
        marked = _MARKED.match(line[found.start() : found.end("name")]) is not None
        # "the password is" is prose; a value after a blank only counts behind a mark.
        if (marked or not spaced and name.casefold() not in ("pass", "rp")) and is_literal(_bare(found["value"])):
            return f"the value of {name}"
    registry = _REGISTRY.search(line)
    if registry is not None and is_literal(_bare(registry["value"])):
        return f"the registry value {registry['name']}"
    secure = _SECURE.search(line)
    if secure is not None and is_literal(secure["value"]):
        return "a secure string"
    for pattern, what in _PATTERNS:
        found_value = pattern.search(line)
        if found_value is not None and is_literal(_bare(found_value["value"])):
            return what
    for net in _NET.finditer(line):
        tokens = [token for token in _TOKEN.findall(net["rest"]) if not token.startswith("/")]
        if net["what"].casefold() == "use":
            tokens = [token for token in tokens if not re.match(r'"?\\\\|[a-z]:\Z|%[^%]*%', token, re.IGNORECASE)]
            typed = tokens[:1]
        else:
            typed = tokens[1:2]
        if typed and is_literal(_bare(typed[0])):
            return f"the password of net {net['what'].casefold()}"
    return None


def _bare(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


# -- scripts -------------------------------------------------------------------------------------

_ASSIGNED = re.compile(
    rf"""(?:[$:](?P<name>\w*?{_WORD}\d*)|\.Value\(\s*(['"])(?P<variable>\w*?{_WORD}\d*)\2\s*\))"""
    r"""\s*=\s*(['"])(?P<value>[^'"\r\n]+)\4\s*(?:;|#|\Z)""",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\s*(#|'|rem\b|::)", re.IGNORECASE)


def in_script(text: str) -> t.Iterator[tuple[int, str]]:
    """Yield the line numbers of a script that hold a typed password, with what it is in words."""
    folded = text.casefold()
    if not any(word in folded for word in ("securestring", "pass", "pwd", "secret", "token", "key", "pin")):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if _COMMENT.match(line):
            continue
        found = _SECURE.search(line)
        if found is not None and is_literal(found["value"]):
            yield number, "a secure string"
            continue
        found = _ASSIGNED.search(line)
        if found is not None and is_literal(found["value"]) and not re.search(r"\s", found["value"].strip()):
            yield number, f"the value of {found['name'] or found['variable']}"
