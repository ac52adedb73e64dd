"""A verb keeps its name in every layer: command, operation, tests, page (design 3)."""

from __future__ import annotations

from tests.architecture.source import ROOT
from tests.architecture.typed_commands import callbacks

# The sandbox is a room of its own, not an operation on a cluster.
NO_OPERATION = {"sandbox"}
# Two verbs that look at the same thing share a module; `list` would shadow a builtin besides.
SHARED = {"show": "inventory", "list": "inventory"}
# Two that do and undo the same thing share their stories too.
PAIRS = {"enable-features": "features", "disable-features": "features"}


def places(verb: str) -> list[str]:
    """Where a reader would look for it."""
    name = PAIRS.get(verb, verb.replace("-", "_"))
    module = SHARED.get(verb, name)
    found = [f"arcctl/commands/{module}.py", f"docs/commands/{verb}.md"]
    if verb in NO_OPERATION:
        return [*found, f"tests/{name}"]
    return [*found, f"arcctl/operations/{module}.py", f"tests/stories/test_{name}.py"]


def exists(place: str) -> bool:
    """Whether it is there, as a file or as a package of that name."""
    return (ROOT / place).exists() or (ROOT / place.removesuffix(".py")).is_dir()


def test_a_verb_keeps_its_name() -> None:
    """Whoever knows the verb finds its command, its operation, its tests and its page."""
    verbs = sorted({words.partition(" ")[0] for words in callbacks()})

    assert verbs
    assert [place for verb in verbs for place in places(verb) if not exists(place)] == []
