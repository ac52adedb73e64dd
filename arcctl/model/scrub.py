"""Takes secrets out of text that people will read (`connectedk8s.md` B.13, failure handling)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIDDEN = "[hidden]"

PATTERNS = (
    (re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+@"), f"{HIDDEN}@"),
    (re.compile(r"(?i)\b(username|password|token|secret)(\"?\s*[:=]\s*)\S+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"\b[Bb]earer \S+"), f"Bearer {HIDDEN}"),
    (re.compile(r"\bSharedAccessSignature [^\s\"]+"), f"SharedAccessSignature {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]+)?"), HIDDEN),
    # Long base64: between two slashes it soon has capitals, small letters and digits; a digest has
    # no capitals, and in a path no single name has all three.
    (
        re.compile(
            r"(?<![A-Za-z0-9+/])"
            r"(?=[A-Za-z0-9+/]*?(?=[a-z0-9+]{0,60}[A-Z])(?=[A-Z0-9+]{0,60}[a-z])(?=[A-Za-z+]{0,60}[0-9])"
            r"[A-Za-z0-9+]{12})"
            r"[A-Za-z0-9+/]{40,}={0,2}"
        ),
        HIDDEN,
    ),
)
_SECRET_NAME = re.compile(
    r"(SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|IDENTITY_HEADER)$", re.IGNORECASE
)
_SHORTEST = 4  # a shorter one could be any word, and hiding it would spoil the text


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the environment holds that nobody may read: tokens, secrets, proxy passwords."""
    named = {value for name, value in environ.items() if _SECRET_NAME.search(name)}
    found = named | {password for value in environ.values() for password in passwords_of(value)}
    return tuple(sorted((each for each in found if len(each) >= _SHORTEST), key=len, reverse=True))


def passwords_of(url: str) -> set[str]:
    """Return the password of `scheme://user:password@host`, as written and as meant."""
    if "://" not in url or "@" not in url:
        return set()
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return set()
    return {password, unquote(password)}


def scrubbed(text: str, known: Iterable[str] = ()) -> str:
    """Replace the `known` secrets, then whatever looks like a key, a password or a token."""
    for secret in known:
        text = text.replace(secret, HIDDEN)
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text
