"""Kubeconfigs as text: one cluster's entries, and how they come into a person's file.

The file is edited where that is enough, so that comments and the order of things stay; what came
out is read again, and where it is not what was meant, the file is written anew.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTIONS = ("clusters", "users", "contexts")
TOO_DEEP = "it is nested too deeply"
Config = dict[str, Any]
# From and to which character, and what comes there.
Edit = tuple[int, int, str]


def read(text: str, where: str) -> Config:
    """Read a kubeconfig, {} for an empty one; ClusterError AZK8S0200 where it is none."""
    import yaml

    try:
        config = yaml.safe_load(text) or {}
    except RecursionError:
        raise _no_kubeconfig(where, TOO_DEEP) from None
    except yaml.YAMLError as error:
        raise _no_kubeconfig(where, " ".join(str(error).split())[:200]) from error
    lists = [config.get(name) or [] for name in SECTIONS] if isinstance(config, dict) else [None]
    if not all(isinstance(each, list) and all(map(_named, each)) for each in lists):
        raise _no_kubeconfig(where, "clusters, users and contexts are lists of maps with names")
    return dict(config)


def _named(entry: Any) -> bool:
    return isinstance(entry, dict) and "name" in entry


def with_token(config: Config, token: str) -> Config:
    """Return it with this token as its first user's only credential but what Azure put there."""
    first, *others = config["users"]
    return config | {
        "users": [first | {"user": (first.get("user") or {}) | {"token": token}}, *others]
    }


def called(config: Config, context: str | None) -> Config:
    """Return it with its first context under another name, and as the current one."""
    first, *others = config["contexts"]
    name = context or first["name"]
    return config | {"contexts": [first | {"name": name}, *others], "current-context": name}


def written(config: Config) -> str:
    """Return it as YAML."""
    import yaml

    return str(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


def merged(text: str, config: Config, where: str = "the kubeconfig") -> str:
    """Lay entries over those of a file: same-named ones are replaced, all else stays."""
    text = text if text.endswith("\n") or not text else f"{text}\n"
    wanted = _laid_over(read(text, where), config)
    edited = _edited(text, config)
    if edited is not None and _reads(edited) == wanted:
        return edited
    return written(wanted)


def _laid_over(old: Config, new: Config) -> Config:
    result = {"apiVersion": "v1", "kind": "Config", **old}
    for section in SECTIONS:
        entries = {each["name"]: each for each in old.get(section) or []}
        result[section] = list((entries | {each["name"]: each for each in new[section]}).values())
    return result | {"current-context": new["current-context"]}


def _reads(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _edited(text: str, config: Config) -> str | None:
    """Return the text with the entries in it; None where it is not laid out in blocks."""
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    nodes = {key.value: value for key, value in root.value}
    if not {"apiVersion", "kind"} <= nodes.keys():
        return None
    edits: list[Edit] = []
    for name in (*SECTIONS, "current-context"):
        if name not in nodes:
            edits.append((len(text), len(text), _line(name, config[name])))
        elif name in SECTIONS:
            edits += _entries(text, nodes[name], config[name])
        else:
            mark = nodes[name]
            value = f" {json.dumps(config[name])}"
            edits.append((_after_colon(text, mark.start_mark.index), mark.end_mark.index, value))
    return _applied(text, edits)


def _after_colon(text: str, index: int) -> int:
    return text.rindex(":", 0, index) + 1 if text[:index].rstrip(" ").endswith(":") else index


def _line(name: str, value: Any) -> str:
    if isinstance(value, str):
        return f"{name}: {json.dumps(value)}\n"
    return f"{name}:\n" + "".join(f"- {_block(each, 2)}\n" for each in value)


def _entries(text: str, node: Any, entries: list[Config]) -> Iterator[Edit]:
    """Yield how entries come into the list that a node is."""
    import yaml

    if not isinstance(node, yaml.SequenceNode) or not node.value:
        start, end = _after_colon(text, node.start_mark.index), node.end_mark.index
        yield start, end, "\n" + "\n".join(f"- {_block(each, 2)}" for each in entries)
        return
    column, last = node.start_mark.column, _end(text, node.value[-1])
    for entry in entries:
        same = [each for each in node.value if _name_of(each) == entry["name"]]
        if same:
            yield same[-1].start_mark.index, _end(text, same[-1]), _block(entry, column + 2)
        else:
            yield last, last, f"\n{' ' * column}- {_block(entry, column + 2)}"


def _name_of(node: Any) -> Any:
    return next((value.value for key, value in node.value if key.value == "name"), None)


def _end(text: str, node: Any) -> int:
    """Return where an entry really ends; its mark stands after the comments that follow it."""
    lines = text[node.start_mark.index : node.end_mark.index].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return int(node.start_mark.index) + len("".join(lines).rstrip())


def _block(entry: Config, indent: int) -> str:
    return written(entry).rstrip("\n").replace("\n", "\n" + " " * indent)


def _applied(text: str, edits: list[Edit]) -> str:
    for start, end, instead in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _no_kubeconfig(where: str, why: str) -> ClusterError:
    return ClusterError(
        f"{where} is not a kubeconfig", code="AZK8S0200", why=why, hints="name another: --file FILE"
    )
