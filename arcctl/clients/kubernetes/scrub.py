"""Takes what looks like a secret out of other programs' words (`connectedk8s.md` B.13)."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"

PATTERNS = (
    (re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+@"), f"{HIDDEN}@"),
    (re.compile(r"(?i)\b(username|password|token|secret)(\"?\s*[:=]\s*)\S+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"\b[Bb]earer \S+"), f"Bearer {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]+)?"), HIDDEN),
    # Long base64, which has capitals, small letters and digits; digests and most paths do not.
    (
        re.compile(
            r"(?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[a-z])"
            r"(?=[A-Za-z0-9+/]*[0-9])[A-Za-z0-9+/]{40,}={0,2}"
        ),
        HIDDEN,
    ),
)


def scrubbed(text: str) -> str:
    """Replace keys, passwords in URLs, tokens and long base64 in `text`."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text
