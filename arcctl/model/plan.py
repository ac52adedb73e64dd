"""What a move would do, as a value: shown, stored, compared, and refused when the world moved.

Every row of `arm.md` 12.2 has its verdict in it. Kept as `arcctl.plan/2`
(`docs/reference/plan.md`, schema beside it), without secrets.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, get_args

from arcctl.errors import UsageError
from arcctl.model.resource_id import ClusterId
from arcctl.model.shape import fits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.model.connected_cluster import Body

FORMAT = "arcctl.plan/2"
# Completed where the command line is known.
AGAIN = "plan again with --dry-run --plan-out FILE"
_FAMILY, _NUMBER = "arcctl.plan/", 2
_SEAL, _DIGITS = "fingerprint", 9
_ROW = {**dict.fromkeys(("subject", "fate", "detail", "code"), str), "remedy": [str]}
_SHAPE: dict[str, Any] = {
    **dict.fromkeys(("source", "target", "fromRegion", "toRegion", "madeAt"), str),
    "rows": [_ROW | {"accepted": bool}],
    "secrets": [{"child": str, "name": str, "from": str}],
    "steps": [{"title": str, "note": str, "noReturn": bool}],
    "observed": {str: str},
    "options": dict,
    "seconds": int,
}

Origin = Literal["file", "environment", "cluster", "missing", "waived", "surplus", "misnamed"]


class Fate(StrEnum):
    """What becomes of something in a move (`arm.md` 12.2)."""

    CARRIED = "carried"
    RESTORED = "restored"
    CHANGES = "changes"
    LOST = "lost"
    NOTED = "noted"
    """Forbids nothing and changes nothing; worth knowing, or not to be looked at"""
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing and its fate.

    `subject` names it with its number (`3 extensions`), `detail` says which ones, from what to
    what, or why. `code` is stable (`docs/reference/plan.md`). `remedy` is what to type or do.
    `accepted` marks a row that would block, had a person not let it pass.
    """

    subject: str
    fate: Fate
    detail: str = ""
    code: str = ""
    remedy: tuple[str, ...] = ()
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """Where one protected setting will come from; `child` is its key, `extensions/flux`.

    `surplus` and `misnamed` are given and not needed.
    """

    child: str
    name: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step in words for people; `no_return` marks the line after which nothing is taken back."""

    title: str
    note: str = ""
    no_return: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A move, before it is made.

    `observed` holds a digest of each thing looked at, so that a later plan can say what moved;
    `options` what was asked (`MoveRequest.to_document`). `made_at` is ISO 8601 in UTC, `seconds`
    the time it will probably take.
    """

    source: ClusterId
    target: ClusterId
    from_region: str
    to_region: str
    rows: tuple[Row, ...]
    secrets: tuple[SecretStatus, ...]
    steps: tuple[PlannedStep, ...]
    observed: Mapping[str, str]
    options: Body
    made_at: str
    seconds: int

    @property
    def blocking(self) -> tuple[Row, ...]:
        """The rows that forbid this move."""
        return tuple(row for row in self.having(Fate.BLOCKS) if not row.accepted)

    @property
    def accepted(self) -> tuple[Row, ...]:
        """The rows that would forbid it, and that a person let pass."""
        return tuple(row for row in self.rows if row.accepted)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole document, so that no word of a stored plan can be changed unseen."""
        return digest(self._unsealed())

    def having(self, fate: Fate) -> tuple[Row, ...]:
        """Return the rows with one fate, in order."""
        return tuple(row for row in self.rows if row.fate is fate)

    def to_document(self) -> Body:
        """Return it as plain JSON."""
        return {**self._unsealed(), _SEAL: self.fingerprint}

    def _unsealed(self) -> Body:
        return {
            "format": FORMAT,
            "source": self.source.path,
            "target": self.target.path,
            "fromRegion": self.from_region,
            "toRegion": self.to_region,
            "blocked": bool(self.blocking),
            "rows": [asdict(row) | {"remedy": list(row.remedy)} for row in self.rows],
            "secrets": [
                {"child": each.child, "name": each.name, "from": each.origin}
                for each in self.secrets
            ],
            "steps": [
                {"title": each.title, "note": each.note, "noReturn": each.no_return}
                for each in self.steps
            ],
            "observed": dict(self.observed),
            "options": self.options,
            "madeAt": self.made_at,
            "seconds": self.seconds,
        }

    @classmethod
    def from_document(cls, document: Any) -> Plan:
        """Read what `to_document` wrote.

        Raise UsageError: `plan-newer` for a later format, `plan-old` for an earlier one,
        `plan-damaged` for anything else that arcctl did not write, a plan whose fingerprint is
        not that of all it holds among it.
        """
        try:
            if _format_of(document) < _NUMBER:
                raise _old(document)
            plan = cls.recorded(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(f"{type(error).__name__}: {error}") from error
        written = {name: value for name, value in document.items() if name != _SEAL}
        if document.get(_SEAL) != plan.fingerprint or digest(written) != plan.fingerprint:
            raise damaged("its fingerprint is not that of what it holds")
        return plan

    @classmethod
    def recorded(cls, document: Any) -> Plan:
        """Read a plan that a run has kept, of this format or an earlier one.

        Its run's journal has the digest of the whole, so nobody has changed it. Raise UsageError
        `plan-newer` for a later format, ValueError for another shape.
        """
        _format_of(document)
        fits(document, _SHAPE)
        return cls(
            source=ClusterId.recorded(document["source"]),
            target=ClusterId.recorded(document["target"]),
            from_region=document["fromRegion"],
            to_region=document["toRegion"],
            rows=tuple(map(_row, document["rows"])),
            secrets=tuple(map(_secret, document["secrets"])),
            steps=tuple(map(_step, document["steps"])),
            observed=document["observed"],
            options=document["options"],
            made_at=document["madeAt"],
            seconds=document["seconds"],
        )


def digest(value: Any) -> str:
    """Return the SHA-256 of JSON in its canonical form: keys sorted, no blanks."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """Name what moved between two looks (`Plan.observed`): changed, new or gone, one sentence each.

    Subjects below another one, as `resource/tags.site`, are details of that one.
    """
    found = []
    for subject in sorted({*old, *new}):
        if subject.partition("/")[0] in {*old, *new} - {subject}:
            continue
        before, after = old.get(subject), new.get(subject)
        if before is None:
            found.append(f"{subject}: new")
        elif after is None:
            found.append(f"{subject}: gone")
        elif before != after:
            found.append(f"{subject}: changed")
    return tuple(found)


def _format_of(document: Any) -> int:
    """Return the number of its format; UsageError for a newer one, ValueError for no plan."""
    written = str(document.get("format", "")) if isinstance(document, dict) else ""
    number = written.removeprefix(_FAMILY)
    if not written.startswith(_FAMILY) or not number.isdecimal() or len(number) > _DIGITS:
        raise ValueError("it does not begin as a plan does")
    if int(number) > _NUMBER:
        raise UsageError(
            f"this plan has the format {written}",
            code="plan-newer",
            why=f"this version of arcctl reads {FORMAT}",
            hints=("make the plan anew", "or use the arcctl that wrote it"),
        )
    return int(number)


def _old(document: Any) -> UsageError:
    return UsageError(
        f"this plan has the format {document['format']}, which an older arcctl wrote",
        code="plan-old",
        why=f"this version carries out {FORMAT}, whose fingerprint covers the whole plan",
        hints=AGAIN,
    )


def damaged(why: str) -> UsageError:
    """Return the error for a plan that arcctl did not write so."""
    return UsageError(
        "this is not a plan that arcctl wrote, or it is damaged",
        code="plan-damaged",
        why=why,
        hints=AGAIN,
    )


def _row(each: Mapping[str, Any]) -> Row:
    return Row(
        subject=each["subject"],
        fate=Fate(each["fate"]),
        detail=each["detail"],
        code=each["code"],
        remedy=tuple(each["remedy"]),
        accepted=each["accepted"],
    )


def _secret(each: Mapping[str, Any]) -> SecretStatus:
    if each["from"] not in get_args(Origin):
        raise ValueError(f"a secret from {each['from']}")
    return SecretStatus(each["child"], each["name"], each["from"])


def _step(each: Mapping[str, Any]) -> PlannedStep:
    return PlannedStep(each["title"], each["note"], each["noReturn"])
