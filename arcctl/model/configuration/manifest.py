"""Configuration as a person keeps it in a file (`docs/reference/manifest.md`)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.fields import filled_in, shape
from arcctl.model.configuration.forms import FORMS, PROTECTED
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.secrets import needs
from arcctl.model.shape import misfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.model.connected_cluster import Body

FAMILY, NUMBER = "arcctl.configuration/", 1
FORMAT = f"{FAMILY}{NUMBER}"
_ENTRY = {"apiVersion?": str, "notCarried?": [str]}


@dataclass(frozen=True, slots=True)
class Manifest:
    """The children of one cluster.

    `references` say where values of secrets lie (`{"env": NAME}`, `{"file": PATH}`, or None where
    nothing is said yet), by `Child.key` and name. `cluster` and `region` tell where the children
    were read, or are empty.
    """

    children: tuple[Child, ...]
    references: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    cluster: str = ""
    region: str = ""


def head(cluster: str, region: str) -> Body:
    """Return what stands at the beginning of a manifest."""
    return {"format": FORMAT, "cluster": cluster, "region": region}


def entry(child: Child) -> Body:
    """Return one child as it stands in a manifest: no state, and no secrets but their names."""
    written: Body = {"kind": str(child.kind), "name": child.name, "apiVersion": child.version}
    written["body"] = child.body
    if child.kind is not Kind.EXTENSION or "protectedKeys" in child.state:
        written["secrets"] = {need.name: None for need in needs(child)}
    if child.not_carried:
        written["notCarried"] = list(child.not_carried)
    return written


def read(document: Any, where: str) -> Manifest:
    """Read a manifest, or the file of a single child; `where` is its name for people.

    Raises UsageError that says what is wrong, and never quotes a value.
    """
    _check_format(document, where)
    entries = [document] if "kind" in document else document.get("children")
    if not isinstance(entries, list):
        raise _bad(where, "it has no list `children`")
    found = [_child(each, where, number) for number, each in enumerate(entries, 1)]
    manifest = Manifest(
        tuple(child for child, _ in found),
        {child.key: references for child, references in found},
        cluster=str(document.get("cluster") or ""),
        region=str(document.get("region") or ""),
    )
    check_unique(manifest.children, where)
    return manifest


def check_unique(children: Sequence[Child], where: str) -> None:
    """Raise UsageError where two children have one name; case does not tell them apart."""
    seen: set[str] = set()
    for child in children:
        if child.key.casefold() in seen:
            raise _bad(where, f"{child.key} is in it twice")
        seen.add(child.key.casefold())


def _check_format(document: Any, where: str) -> None:
    said = document.get("format") if isinstance(document, dict) else None
    if said == FORMAT:
        return
    number = said.removeprefix(FAMILY) if isinstance(said, str) else ""
    if isinstance(said, str) and said.startswith(FAMILY) and number.isdigit():
        raise UsageError(
            f"{where} has format {said}, and this arcctl knows {FORMAT}",
            code="manifest-format",
            why="a newer arcctl has written it",
            hints="use an arcctl that is as new as the file",
        )
    raise _bad(where, f"it does not begin with `format: {FORMAT}`")


def _child(written: Any, where: str, number: int) -> tuple[Child, Mapping[str, Any]]:
    if not isinstance(written, dict):
        raise _bad(where, f"entry {number} of `children` is no map")
    kind, name = _kind(written, where, number), written.get("name")
    if not isinstance(name, str) or not name:
        raise _bad(where, f"entry {number} of `children` has no name; a number needs quotes")
    body, secrets = written.get("body"), written.get("secrets")
    if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
        raise _bad(where, f"{kind}/{name} has no `body` with `properties`")
    if not (secrets is None or isinstance(secrets, dict)):
        raise _bad(where, f"`secrets` of {kind}/{name} is no map")
    if wrong := misfit(written, _ENTRY | {"body": shape(FORMS[kind])}):
        raise _bad(where, f"{kind}/{name}: {wrong}")
    resource = {**body, "name": name, "properties": _spelled_out(body["properties"])}
    child = Child.read(kind, resource, str(written.get("apiVersion") or ""))
    _check_no_secrets(child, body["properties"], where)
    _check_one_way_to_upgrade(child, body["properties"], where)
    known = {str(each) for each in written.get("notCarried") or ()}
    return _declared(child.without(known), secrets), secrets or {}


def _kind(written: Body, where: str, number: int) -> Kind:
    said = str(written.get("kind") or "")
    kind = Kind.named(said)
    if kind is None:
        close = get_close_matches(said, list(Kind), n=1)
        meant = f"; did you mean {close[0]}?" if close else f"; it is one of {', '.join(Kind)}"
        raise _bad(where, f"entry {number} of `children` has the kind {said!r}{meant}")
    return kind


def _check_no_secrets(child: Child, properties: Body, where: str) -> None:
    """A manifest goes into git: what is secret has no place in it."""
    protected = properties.get(PROTECTED)
    if child.state.get("shown") or filled_in(protected):
        raise UsageError(
            f"{where}: the body of {child.key} holds a secret",
            code="manifest-secret",
            why="a manifest names its secrets below `secrets`, and holds no values",
            hints="put the value into a file of its own: --protected-settings FILE",
        )


def _check_one_way_to_upgrade(child: Child, properties: Body, where: str) -> None:
    """Of a resource a version beside upgrades says what is installed; a person means to pin it."""
    dropped = properties.get("version") and "version" not in child.properties
    if child.kind is Kind.EXTENSION and dropped:
        why = f"{child.key} pins a version: that needs `autoUpgradeMinorVersion: false`"
        raise _bad(where, why)


def _declared(child: Child, secrets: Body | None) -> Child:
    if secrets is None:
        return child
    names = sorted(map(str, secrets))
    keys = {"protectedKeys": names} if child.kind is Kind.EXTENSION else {"declared": names}
    return replace(child, state={**child.state, **keys})


def _spelled_out(properties: Body) -> Body:
    """Settings are texts, whatever YAML made of `true` and `3`."""
    settings = properties.get("configurationSettings")
    if not isinstance(settings, dict):
        return properties
    texts = {str(name): _text(value) for name, value in settings.items()}
    return {**properties, "configurationSettings": texts}


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _bad(where: str, why: str) -> UsageError:
    return UsageError(
        f"{where} is no manifest that can be used",
        code="manifest",
        why=why,
        hints="what one looks like: arcctl config export -n NAME -g GROUP",
    )
