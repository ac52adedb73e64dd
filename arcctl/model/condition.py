"""What can be waited for: a question that the resource answers, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import UsageError
from arcctl.model.connected_cluster import printed, provisioning, status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from arcctl.model.connected_cluster import Body

_FAILED = frozenset({"Failed", "Canceled"})


@dataclass(frozen=True, slots=True)
class Condition:
    """What is awaited: `word` says it, `met` tells it of a resource, None where there is none.

    A resource whose state is one of `hopeless` will never be so by itself. Unless it
    `may_be_missing`, a resource that is not there is a mistake and nothing to wait for.
    """

    word: str
    met: Callable[[Body | None], bool]
    hopeless: frozenset[str] = frozenset()
    may_be_missing: bool = False

    def given_up(self, resource: Body | None) -> str | None:
        """Return the state for which waiting on makes no sense, None where it does."""
        states = (provisioning(resource), status(resource)) if resource else ()
        return next((each for each in states if each in self.hopeless), None)


def _settled(resource: Body | None) -> bool:
    return resource is not None and provisioning(resource) == "Succeeded"


def _connected(resource: Body | None) -> bool:
    return resource is not None and status(resource) == "Connected"


def _gone(resource: Body | None) -> bool:
    return resource is None


# What az's other groups call `wait --created` and so on; `connected` is Arc's own.
CONDITIONS: Mapping[str, Condition] = {
    "created": Condition("created", _settled, _FAILED, may_be_missing=True),
    "connected": Condition("connected", _connected, _FAILED | {"Expired"}),
    "deleted": Condition("deleted", _gone, may_be_missing=True),
    "updated": Condition("updated", _settled, _FAILED),
}


def chosen(words: Collection[str], query: str | None) -> Condition:
    """Return the one condition that was asked for; raise UsageError for none or several."""
    if len(words) + (query is not None) != 1:
        raise UsageError(
            "wait for what?" if not words and query is None else "wait for one thing at a time",
            why=f"exactly one of {', '.join(f'--{each}' for each in CONDITIONS)}, --custom JMESPATH",
        )
    return _custom(query) if query is not None else CONDITIONS[next(iter(words))]


def _custom(query: str) -> Condition:
    """Ask a query of what `show` prints, as az does; true, or a value that is not empty."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    def read(question: Callable[[], object]) -> object:
        try:
            return question()
        except JMESPathError as error:
            why = str(error).splitlines()[0]
            raise UsageError(f"bad --custom: {query}", why=why) from error

    read(lambda: jmespath.compile(query))
    return Condition(
        query,
        lambda body: body is not None and bool(read(lambda: jmespath.search(query, printed(body)))),
        may_be_missing=True,
    )
