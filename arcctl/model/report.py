"""What a move says at its end: the proof that nothing was lost, or the list of what was.

Stored as `arcctl.report/1`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from arcctl.model.resource_id import ClusterId

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "arcctl.report/1"
_LISTS = (
    "carried",
    "restored",
    "differences",
    "left",
    "lost",
    "accepted",
    "waived",
    "files",
    "reminders",
)
_LET_GO, _NOT_LOOKED, _LATE = "letGo", "notLookedAt", "carriedLate"
_LAST_LOOK = "lastLook"


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that is another now, as was to be expected."""

    subject: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Report:
    """`carried` names what was found again in the target, `differences` what was not, or not as
    it was; `left` what a person has to do, as commands where there is one; `lost` what the plan had
    named as lost, or a person has let pass; `files` what a Terraform or Bicep file of
    the cluster must say from now on, as snippets; `let_go` the children that a person has let go
    when the target refused them. `unmanaged` is the seconds from the moment the agents were quieted
    until the new ones had spoken to Azure. `made_at` is ISO 8601 in UTC, `who` the one who brought
    the run to its end, `steps` the seconds that each step took.
    """

    run: str
    source: ClusterId
    target: ClusterId
    from_region: str
    to_region: str
    carried: tuple[str, ...]
    changed: tuple[Changed, ...]
    differences: tuple[str, ...]
    left: tuple[str, ...]
    lost: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    unmanaged: float = 0.0
    let_go: tuple[str, ...] = ()
    made_at: str = ""
    who: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[tuple[str, float], ...] = ()
    not_looked: tuple[str, ...] = ()
    """What nobody could look at, so that the report says nothing of it"""
    reminders: tuple[str, ...] = ()
    """What the plan has noted for a person to do by hand; no difference"""
    restored: tuple[str, ...] = ()
    """What hung on the resource, was put back, and was found again as it was"""
    late: tuple[str, ...] = ()
    """What others have written after the plan was made, and the move has taken along"""
    last_look: str = ""
    """Until when the source was looked at while Azure deleted it, as a sentence"""
    back: bool = False
    """Whether this is the way back: `target` is where the cluster came from"""
    cleared: bool = False
    """Whether the cluster no longer keeps anything of the run, since a person has closed it"""

    @property
    def clean(self) -> bool:
        """Whether all that was looked at was found again, and nothing is left to do."""
        return not (self.differences or self.left or self.let_go)

    @property
    def kept(self) -> str:
        """What the run leaves in the cluster, and the command that removes it; "" where nothing is left."""
        if self.clean or self.cleared:
            return ""
        return (
            "Secrets of namespace arcctl keep what the run has saved, a private key of the agents "
            f"among it, until you type: arcctl history {self.run} --close"
        )

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        return {
            "format": FORMAT,
            "run": self.run,
            "source": self.source.path,
            "target": self.target.path,
            "fromRegion": self.from_region,
            "toRegion": self.to_region,
            "back": self.back,
            "clean": self.clean,
            "unmanagedSeconds": self.unmanaged,
            "keptInCluster": self.kept,
            "changed": [asdict(each) for each in self.changed],
            **lists,
            _LET_GO: list(self.let_go),
            _NOT_LOOKED: list(self.not_looked),
            _LATE: list(self.late),
            _LAST_LOOK: self.last_look,
            "madeAt": self.made_at,
            "who": self.who,
            "versions": dict(self.versions),
            "steps": [{"step": step, "seconds": seconds} for step, seconds in self.steps],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Report:
        """Read what `to_document` wrote, in this version or an earlier one."""
        return cls(
            run=document["run"],
            source=ClusterId.parse(document["source"]),
            target=ClusterId.parse(document["target"]),
            from_region=document["fromRegion"],
            to_region=document["toRegion"],
            unmanaged=document["unmanagedSeconds"],
            back=document.get("back", False),
            changed=tuple(Changed(**each) for each in document["changed"]),
            **_lists(document),
            let_go=tuple(document.get(_LET_GO, ())),
            not_looked=tuple(document.get(_NOT_LOOKED, ())),
            late=tuple(document.get(_LATE, ())),
            last_look=document.get(_LAST_LOOK, ""),
            made_at=document.get("madeAt", ""),
            who=document.get("who", ""),
            versions=document.get("versions", {}),
            steps=tuple((each["step"], each["seconds"]) for each in document.get("steps", ())),
        )


def _lists(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(document.get(name, ())) for name in _LISTS}
