"""How objects go out: as they are, as metadata alone, or as a table for kubectl (testbed.md 3)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from arcctl.sandbox.kubernetes import problems, tables
from arcctl.sandbox.kubernetes.store import Document, encode

if TYPE_CHECKING:
    from datetime import datetime

    from arcctl.sandbox.kubernetes.kinds import Kind

Shape = Literal["whole", "metadata", "table"]
META = "meta.k8s.io/v1"


def shape_of(accept: str) -> Shape:
    """Choose the form by the first media range that names one we have."""
    for media in accept.split(","):
        if "as=Table" in media:
            return "table"
        if "as=PartialObjectMetadata" in media:
            return "metadata"
        if media.strip().startswith(("application/json", "*/*")):
            return "whole"
    return "whole"


def _partial(document: Document) -> dict[str, Any]:
    meta = document["metadata"]
    return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": meta}


def versioned(kind: Kind, document: Document) -> Document:
    """Show a custom object in the version it was asked for."""
    if not kind.custom or document["apiVersion"] == kind.api_version:
        return document
    return Document(document | {"apiVersion": kind.api_version})


def one(kind: Kind, document: Document, shape: Shape, now: datetime) -> bytes:
    """Encode one object in the wanted form."""
    if shape == "table":
        return encode(tables.table(kind, [document], now, document["metadata"]["resourceVersion"]))
    if shape == "metadata":
        return encode(_partial(document))
    return versioned(kind, document).encoded()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its items, the revision it was read at, and where the next begins."""

    items: list[Document]
    revision: int
    following: str = ""
    remaining: int | None = None

    def meta(self) -> dict[str, Any]:
        found: dict[str, Any] = {"resourceVersion": str(self.revision)}
        if self.following:
            found["continue"] = self.following
            if self.remaining is not None:
                found["remainingItemCount"] = self.remaining
        return found


def many(kind: Kind, page: Page, shape: Shape, now: datetime) -> bytes:
    """Encode a list in the wanted form."""
    if shape == "table":
        found = tables.table(kind, page.items, now, str(page.revision))
        return encode(found | {"metadata": page.meta()})
    if shape == "metadata":
        items = b",".join(encode(_partial(document)) for document in page.items)
        return _list("PartialObjectMetadataList", META, page, items)
    items = b",".join(_item(kind, document) for document in page.items)
    return _list(kind.list_kind, kind.api_version, page, items, custom=kind.custom)


def _item(kind: Kind, document: Document) -> bytes:
    if kind.custom:
        return versioned(kind, document).encoded()
    head = f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'
    return b"{" + document.encoded()[len(head) :]


def _list(kind: str, api_version: str, page: Page, items: bytes, *, custom: bool = False) -> bytes:
    meta = page.meta()
    if custom:
        meta.setdefault("continue", "")
    head = encode({"kind": kind, "apiVersion": api_version, "metadata": meta})
    return head[:-1] + b',"items":[' + items + b"]}"


def token(revision: int, document: Document) -> str:
    """Make the continue token that resumes a list after an object."""
    meta = document["metadata"]
    start = [meta.get("namespace", ""), meta["name"]]
    return base64.urlsafe_b64encode(encode({"v": META, "rv": revision, "start": start})).decode()


def read_token(text: str) -> tuple[int, tuple[str, str]]:
    """Take a continue token apart into its revision and the last object served."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text))
        namespace, name = found["start"]
        return int(found["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError) as error:
        raise problems.bad_request(f"continue key is not valid: {error}") from error
