"""YAML and JSON that a person wrote, read so that an error never quotes what may be a secret."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TextIO

from arcctl.errors import UsageError

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


def read_document(path: str, stdin: TextIO | None = None) -> Any:
    """Return what a file holds, `-` for stdin; raise UsageError with the line, not its text."""
    return parsed(read_text(path, stdin), "stdin" if path == "-" else path)


def read_text(path: str, stdin: TextIO | None = None) -> str:
    """Return a file's text, `-` for stdin; raise UsageError where it cannot be read."""
    try:
        return (
            (stdin or sys.stdin).read() if path == "-" else Path(path).read_text(encoding="utf-8")
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"cannot read {path}", code="file", why=why, hints="ls -l") from None


def parsed(text: str, where: str) -> Any:
    """Return the one document of a text; dates stay text, as ARM has no others."""
    import yaml

    try:
        return yaml.load(text, _loader())  # no tags but the plain ones: it is a SafeLoader
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
    return type("Loader", (base,), {"yaml_implicit_resolvers": resolvers})
