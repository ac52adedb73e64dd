"""The folder of one sandbox: its certificates, its kubeconfig, its log, and who is running.

    ca.pem        the sandbox's own certificate authority
    bundle.pem    the same, and whom the machine trusts, for programs that know one file only
    kubeconfig    the way into its clusters
    federated-token  what a pipeline would be given to sign in with
    state.json    process, address and environment of the sandbox that runs
    log           what it had to say
    lock          held by the process for as long as it lives, so no stale process id can mislead

Whoever reads state.json may act as the sandbox's administrator: files 0600, folder 0700.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOCK_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Home:
    """One folder, one sandbox."""

    path: Path

    @classmethod
    def default(cls, environ: Mapping[str, str]) -> Home:
        """Return the folder that ARCCTL_SANDBOX_HOME names, or arcctl's own state folder."""
        if own := environ.get("ARCCTL_SANDBOX_HOME"):
            return cls(Path(own).absolute())
        if moved := environ.get("ARCCTL_HOME"):
            return cls(Path(moved).absolute() / "state" / "sandbox")
        import platformdirs

        return cls(platformdirs.user_state_path("arcctl", appauthor=False) / "sandbox")

    @property
    def ca(self) -> Path:
        return self.path / "ca.pem"

    @property
    def bundle(self) -> Path:
        return self.path / "bundle.pem"

    @property
    def kubeconfig(self) -> Path:
        return self.path / "kubeconfig"

    @property
    def federated_token(self) -> Path:
        return self.path / "federated-token"

    @property
    def log(self) -> Path:
        return self.path / "log"

    def write(self, path: Path, text: str) -> None:
        """Replace one file at once, so that nobody reads half of it."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)

    def record(self, state: Mapping[str, Any]) -> None:
        self.write(self.path / "state.json", json.dumps(state, indent=1))

    def state(self) -> dict[str, Any] | None:
        """Return what the running sandbox recorded; None when none runs."""
        if not self.is_held():
            return None
        try:
            state: dict[str, Any] = json.loads((self.path / "state.json").read_text())
        except FileNotFoundError:
            return None
        return state

    def is_held(self) -> bool:
        try:
            with (self.path / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Own the folder; raise SandboxError when another sandbox does."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / "lock").open("a") as lock:
            _lock(lock.fileno(), self.path)
            (self.path / "state.json").unlink(missing_ok=True)
            try:
                yield
            finally:
                (self.path / "state.json").unlink(missing_ok=True)


def _lock(descriptor: int, path: Path) -> None:
    # Whoever asks `is_held` holds the lock for a blink, so one refusal proves nothing.
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
    raise SandboxError(
        f"a sandbox is already running in {path}",
        code="sandbox-runs",
        hints=("arcctl sandbox status", "arcctl sandbox down"),
    )
