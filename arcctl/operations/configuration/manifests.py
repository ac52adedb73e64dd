"""Manifests as files: one for a cluster, or a folder with a file for each child."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote

from arcctl.errors import Refusal, UsageError
from arcctl.model import plain_file
from arcctl.model.configuration import manifest as manifests
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.manifest import Manifest
from arcctl.operations.configuration.documents import parsed, read_document, read_text, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arcctl.model.configuration.child import Child

HEAD = "cluster.yaml"
_ENDINGS = (".yaml", ".yml", ".json")
_LONGEST = 200  # file systems take 255 bytes
_COMMENT = """\
# What {name} has: extensions, Flux and source control configurations.
# It holds no secrets. Below `secrets` stands what Azure does not give back; say where it is with
# {{env: NAME}} or {{file: PATH}}, or give the values with --protected-settings FILE.
# Apply it:    arcctl config apply -n NAME -g GROUP --file {file}
# Compare it:  arcctl config diff {file} GROUP/NAME
"""


def text_of(children: Sequence[Child], cluster: str, region: str, file: str) -> str:
    """Return the manifest of a cluster as YAML, children by kind and name."""
    document = {**manifests.head(cluster, region), "children": [*map(manifests.entry, children)]}
    return _comment(cluster, file) + written(document)


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    plain_file.write(path, text, 0o666)


def write_folder(folder: Path, children: Sequence[Child], cluster: str, region: str) -> list[Path]:
    """Write `cluster.yaml` and a file for each child; return the files of others, now removed."""
    _check_ours(folder, cluster)
    name = quote(str(folder), safe="/ .-_")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {_place(child): written(_alone(child)) for child in children}
    stale = sorted({*_files_of_children(folder)} - {folder / place for place in wanted})
    for path in stale:
        path.unlink()
    write_file(folder / HEAD, _comment(cluster, name) + written(manifests.head(cluster, region)))
    for place, text in wanted.items():
        (folder / place).parent.mkdir(exist_ok=True)
        write_file(folder / place, text)
    return stale


def read(path: str, stdin: TextIO | None = None) -> Manifest:
    """Read a file, `-` for stdin, or a folder; raise UsageError for what is no manifest."""
    if path != "-" and Path(path).is_dir():
        return _read_folder(Path(path))
    return manifests.read(read_document(path, stdin), "stdin" if path == "-" else path)


def folder_of(path: str) -> Path:
    """Return the folder from which a manifest's own paths start."""
    if path == "-":
        return Path()
    return Path(path) if Path(path).is_dir() else Path(path).parent


def is_path(text: str) -> bool:
    """Tell whether a word of the command line means a file or a folder, not a cluster."""
    if text.lower().startswith("/subscriptions/"):
        return False
    spelled = text == "-" or text.startswith((".", os.sep)) or text.endswith(_ENDINGS)
    return spelled or Path(text).exists()


def _read_folder(folder: Path) -> Manifest:
    head = _head(folder)
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in _ENDINGS]
    found = [
        manifests.read(parsed(read_text(str(path), named=False), str(path)), str(path))
        for path in files
        if path != folder / HEAD
    ]
    if not found and not head:
        raise UsageError(
            f"{folder} holds no manifest",
            code="manifest",
            why=f"it has no {HEAD}, and no file of a child",
            hints=f"arcctl config export -n NAME -g GROUP --folder {folder}",
        )
    children = tuple(child for each in found for child in each.children)
    manifests.check_unique(children, str(folder))
    references = {key: each for part in found for key, each in part.references.items()}
    return Manifest(
        tuple(sorted(children, key=_order)),
        references,
        str(head.get("cluster") or ""),
        str(head.get("region") or ""),
    )


def _order(child: Child) -> tuple[int, str]:
    return list(Kind).index(child.kind), child.name.casefold()


def _head(folder: Path) -> Mapping[str, Any]:
    path = folder / HEAD
    if not path.exists():
        return {}
    found = parsed(read_text(str(path), named=False), str(path))
    manifests.read({"children": [], **found} if isinstance(found, dict) else found, str(path))
    return dict(found)


def _check_ours(folder: Path, cluster: str) -> None:
    """Files are only taken away from a folder that holds this very cluster."""
    owner = str(_head(folder).get("cluster") or "")
    if owner.casefold() == cluster.casefold() or not any(_files_of_children(folder)):
        return
    raise Refusal(
        f"{folder} holds the configuration of another cluster",
        code="manifest-folder",
        why=owner or f"it has no {HEAD} that says whose",
        hints=f"choose an empty folder: --folder {folder}-2",
    )


def _files_of_children(folder: Path) -> Iterator[Path]:
    for kind in Kind:
        yield from (path for path in (folder / kind).glob("*") if path.suffix in _ENDINGS)


def _alone(child: Child) -> dict[str, Any]:
    return {"format": manifests.FORMAT, **manifests.entry(child)}


def _place(child: Child) -> Path:
    name = quote(child.name, safe=" -_.")
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}-{sha256(child.name.encode()).hexdigest()[:8]}"
    return Path(str(child.kind)) / f"{name}.yaml"


def _comment(cluster: str, file: str) -> str:
    return _COMMENT.format(name=cluster.rpartition("/")[2] or "a cluster", file=file)
