"""Where helm is: what was named, PATH, arcctl's cache, else fetched (`connectedk8s.md` B.9)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.clients.helm import release, trouble, versions
from arcctl.errors import HelmError

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.helm.versions import Version
    from arcctl.settings import Settings


async def find(settings: Settings, note: Callable[[str], None]) -> tuple[Path, Version]:
    """Return a usable helm and its version; `note` hears what was skipped or fetched.

    A helm that was named must do: AZK8S0510 where it is none, AZK8S0511 where it is too old.
    """
    if found := await here(settings, note):
        return found
    from arcctl.clients.helm import fetching

    path = release.place(settings)
    await fetching.fetch(settings, path, note)
    return path, await versions.of(path, settings)


async def here(settings: Settings, note: Callable[[str], None]) -> tuple[Path, Version] | None:
    """Return the helm that is on this machine, None where it would have to be fetched.

    Raises as `find` does for a helm that was named.
    """
    named = settings.helm or settings.environ.get("HELM_CLIENT_PATH")
    if named:
        return await _named(named, settings)
    if found := await _on_path(settings, note):
        return found
    path = release.place(settings)
    return (path, await versions.of(path, settings)) if release.is_there(path) else None


async def _named(named: str, settings: Settings) -> tuple[Path, Version]:
    path = _program(named, settings)
    if not path:
        raise HelmError(
            f"no helm at {named}",
            code="AZK8S0510",
            why="it was named by --helm, ARCCTL_HELM or HELM_CLIENT_PATH",
            hints=(trouble.ANOTHER, "leave it out, and a helm is found or fetched"),
        )
    version = await versions.of(path, settings)
    if version < versions.OLDEST:
        raise HelmError(
            f"helm {versions.written(version)} is too old",
            code="AZK8S0511",
            why=f"{path}; arcctl needs {versions.written(versions.OLDEST)} or newer",
            hints=(trouble.ANOTHER, "leave it out, and a helm is found or fetched"),
        )
    return path, version


async def _on_path(settings: Settings, note: Callable[[str], None]) -> tuple[Path, Version] | None:
    path = _program("helm", settings)
    if not path:
        return None
    try:
        version = await versions.of(path, settings)
    except HelmError as error:
        note(f"{error.message}; looking further")
        return None
    if version < versions.OLDEST:
        note(f"helm {versions.written(version)} at {path} is too old; looking further")
        return None
    return path, version


def _program(name: str, settings: Settings) -> Path | None:
    found = shutil.which(Path(name).expanduser(), path=settings.environ.get("PATH", ""))
    return Path(found).absolute() if found else None
