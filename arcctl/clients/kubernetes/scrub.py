"""Takes what looks like a secret out of other programs' words (`connectedk8s.md` B.13)."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"

PATTERNS = (
    (re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+@"), f"{HIDDEN}@"),
    (re.compile(r"(?i)\b(username|password|token|secret)(\"?\s*[:=]\s*)\S+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"\b[Bb]earer \S+"), f"Bearer {HIDDEN}"),
    # Digests are 64 hex characters and worth reading; base64 has more letters than a to f.
    (re.compile(r"(?<![\w+/])(?![0-9a-f]+\b)[A-Za-z0-9+/_-]{40,}={0,2}"), HIDDEN),
)


def scrubbed(text: str) -> str:
    """Replace keys, passwords in URLs, tokens and long base64 in `text`."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text
