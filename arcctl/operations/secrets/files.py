"""Values of secrets as people give them: in a file, in the environment, in files of their own.

CHILD:                      extensions/monitor, or monitor where that is plain
  KEY: text                 the value itself, as it is used
  KEY: {value: …}  {env: NAME}  {file: PATH}      each with `encoding: base64` if it is
"""

from __future__ import annotations

import base64
import binascii
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from arcctl.errors import UsageError
from arcctl.model import plain_file
from arcctl.model.configuration.needs import VERIFICATION
from arcctl.model.secret import Secret
from arcctl.operations.configuration.documents import read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from arcctl.model.connected_cluster import Body

_FORMS = ("value", "env", "file")
_READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, slots=True)
class Given:
    """One value that somebody gave; `child` and `name` as they were written."""

    child: str
    name: str
    value: Secret
    origin: Literal["file", "environment", "cluster"]
    reference: Body | None = None
    """Where in the cluster it lies, as JSON"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where secrets come from: a file, the cluster; and which are done without (`CHILD/KEY`).

    `send_secrets` also sends those of children that are otherwise as the manifest says.
    """

    secrets_file: str | None = None
    from_cluster: bool = False
    waived: tuple[str, ...] = ()
    send_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """Where references lead: the environment, and the folder that paths start from."""

    environ: Mapping[str, str]
    folder: Path
    note: Callable[[str], None]


def read_secrets(
    path: str,
    environ: Mapping[str, str],
    note: Callable[[str], None],
    stdin: TextIO | None = None,
) -> list[Given]:
    """Read the file of `--protected-settings`, `-` for stdin.

    Raises UsageError for what cannot be read or is not of the form above; no value is quoted.
    """
    document = read_document(path, stdin)
    where = "stdin" if path == "-" else path
    if document is not None and not isinstance(document, dict):
        raise _bad(where, "it must be a map of children, and of keys and values below each")
    if path != "-":
        _warn_of_readers(Path(path), note)
    sources = Sources(environ, Path() if path == "-" else Path(path).parent, note)
    return [
        given
        for child, keys in (document or {}).items()
        for given in _of_child(str(child), keys, where, sources)
    ]


def by_people(
    references: Mapping[str, Mapping[str, Any]],
    sources: Sources,
    asked: Asked,
    stdin: TextIO | None,
) -> list[Given]:
    """Return what the file of `--protected-settings` gives, then what the manifest refers to.

    The flags speak for the secrets that they name: see `referenced`, which raises as this does.
    """
    path = asked.secrets_file
    given = read_secrets(path, sources.environ, sources.note, stdin) if path else []
    by_flag = [*(f"{each.child}/{each.name}" for each in given), *asked.waived]
    return [*given, *referenced(references, sources, by_flag)]


def referenced(
    references: Mapping[str, Mapping[str, Any]],
    sources: Sources,
    instead: Collection[str] = (),
) -> list[Given]:
    """Follow the references of a manifest; what says nothing yet is left out.

    `instead` are the secrets, as `CHILD/KEY`, for which a flag speaks: their references count for
    nothing, readable or not. Raises UsageError where a value itself stands in the manifest.
    """
    found = []
    spoken_for = {_place(*each.rpartition("/")[::2]) for each in instead}
    for child, keys in references.items():
        for name, said in keys.items():
            places = {_place(child, name), _place(child.partition("/")[2], name)}
            if not _says(said) or places & spoken_for:
                continue
            if not isinstance(said, dict) or "value" in said:
                where = f"the manifest's {child}/{name}"
                raise _bad(where, "there is a value; write {env: …} or {file: …}")
            found.append(_given(child, str(name), said, "the manifest", sources))
    return found


def _place(child: str, name: str) -> tuple[str, str]:
    """A child is known by its name in any case, a secret of it only as it is written."""
    return child.casefold(), name


def _of_child(child: str, keys: Any, where: str, sources: Sources) -> list[Given]:
    if keys is None:
        return []
    if not isinstance(keys, dict):
        raise _bad(where, f"below {child} there must be keys with their values")
    return [
        _given(child, str(name), said, where, sources) for name, said in keys.items() if _says(said)
    ]


def _says(said: Any) -> bool:
    """Neither null nor "" nor stars are a value: that is how what is hidden looks (`arm.md` 5.4)."""
    return bool(said.strip("*")) if isinstance(said, str) else said is not None


def _given(child: str, name: str, said: Any, where: str, sources: Sources) -> Given:
    place = f"{child}/{name}"
    if isinstance(said, str):
        return Given(child, name, Secret(said), "file")
    if name == VERIFICATION and isinstance(said, dict) and not set(said) <= {*_FORMS, "encoding"}:
        return Given(child, name, Secret(json.dumps(said)), "file")
    if not isinstance(said, dict):
        raise _bad(where, f"{place} must be text: put it in quotes")
    forms = [form for form in _FORMS if said.get(form) is not None]
    if len(forms) != 1 or not set(said) <= {*_FORMS, "encoding"}:
        raise _bad(where, f"{place} needs exactly one of value, env, file")
    found = said[forms[0]]
    if not isinstance(found, str):
        raise _bad(where, f"{place} must be text: put it in quotes")
    text = _looked_up(forms[0], found, place, sources)
    if said.get("encoding") is not None:
        text = _decoded(text, said["encoding"], where, place)
    if not _says(text):
        raise _bad(where, f"{place} is empty")
    return Given(child, name, Secret(text), "environment" if forms[0] == "env" else "file")


def _looked_up(form: str, said: str, place: str, sources: Sources) -> str:
    if form == "env":
        if not sources.environ.get(said):
            raise UsageError(
                f"{place} is to come from the environment, and {said} is not set",
                code="secret-env",
                hints=f"export {said}=VALUE",
            )
        return sources.environ[said]
    return said if form == "value" else _file(sources.folder / said, place, sources)


def _file(path: Path, place: str, sources: Sources) -> str:
    try:
        content = plain_file.given(path)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{place} is to come from the file {path}, which cannot be read",
            code="file",
            why=getattr(error, "strerror", None) or "no file can have that name",
            hints=f"ls -l {path}",
        ) from None
    _warn_of_readers(path, sources.note)
    return _as_text(content)


def _as_text(content: bytes) -> str:
    """Take an editor's last line end off a text, but not off a key in PEM, which ends with one."""
    text = content.decode("utf-8", "surrogateescape")
    binary = any("\udc80" <= each <= "\udcff" for each in text)
    return (
        text
        if binary or text.startswith("-----BEGIN ")
        else text.removesuffix("\n").removesuffix("\r")
    )


def _decoded(text: str, encoding: Any, where: str, place: str) -> str:
    if encoding != "base64":
        raise _bad(where, f"the encoding of {place} can only be base64")
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _bad(where, f"{place} is not base64") from None
    return content.decode("utf-8", "surrogateescape")


def _warn_of_readers(path: Path, note: Callable[[str], None]) -> None:
    if path.stat().st_mode & _READABLE_BY_OTHERS:
        note(f"others on this machine can read {path}: chmod 600 {path}")


def _bad(where: str, why: str) -> UsageError:
    return UsageError(
        f"{where} does not give secrets in a form that can be used",
        code="secret-form",
        why=why,
        hints="see docs/reference/manifest.md",
    )
