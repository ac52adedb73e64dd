"""Which objects name which owner: the index that garbage collection and controllers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.kinds import KindKey
    from arcctl.sandbox.kubernetes.store import Document, Event, Store

    Place = tuple[KindKey, str, str]


def owner_uids(document: Document) -> list[str]:
    return [each["uid"] for each in document["metadata"].get("ownerReferences") or ()]


class Dependents:
    """Objects by the uid of their owners, and every living uid."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_owner: dict[str, dict[Place, None]] = {}
        self._living: set[str] = set()
        store.listen(self._note)

    def _note(self, event: Event) -> None:
        meta = event.document["metadata"]
        place = (event.key, meta.get("namespace", ""), meta["name"])
        for uid in owner_uids(event.previous) if event.previous else ():
            self._by_owner.get(uid, {}).pop(place, None)
        if event.change == "DELETED":
            self._living.discard(meta["uid"])
        else:
            self._add(place, event.document)

    def _add(self, place: Place, document: Document) -> None:
        self._living.add(document["metadata"]["uid"])
        for uid in owner_uids(document):
            self._by_owner.setdefault(uid, {})[place] = None

    def alive(self, uid: str) -> bool:
        return uid in self._living

    def of(self, uid: str, key: KindKey | None = None) -> list[Document]:
        """Return the objects that name this owner, of one kind or of all."""
        places = [place for place in self._by_owner.get(uid, {}) if key in {None, place[0]}]
        found = (self._store.get(*place) for place in places)
        return [document for document in found if document is not None]

    def places_of(self, uid: str) -> list[Place]:
        return list(self._by_owner.get(uid, {}))

    def recount(self) -> None:
        """Go by what the store holds now: it was emptied or filled without telling anybody."""
        self._by_owner.clear()
        self._living.clear()
        for key, shelf in self._store.contents().items():
            for (namespace, name), document in shelf.items():
                self._add((key, namespace, name), document)
