"""A person's kubeconfig, into which a session writes its context."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.errors import ClusterError
from arcctl.model import kubeconfig, plain_file

if TYPE_CHECKING:
    from arcctl.model.kubeconfig import Config

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def readable(path: Path) -> str:
    """Return its text, "" where there is none yet; AZK8S0200 where it cannot take a context."""
    try:
        text = plain_file.text(path)
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ClusterError(
            f"cannot read {path}", code="AZK8S0200", why=str(error), hints="name another: --file F"
        ) from error
    kubeconfig.read(text, str(path))
    return text


def merge(path: Path, config: Config) -> str:
    """Lay the session's entries over the file; return what to say of who may read it.

    It is replaced at once, so that kubectl never reads half of it, and read just before, so that
    what another session has written stays.
    """
    real = path.resolve()
    real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o600
    _replace(real, kubeconfig.merged(readable(real), config, str(path)), mode)
    if mode & _OTHERS:
        return f"; others on this machine may read it: chmod 600 {path}"
    return ""


def _replace(path: Path, text: str, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
