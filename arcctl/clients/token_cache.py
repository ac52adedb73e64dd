"""Access tokens kept on disk until they run out, so that a second command need not sign in.

One file per cloud, audience and way to sign in, 0600 in a folder 0700. The name is a digest of
all that decides who signs in, so a changed secret or account never gets the old one's token.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.model import plain_file
from arcctl.model.secret import Secret
from arcctl.settings import az_home

if TYPE_CHECKING:
    from arcctl.clients.cloud import Cloud
    from arcctl.settings import Settings

EARLY = 300  # seconds before its end at which a token is no longer used
_STALE = 2 * 86400

# Everything else named AZURE_… takes part as well; these are azure-identity's other sources.
_SOURCES = ("IDENTITY_", "MSI_", "IMDS_", "AZD_", "AKS_", "DETERMINE_", "HOME", "USERPROFILE")
_NOT_SOURCES = ("AZURE_SUBSCRIPTION_ID", "AZURE_DEFAULTS_", "AZURE_CORE_", "AZURE_ACCESS_TOKEN")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when it ends, in seconds since 1970."""

    value: Secret
    expires_on: float

    @property
    def usable(self) -> bool:
        """Whether it lasts five minutes more."""
        return self.expires_on - EARLY > time.time()


class TokenCache:
    """The tokens of one cloud and one way to sign in; silent where the disk does not play along."""

    def __init__(self, settings: Settings, cloud: Cloud) -> None:
        off = settings.environ.get("ARCCTL_TOKEN_CACHE", "").lower() in {"off", "0", "false"}
        self._folder = None if off else settings.cache_home / "tokens"
        self._who = f"{cloud.arm}\n{cloud.login}\n{_fingerprint(settings)}"

    def get(self, audience: str) -> Token | None:
        """Return the token for an audience if it is there and usable."""
        path = self._path(audience)
        try:
            found = json.loads(plain_file.text(path)) if path else {}
            token = Token(Secret(found["token"]), float(found["expires_on"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return token if token.usable else None

    def put(self, audience: str, token: Token) -> None:
        """Keep a token; a full or read-only disk only costs the next command a sign-in."""
        path = self._path(audience)
        if path is None:
            return
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.chmod(0o700)
            _sweep(path.parent)
            _write(path, {"token": token.value.reveal(), "expires_on": token.expires_on})

    def drop(self, audience: str) -> None:
        """Forget a token that was refused."""
        path = self._path(audience)
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def _path(self, audience: str) -> Path | None:
        digest = hashlib.sha256(f"{self._who}\n{audience}".encode()).hexdigest()
        return self._folder / f"{digest}.json" if self._folder else None


def _write(path: Path, content: dict[str, object]) -> None:
    """Write aside and move, so that nobody ever reads half a token, or one of another's making."""
    aside = path.with_suffix(f".{os.getpid()}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what ended long ago; the names of changed secrets and accounts never come back."""
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - _STALE:
            path.unlink(missing_ok=True)


def _fingerprint(settings: Settings) -> str:
    """Digest what azure-identity looks at: environment, certificate, az's and azd's account."""
    environ = settings.environ
    chosen = {
        name: environ[name]
        for name in sorted(environ)
        if name.startswith(("AZURE_", *_SOURCES)) and not name.startswith(_NOT_SOURCES)
    }
    files = [
        az_home(environ) / "azureProfile.json",
        Path(environ.get("AZD_CONFIG_DIR") or Path(environ.get("HOME", "~")) / ".azd")
        / "auth.json",
    ]
    if certificate := environ.get("AZURE_CLIENT_CERTIFICATE_PATH"):
        files.append(Path(certificate))
    return json.dumps([chosen, [_state(path) for path in files]])


def _state(path: Path) -> str:
    try:
        return hashlib.sha256(plain_file.contents(path)).hexdigest()
    except OSError:
        return ""
