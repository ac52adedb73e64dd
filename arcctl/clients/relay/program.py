"""Where the relay program is: kept where `az connectedk8s` keeps it, else fetched (B.6.3)."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.clients import registry
from arcctl.clients.helm import lock, package, release
from arcctl.clients.kubernetes.background import aside
from arcctl.errors import ArcctlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.settings import Settings

VERSION = "1.3.034631"
_MACHINES = {**release.MACHINES, "i386": "386", "i686": "386"}
_SYSTEMS = ("linux", "darwin")
_GZIP = b"\x1f\x8b"
_PAPERS = ("license", "thirdparty", "notice", "readme")


async def find(settings: Settings, host: str, note: Callable[[str], None]) -> Path:
    """Return the program, with the digest it had when it was fetched; AZK8S0800 where none is.

    `host` is the cloud's registry; ARCCTL_RELAY_REGISTRY names a mirror. `note` hears what was
    fetched. What lies there of somebody else's making is never started.
    """
    source = settings.environ.get("ARCCTL_RELAY_REGISTRY") or host
    system, machine = _here()
    name = f"arcProxy_{system}_{machine}_{VERSION.replace('.', '_')}"
    path = folder(settings) / name
    try:
        with await aside(lock.take, path.with_name(".lock")):
            if not await aside(_is_ours, path, source):
                changed = path.exists() and _record(path).exists()
                await aside(_fetch, source, f"{system}/{machine}", path)
                note(_said(source, path, changed=changed))
    except OSError as error:
        raise _unkept(path, error) from error
    return path


def folder(settings: Settings) -> Path:
    """Where the program is kept: ARCCTL_RELAY_HOME, else `~/.clientproxy`."""
    named = settings.environ.get("ARCCTL_RELAY_HOME")
    home = Path(settings.environ.get("HOME") or "~").expanduser()
    return Path(named) if named else home / ".clientproxy"


def _here() -> tuple[str, str]:
    machine = _MACHINES.get(platform.machine().lower())
    if sys.platform not in _SYSTEMS or machine is None:
        raise ArcctlError(
            f"there is no relay program for {sys.platform} on {platform.machine()}",
            code=registry.CANNOT_FETCH,
            hints="run arcctl proxy on linux or macOS, on amd64 or arm64",
        )
    return sys.platform, machine


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _is_ours(path: Path, source: str) -> bool:
    """Whether what lies there is what was fetched from this registry."""
    try:
        known = json.loads(_record(path).read_text(encoding="utf-8"))
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return False
    return bool(known == {"registry": source, "sha256": found})


def _fetch(source: str, here: str, path: Path) -> None:
    content = _unpacked(registry.pull(source, f"azureconnectivity/proxy/{here}/arc-proxy", VERSION))
    package.install(io.BytesIO(content), None, path)
    known = {"registry": source, "sha256": hashlib.sha256(content).hexdigest()}
    package.install(io.BytesIO(json.dumps(known).encode()), None, _record(path))
    _record(path).chmod(0o600)


def _unpacked(layer: bytes) -> bytes:
    """Return the program itself: the layer, or the one file in it that is no paper."""
    if not layer.startswith(_GZIP):
        return layer
    try:
        with tarfile.open(fileobj=io.BytesIO(layer)) as packed:
            files = [each for each in packed.getmembers() if each.isfile()]
            [program] = [each for each in files if not _is_paper(each.name)]
            source = packed.extractfile(program)
            return source.read() if source else b""
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise ArcctlError(
            "the artifact of the relay program holds no program",
            code=registry.CANNOT_FETCH,
            why=str(error),
            hints="look whether a newer arcctl knows another one",
        ) from error


def _is_paper(name: str) -> bool:
    return name.rpartition("/")[2].lower().startswith(_PAPERS)


def _said(source: str, path: Path, *, changed: bool) -> str:
    again = ", because the one there was not what had been fetched" if changed else ""
    return f"relay program {VERSION} fetched from {source} to {path.parent}{again}"


def _unkept(path: Path, error: OSError) -> ArcctlError:
    return ArcctlError(
        f"the relay program cannot be kept in {path.parent}",
        code=registry.CANNOT_FETCH,
        why=error.strerror or str(error),
        hints="export ARCCTL_RELAY_HOME=FOLDER",
    )
