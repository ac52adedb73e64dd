"""Ask everything about one cluster, and change nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from arcctl.checks.check import Answer, asked, failed, noted, passed
from arcctl.checks.health.cluster import right_cluster
from arcctl.checks.health.questions import CATEGORIES, INSIDE
from arcctl.errors import FindingsError, UsageError
from arcctl.model.examination import Examination, Section
from arcctl.model.finding import Verdict
from arcctl.model.overall import ABSENT, UNSEEN, Inside, overall
from arcctl.model.ownership import Verdict as Evidence
from arcctl.operations import ownership, standing
from arcctl.operations.checking import meanwhile
from arcctl.operations.checking.before import before, unfinished_run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence

    from arcctl.checks.check import Check
    from arcctl.checks.health.sight import HealthSight
    from arcctl.model.finding import Finding
    from arcctl.operations.world import World

Told = TypeVar("Told")
# Categories that ask Azure; the others ask the cluster.
_AZURE = frozenset({"sign-in", "providers", "network"})
_RUN = "run"
_TOLD_BY_AZURE = frozenset({"no-heartbeat", "AZK8S0506", "identity-trusted"})
BEFORE = ("connect", "delete", "move", "upgrade")


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to ask: everything, some categories, or what a command asks before it begins.

    `patience` is how many seconds one question may take.
    """

    only: tuple[str, ...] = ()
    before: str = ""
    inside: bool = False
    watching: bool = False
    patience: float = 20
    target_region: str = ""

    def __post_init__(self) -> None:
        words = [category.word for category in CATEGORIES]
        if strange := [word for word in self.only if word not in words]:
            raise UsageError(f"there is no category {strange[0]}", why=f"one of {', '.join(words)}")
        if self.before and self.before not in BEFORE:
            raise UsageError(f"--before {self.before}?", why=f"one of {', '.join(BEFORE)}")
        if self.before and (self.only or self.inside):
            raise UsageError("--before has its own questions: leave --only and --inside out")
        if self.watching and (self.before or self.wants(INSIDE.word)):
            raise UsageError("--watch only looks: leave --before and the way from inside out")

    def wants(self, word: str) -> bool:
        """Whether a category is asked."""
        if word == INSIDE.word:
            return self.inside or word in self.only
        return not self.only or word in self.only


async def check(request: CheckRequest, sight: HealthSight, world: World) -> Examination:
    """Return all findings; no question holds up another, and none fails the others."""
    try:
        if request.before:
            return await _before(request, sight, world)
        return await everything(request, sight, world)
    finally:
        # What was too slow to be waited for is of no use to anybody any more.
        await sight.end()


async def watch(
    request: CheckRequest, sight: HealthSight, world: World, pause: float
) -> AsyncIterator[Examination]:
    """Yield what is found, and again whenever a verdict or the diagnosis is another; has no end."""
    seen: Examination | None = None
    while True:
        found = await check(request, sight, world)
        if seen is None or found.overall != seen.overall or found.changed_since(seen):
            seen = found
            yield found
        sight.forget()
        await asyncio.sleep(pause)


async def everything(request: CheckRequest, sight: HealthSight, world: World) -> Examination:
    """Ask all that is wanted of a sight that others may still look through."""
    wanted = [each for each in CATEGORIES if request.wants(each.word)]
    whole = asyncio.ensure_future(_whole(sight, request.patience))
    run = asyncio.ensure_future(unfinished_run(sight, request.patience))
    answers = await asyncio.gather(
        *(_answers(each.checks, sight, request.patience) for each in wanted)
    )
    sections = [
        Section(each.word, each.title, found) for each, found in zip(wanted, answers, strict=True)
    ]
    if request.wants(INSIDE.word):
        from arcctl.operations.checking.inside import from_inside

        found = await from_inside(world)
        sections = [replace(s, findings=found) if s.word == INSIDE.word else s for s in sections]
    status, inside = await whole
    if inside is Inside.FOREIGN:
        sections = [_of_another(section) for section in sections]
    elif unproved := await _copied(sight, request.patience):
        sections = [_of_a_copy(section, unproved) for section in sections]
    if unfinished := await run:
        sections = [Section(_RUN, "run of arcctl", unfinished), *sections]
    return _examined(sight, world, status, inside, sections)


def _examined(
    sight: HealthSight, world: World, status: str, inside: Inside, sections: list[Section]
) -> Examination:
    """Return the whole; while a run has the cluster it advises nothing that would be in its way."""
    holding = meanwhile.held_by(each for section in sections for each in section.findings)
    return Examination(
        cluster=sight.cluster,
        status="" if status in (ABSENT, UNSEEN) else status,
        overall=meanwhile.diagnosis(overall(status, inside), inside, holding),
        sections=_shown(meanwhile.as_held(sections), world),
    )


async def _copied(sight: HealthSight, patience: float) -> Finding | None:
    """Return what contradicts that this is the cluster, though its ConfigMap says so."""

    async def ask(_sight: HealthSight) -> Answer:
        resource = await sight.resource()
        if resource and await sight.onboarding():
            found = await ownership.look(sight, resource)
            error = standing.not_ours(sight, found)
            if found.verdict is Evidence.REFUSES:
                return failed(error)
            if found.verdict is Evidence.ASKS:
                return noted(". ".join((error.message, *error.why)), *error.hints)
        return passed()

    # What cannot be asked is told by the questions about it.
    told = await asked(replace(right_cluster, ask=ask), sight, patience)
    return told if told.verdict in (Verdict.FAIL, Verdict.WARN) else None


def _of_a_copy(section: Section, unproved: Finding) -> Section:
    """Say that it may be a copy, and leave out advice that would be refused there."""
    found = [
        unproved if each.code == unproved.code and each.verdict is Verdict.PASS else each
        for each in section.findings
    ]
    return _without(replace(section, findings=tuple(found)), ("arcctl connect", "arcctl delete"))


def _without(section: Section, refused: tuple[str, ...]) -> Section:
    return replace(
        section,
        findings=tuple(
            each
            if each.code == right_cluster.code
            else replace(each, remedy=tuple(e for e in each.remedy if not e.startswith(refused)))
            for each in section.findings
        ),
    )


def _shown(sections: Iterable[Section], world: World) -> tuple[Section, ...]:
    """Each trouble once, and each remedy so that it goes to the cluster that was examined."""
    along = world.clients.settings.way.along
    return tuple(
        replace(
            section,
            findings=tuple(
                replace(each, remedy=tuple(map(along, each.remedy))) for each in section.findings
            ),
        )
        for section in _once(sections)
    )


def _of_another(section: Section) -> Section:
    """What is wrong in another cluster is not this one's, and its remedies would do harm there."""
    if section.word not in ("agents", "identity"):
        return section
    reason = "the kubeconfig leads to another cluster"
    findings = tuple(
        each
        if each.verdict is Verdict.PASS or each.code in _TOLD_BY_AZURE
        else replace(each, verdict=Verdict.SKIP, detail=reason, remedy=(), error=None)
        for each in section.findings
    )
    return replace(section, findings=findings)


async def _before(request: CheckRequest, sight: HealthSight, world: World) -> Examination:
    whole = asyncio.ensure_future(_whole(sight, request.patience))
    findings = await before(request, sight, world)
    status, inside = await whole
    asked = Section("before", f"before {request.before}", findings)
    return replace(_examined(sight, world, status, inside, [asked]), before=request.before)


async def _answers(
    checks: Sequence[Check], sight: HealthSight, patience: float
) -> tuple[Finding, ...]:
    return tuple(await asyncio.gather(*(asked(each, sight, patience) for each in checks)))


async def _whole(sight: HealthSight, patience: float) -> tuple[str, Inside]:
    """How Azure and the cluster look; whoever does not answer in time is unseen."""
    status, inside = await asyncio.gather(
        _in_time(sight.status(), patience),
        _in_time(sight.inside(), patience),
        return_exceptions=True,
    )
    return (
        UNSEEN if isinstance(status, BaseException) else status,
        Inside.UNSEEN if isinstance(inside, BaseException) else inside,
    )


async def _in_time(question: Coroutine[Any, Any, Told], patience: float) -> Told:
    async with asyncio.timeout(patience):
        return await question


def _once(sections: Iterable[Section]) -> Iterable[Section]:
    """Let one error be one failure: whoever fails for the same reason was not asked at all."""
    seen: set[tuple[str, str, bool]] = set()
    for section in sections:
        findings = []
        for each in section.findings:
            error = each.error
            reason = (error.code, error.message, section.word in _AZURE) if error else None
            if reason in seen and each.verdict is Verdict.FAIL:
                findings.append(replace(each, verdict=Verdict.SKIP, remedy=(), error=None))
            else:
                findings.append(each)
            if reason and each.verdict is Verdict.FAIL:
                seen.add(reason)
        yield replace(section, findings=tuple(findings))


def require_well(examination: Examination, *, warnings: bool, told: bool = False) -> None:
    """Raise FindingsError where a question failed, or with `warnings` left a note.

    Where a person has been `told` everything already, the error does not say it once more.
    """
    bad = examination.bad(warnings=warnings)
    if not bad:
        return
    count = f"{len(bad)} question{'' if len(bad) == 1 else 's'}"
    raise FindingsError(
        f"{examination.cluster.name}: {count} found something wrong",
        code=bad[0].code,
        why=() if told else tuple(f"{each.detail}  [{each.code}]" for each in bad[:5]),
        hints=() if told else _first_steps(bad),
    )


def _first_steps(bad: Sequence[Finding]) -> tuple[str, ...]:
    if holding := meanwhile.held_by(bad):
        return holding.remedy
    return tuple(dict.fromkeys(step for each in bad[:3] for step in each.remedy[:1]))
