"""The relay program comes as the registry packs it, and only if it is what it says it is."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from arcctl.clients.relay import program
from arcctl.errors import ArcctlError
from arcctl.settings import Settings
from tests.clients.serving import authority, serving, tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BINARY = b"\x7fELF and more of it"


def digest(content: bytes) -> str:
    """As a registry names it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def archive(*names: str) -> bytes:
    """An archive with the program under each of these names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(BINARY)
            tar.addfile(entry, io.BytesIO(BINARY))
    return packed.getvalue()


@asynccontextmanager
async def registry(
    folder: Path, *layers: bytes, named: str | None = None
) -> AsyncIterator[Settings]:
    """A registry with one artifact; `named` is the digest that it claims for its manifest."""
    blobs = {digest(layer): layer for layer in layers}
    body: dict[str, Any] = {"layers": [{"digest": each} for each in blobs]}
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if "/manifests/" in request.path:
            headers = {"Docker-Content-Digest": named} if named else {}
            return web.json_response(body, headers=headers)
        return web.Response(body=blobs[request.path.rpartition("/")[2]])

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with serving(app, tls(authority(folder))) as port:
        yield Settings(
            environ={
                "HOME": str(folder),
                "ARCCTL_RELAY_REGISTRY": f"127.0.0.1:{port}",
            }
        )


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person is told; the registry's authority is trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return []


@pytest.mark.parametrize(
    "layer",
    [BINARY, archive("folder/arcProxy", "folder/LICENSE.txt", "folder/ThirdPartyNotice.txt")],
    ids=["bare", "in an archive"],
)
async def test_the_program_is_found_in_its_artifact(
    tmp_path: Path, notes: list[str], layer: bytes
) -> None:
    """Bare or packed with papers, it may be run by its owner, and the second time it is there."""
    async with registry(tmp_path, layer) as settings:
        path = await program.find(settings, "mcr.example", notes.append)
        again = await program.find(settings, "mcr.example", notes.append)

    assert (path.read_bytes(), path.parent) == (BINARY, tmp_path / ".clientproxy")
    assert path.stat().st_mode & 0o100
    assert (again, len(notes)) == (path, 1)


@pytest.mark.parametrize(
    "layers",
    [
        (),
        (BINARY, b"another"),
        (archive("a", "b"),),
        (archive("LICENSE"),),
        (gzip.compress(b"no archive"),),
    ],
    ids=["no layer", "two", "two programs", "papers alone", "no archive"],
)
async def test_what_holds_no_program_is_refused(
    tmp_path: Path, notes: list[str], layers: tuple[bytes, ...]
) -> None:
    """Nothing is kept of it."""
    async with registry(tmp_path, *layers) as settings:
        with pytest.raises(ArcctlError) as caught:
            await program.find(settings, "mcr.example", notes.append)

    assert caught.value.code == "AZK8S0800"
    assert list((tmp_path / ".clientproxy").glob("arcProxy*")) == []


async def test_a_manifest_has_the_digest_by_which_it_is_named(
    tmp_path: Path, notes: list[str]
) -> None:
    """A registry that names another one is not believed."""
    async with registry(tmp_path, BINARY, named=digest(b"other")) as settings:
        with pytest.raises(ArcctlError, match="cannot be fetched") as caught:
            await program.find(settings, "mcr.example", notes.append)

    assert "its manifest is not what was named" in caught.value.why[0]


async def test_another_registrys_program_is_not_taken_for_this_ones(
    tmp_path: Path, notes: list[str]
) -> None:
    """What a sandbox or a mirror gave out is fetched anew from elsewhere."""
    async with registry(tmp_path, BINARY) as settings:
        await program.find(settings, "mcr.example", notes.append)
    other = b"\x7fELF of another registry"
    async with registry(tmp_path, other) as settings:
        path = await program.find(settings, "mcr.example", notes.append)

    assert path.read_bytes() == other
