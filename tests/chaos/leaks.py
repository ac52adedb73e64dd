"""Secrets where they should not be: each is a mark, looked for in every stream, file and Secret."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import entra
from tests.chaos import scenes
from tests.stories.spying import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.stage import Ended, Stage

    Secret = dict[str, dict[str, str]]

_HOLD = "arcctl-hold-"


def found(stage: Stage, ended: Ended, clusters: Mapping[str, Any]) -> list[str]:
    """Name each place in which a secret was found."""
    kept = stage.within(lambda: _secrets(clusters, "arcctl"))
    secrets = [*scenes.marks(), entra.FULL_RIGHTS.secret]
    secrets += _keys(stage.within(lambda: _secrets(clusters, "azure-arc")))
    secrets += [each.token for each in clusters.values()]
    secrets += [base64.b64encode(each.encode()).decode() for each in scenes.marks()]
    texts = list(_texts(stage, ended, kept))
    return [
        f"a secret ({secret[:12]}…) is in {place}"
        for place, text in texts
        for secret in dict.fromkeys(secrets)
        if secret in text
    ]


def _texts(stage: Stage, ended: Ended, kept: list[Secret]) -> Iterator[tuple[str, str]]:
    yield "stdout", ended.out
    yield "stderr", ended.err
    for folder in ("home", "scratch"):
        for path, text in files(stage.folder / folder):
            # A token that is kept until it runs out lies there, for its owner alone.
            if "token" not in path.name and "kubeconfig" not in path.name:
                yield str(path.relative_to(stage.folder)), text
    for each in kept:
        name = each["metadata"]["name"]
        if not name.startswith(_HOLD):
            for part in each["data"].values():
                yield f"Secret arcctl/{name}", _plain(part)


def _secrets(clusters: Mapping[str, Any], namespace: str) -> list[Secret]:
    return [
        each
        for cluster in clusters.values()
        for each in cluster.store.items(("", "secrets"), namespace)
    ]


def _keys(arcs: list[Secret]) -> Iterator[str]:
    """Return a line of each private key there is; the first dozen lines of one are public."""
    texts = (_plain(part) for each in arcs for part in (each.get("data") or {}).values())
    for text in texts:
        if text.startswith("-----BEGIN") and "PRIVATE" in text[:40]:
            yield from text.splitlines()[20:21]


def _plain(data: str) -> str:
    content = base64.b64decode(data)
    packed = content[:2] == b"\x1f\x8b"
    return (gzip.decompress(content) if packed else content).decode("utf-8", "replace")
