"""YAML and JSON that a person wrote, read so that an error never quotes what may be a secret."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from arcctl.errors import UsageError
from arcctl.model.blocking import interruptible
from arcctl.model.bounded import MOST_BYTES, MOST_VALUES, Unfit, check
from arcctl.model.plain_file import given_text
from arcctl.model.plain_file import text as text_of

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_KEYS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


def read_document(path: str, stdin: TextIO | None = None) -> Any:
    """Return what a file holds, `-` for stdin; raise UsageError with the line, not its text."""
    return parsed(read_text(path, stdin), "stdin" if path == "-" else path)


def read_text(path: str, stdin: TextIO | None = None, *, named: bool = True) -> str:
    """Return a file's text, `-` for stdin; raise UsageError where it cannot be read.

    One that is not `named` lay in a folder: it may be no pipe, whose writer may never come.
    """
    try:
        if path == "-":
            with interruptible():
                return (stdin or sys.stdin).read(MOST_BYTES + 1)
        return given_text(Path(path)) if named else text_of(Path(path))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"cannot read {path}", code="file", why=why, hints="ls -l") from None


def parsed(text: str, where: str) -> Any:
    """Return the one document of a text; dates stay text, as ARM has no others.

    Raise UsageError for what is none, and for what would unfold to more than any manifest holds.
    """
    import yaml

    try:
        _measure(text)
        found = yaml.load(text, _loader())  # no tags but the plain ones: it is a SafeLoader
        check(found)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "unknown place"
        # Without its cause: the library's own words quote the text around the place.
        raise UsageError(
            f"{where} is neither YAML nor JSON",
            code="file",
            why=f"{place}; the line is not shown, as it may hold a secret",
            hints="texts with one of : # * & ! % @ ` need quotes",
        ) from None
    except (ValueError, AttributeError, LookupError, RecursionError) as error:
        # Not the library's words where they quote a value; ours in `bounded` and here do not.
        why = (
            str(error) if isinstance(error, Unfit) else "a number, date or tag in it cannot be read"
        )
        raise UsageError(
            f"{where} cannot be used as it is written",
            code="file",
            why=why,
            hints="write it out plainly, as this does: arcctl config export -n NAME -g GROUP",
        ) from None
    return found


def _measure(text: str) -> None:
    """Raise Unfit where aliases would unfold to too much, before anything unfolds them."""
    import yaml

    if len(text) > MOST_BYTES:
        raise Unfit(f"it is longer than {MOST_BYTES // (1024 * 1024)} MiB")
    if "&" in text:
        unfolded = _Unfolded()
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            unfolded.hear(event)


@dataclass
class _Unfolded:
    """How many values a text stands for, each alias counted as all that it names."""

    size: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    under_way: list[tuple[str | None, int]] = field(default_factory=list)

    def hear(self, event: Any) -> None:
        """Count one event of the parser."""
        import yaml

        match event:
            case yaml.AliasEvent():
                self._alias(event.anchor or "")
            case yaml.CollectionStartEvent():
                self.under_way.append((event.anchor, self.size))
                self.size += 1
            case yaml.CollectionEndEvent():
                anchor, before = self.under_way.pop()
                self.sizes[anchor or ""] = self.size - before
            case yaml.ScalarEvent():
                self.size += 1
                self.sizes[event.anchor or ""] = 1
            case _:
                pass  # the beginning or the end of a document
        if self.size > MOST_VALUES:
            raise Unfit(f"its aliases unfold to more than {MOST_VALUES:,} values")

    def _alias(self, anchor: str) -> None:
        if any(anchor == name for name, _ in self.under_way):
            raise Unfit("a part of it holds itself")
        self.size += self.sizes.get(anchor, 1)


def written(document: Any) -> str:
    """Return a document as YAML: keys in their order, one line for each text."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        document,
        Dumper=dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=10**6,
    )
    return text


def _loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolvers = {
        first: [(tag, form) for tag, form in forms if tag != _TIMESTAMP]
        for first, forms in base.yaml_implicit_resolvers.items()
    }

    def construct_mapping(loader: Any, node: Any, deep: bool = False) -> Any:
        _check_keys(node)
        return base.construct_mapping(loader, node, deep)

    own = {"yaml_implicit_resolvers": resolvers, "construct_mapping": construct_mapping}
    return type("Loader", (base,), own)


def _check_keys(node: Any) -> None:
    """Raise Unfit for a key that is no text, which JSON does not know."""
    for key, _ in node.value:
        if key.tag not in _KEYS:
            place = f"line {key.start_mark.line + 1}, column {key.start_mark.column + 1}"
            raise Unfit(f"{place}: a key must be text: put it in quotes")
