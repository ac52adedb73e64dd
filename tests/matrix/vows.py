"""What must hold wherever a move is cut: no child lost, none in two places, no secret seen."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.stories.moving import SECRETS
from tests.stories.spying import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Ended, Stage

_CHILDREN = f"/{arm.CHILDREN}/".lower()
_HOLD = "arcctl-hold-"


def keep_children(stage: Stage, children: set[str]) -> None:
    """Each child is in Azure under one cluster, or in the copy that the cluster keeps."""
    found = Counter(in_azure(stage))
    lost = children - found.keys() - set(in_bundle(stage))
    assert not lost, f"lost: {lost}"
    doubled = [child for child, number in found.items() if number > 1]
    assert not doubled, f"in two places: {doubled}"


def in_azure(stage: Stage) -> list[str]:
    """Name every child that Azure has, as `extensions/flux`, lower-cased."""
    keys = stage.within(lambda: list(stage.world.azure.store.resources))
    return [key.partition(_CHILDREN)[2] for key in keys if _CHILDREN in key]


def in_bundle(stage: Stage) -> list[str]:
    """Name every child in the bundle that lies in the cluster."""
    parts = {
        each["metadata"]["name"]: _plain(each["data"]["bundle"])
        for each in _kept(stage)
        if (each["metadata"].get("labels") or {}).get("arcctl/part") == "bundle"
    }
    return [
        f"{child['kind']}/{child['name']}".lower()
        for text in parts.values()
        for child in json.loads(text)["children"]
    ]


def keep_secrets(stage: Stage, *said: Ended) -> None:
    """No secret is on this machine, on a stream, or in the cluster's copy of the run."""
    secrets = [value for each in SECRETS.values() for value in each.values()]
    secrets += [base64.b64encode(value.encode()).decode() for value in secrets]
    secrets += _private_keys(stage)
    leaks = [
        (secret[:24], place)
        for place, text in _texts(stage, said)
        for secret in secrets
        if secret in text
    ]
    assert not leaks, leaks


def _texts(stage: Stage, said: tuple[Ended, ...]) -> Iterator[tuple[str, str]]:
    for ended in said:
        yield "stdout", ended.out
        yield "stderr", ended.err
    for folder in ("home", "scratch"):
        for path, text in files(stage.folder / folder):
            yield str(path), text
    for each in _kept(stage):
        name = each["metadata"]["name"]
        if not name.startswith(_HOLD):
            for part in each["data"].values():
                yield name, _plain(part)


def held(stage: Stage) -> str:
    """Return the text of what is held for the length of a run."""
    kept = [each for each in _kept(stage) if each["metadata"]["name"].startswith(_HOLD)]
    return "\n".join(_plain(part) for each in kept for part in each["data"].values())


def _private_keys(stage: Stage) -> list[str]:
    """Return a line of each private key there is; the first dozen lines of one are public."""
    found = stage.within(lambda: stage.cluster.store.items(KINDS["secrets"].key))
    texts = [
        _plain(part)
        for each in found
        if each["metadata"]["name"].startswith((_HOLD, "azure-arc-connect-privatekey"))
        for part in (each.get("data") or {}).values()
    ]
    return [text.splitlines()[20] for text in texts if text.startswith("-----BEGIN")]


def _kept(stage: Stage) -> list[dict[str, Any]]:
    return stage.within(lambda: list(stage.cluster.store.items(KINDS["secrets"].key, "arcctl")))


def _plain(data: str) -> str:
    content = base64.b64decode(data)
    packed = content[:2] == b"\x1f\x8b"
    return (gzip.decompress(content) if packed else content).decode("utf-8", "replace")
