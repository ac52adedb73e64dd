"""What was asked and answered, kept in memory, without a secret in it."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

BODY_LIMIT = 16 * 1024
ENTRY_LIMIT = 10_000

_WORDS = (
    "client_secret|client_assertion|assertion|password|access_token|refresh_token|id_token|token|"
    "accountKey|sasToken|clientSecret|clientCertificate|clientCertificatePassword|privateKey|"
    "onboardingPrivateKey|value"
)
_FORM = re.compile(rf"(^|&)({_WORDS})=[^&]*", re.IGNORECASE)
_JSON = re.compile(rf'("(?:{_WORDS})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_MAP = re.compile(
    r'("(?:configurationProtectedSettings|protectedSettings|verificationConfig|tlsConfig)"\s*:\s*)'
    r"\{[^{}]*\}",
    re.IGNORECASE,
)
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)
_SIGNED = re.compile(r"([?&](?:t|c|s|h|sig|token)=)[^&\s\"]+")


def redacted(text: str) -> str:
    """Blot out tokens, secrets, keys and protected settings, in forms and in JSON."""
    text = _PEM.sub("***", text)
    text = _MAP.sub(r'\1"***"', text)
    text = _JSON.sub(r'\1"***"', text)
    return _SIGNED.sub(r"\1***", _FORM.sub(r"\1\2=***", text))


@dataclass(slots=True)
class Entry:
    """One exchange. `seconds` is how long the answer took; `fault` what was planned for it."""

    time: str
    service: str
    method: str
    path: str
    query: str
    client_request_id: str = ""
    user_agent: str = ""
    request: str = ""
    status: int = 0
    response: str = ""
    seconds: float = 0.0
    fault: dict[str, Any] | None = None

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class Journal:
    """The exchanges, oldest first; the oldest fall out when it is full."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=ENTRY_LIMIT)

    def write(self, entry: Entry) -> None:
        self.entries.append(entry)

    def clear(self) -> None:
        self.entries.clear()

    def select(self, service: str = "", method: str = "", path: str = "") -> list[Entry]:
        """Return the exchanges of a service, of a method, whose path matches an expression."""
        wanted = re.compile(path, re.IGNORECASE)
        return [
            entry
            for entry in self.entries
            if service in {"", entry.service}
            and method in {"", entry.method}
            and wanted.search(entry.path)
        ]


def kept(body: bytes | None) -> str:
    """Return what the journal keeps of a body: all of it, without secrets, or only its size.

    A body that is too long is not cut: half a secret would escape the redaction.
    """
    if not body:
        return ""
    if len(body) > BODY_LIMIT:
        return f"({len(body)} bytes)"
    return redacted(body.decode("utf-8", "replace"))
