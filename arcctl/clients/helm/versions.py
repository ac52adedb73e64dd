"""Which version a helm is; asked once per file, since asking costs 50 ms (`dependencies.md` 1)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from arcctl.clients.helm import process, trouble
from arcctl.clients.helm.environment import for_helm
from arcctl.errors import HelmError

if TYPE_CHECKING:
    from arcctl.settings import Settings

Version: TypeAlias = tuple[int, int, int]

OLDEST: Version = (3, 14, 0)
LIMIT = 20.0


def written(version: Version) -> str:
    """Spell a version as people do."""
    return ".".join(map(str, version))


async def of(path: Path, settings: Settings) -> Version:
    """Return the version of the helm at `path`; raise HelmError AZK8S0510 where it tells none."""
    known = settings.cache_home / "helm" / "versions.json"
    key = _key(path)
    remembered = _read(known)
    if found := _parsed(str(remembered.get(key))):
        return found
    version = await _asked(path, settings)
    _write(known, remembered | {key: written(version)})
    return version


async def _asked(path: Path, settings: Settings) -> Version:
    argv = [str(path), "version", "--template", "{{ .Version }}"]
    try:
        finished = await process.run(argv, environ=for_helm(settings.environ), limit=LIMIT)
    except TimeoutError as error:
        why = f"it did not tell its version within {LIMIT:.0f} s"
        raise _no_helm(path, why) from error
    except OSError as error:
        raise trouble.not_run(str(path), error) from error
    found = _parsed(finished.stdout.decode("utf-8", "replace"))
    if finished.status != 0 or not found:
        raise _no_helm(path, *trouble.said(finished.stderr) or ("it does not tell its version",))
    return found


def _no_helm(path: Path, *why: str) -> HelmError:
    return HelmError(
        f"{path} is no helm that arcctl knows", code="AZK8S0510", why=why, hints=trouble.ANOTHER
    )


def _parsed(text: str) -> Version | None:
    found = re.search(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _key(path: Path) -> str:
    try:
        about = path.stat()
    except OSError as error:
        raise trouble.not_run(str(path), error) from error
    return f"{path}:{about.st_mtime_ns}:{about.st_size}"


def _read(known: Path) -> dict[str, str]:
    try:
        return dict(json.loads(known.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def _write(known: Path, versions: dict[str, str]) -> None:
    """Remember, where there is room to; a full or read-only disk only costs the time."""
    with contextlib.suppress(OSError):
        known.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, neighbour = tempfile.mkstemp(dir=known.parent)
        with os.fdopen(handle, "w") as stream:
            json.dump(versions, stream)
        Path(neighbour).replace(known)
