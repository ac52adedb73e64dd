"""What can be run on arcctl: `nox -l` is the menu, plain `nox` is what a change must pass."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True

DEFAULT = ("lint", "types", "architecture", "tests")
HERE = Path(__file__).parent
GROUPS = nox.project.dependency_groups(
    nox.project.load_toml("pyproject.toml"), "lint", "types", "test", "sdks"
)


@nox.session(default=False)
def environment(session: nox.Session) -> None:
    """Install arcctl with everything the other sessions need; they all share it."""
    session.install("-q", "-e", ".[sandbox]", *GROUPS)


def shared(session: nox.Session, program: str, *arguments: str) -> None:
    """Run a program of the shared environment."""
    session.run(str(HERE / ".nox" / "environment" / "bin" / program), *arguments, external=True)


@nox.session(venv_backend="none", requires=["environment"])
def lint(session: nox.Session) -> None:
    """Ruff's rules and formatting, and imports that point one way."""
    shared(session, "ruff", "check")
    shared(session, "ruff", "format", "--check")
    shared(session, "lint-imports")


@nox.session(venv_backend="none", requires=["environment"])
def types(session: nox.Session) -> None:
    """Run mypy, strict."""
    shared(session, "mypy")


@nox.session(venv_backend="none", requires=["environment"])
def architecture(session: nox.Session) -> None:
    """Sizes, names, quick start-up, and pages in step with the code."""
    shared(session, "pytest", "tests/architecture", *session.posargs)


@nox.session(venv_backend="none", requires=["environment"])
def tests(session: nox.Session) -> None:
    """Every story and rule, on the sandbox, with a real helm 3 and helm 4."""
    rest = session.posargs or ["tests", "--ignore=tests/architecture"]
    shared(session, "pytest", "-n", "auto", "--durations=10", *rest)


@nox.session(venv_backend="none", requires=["environment"], default=False)
def matrix(session: nox.Session) -> None:
    """Cut every verb that changes something at every request, go on, and compare worlds.

    `-- --part 1/4 --seed TEXT` plays one of four parts, as the seed deals them; so do `chaos` and
    `cluster`.
    """
    shared(session, "pytest", "-m", "matrix", "-n", "auto", "--durations=10", *session.posargs)


@nox.session(venv_backend="none", requires=["environment"], default=False)
def chaos(session: nox.Session) -> None:
    """Play 200 seeds of bad days: faults on both wires, signals, other writers."""
    shared(session, "python", "-m", "tests.chaos", *session.posargs)


@nox.session(venv_backend="none", requires=["environment"], default=False)
def cluster(session: nox.Session) -> None:
    """Run the main stories on a real control plane, built here the first time (about 9 min)."""
    shared(session, "python", "-m", "tests.cluster.build")
    shared(session, "pytest", "-m", "cluster", "--durations=10", *session.posargs)


@nox.session(venv_backend="none", default=False)
def everything(session: nox.Session) -> None:
    """Run all of it whole: lint, types, architecture, tests, matrix, chaos, cluster."""
    for each in (*DEFAULT, "matrix", "chaos", "cluster"):
        session.notify(each, posargs=())


@nox.session(venv_backend="none", requires=["environment"], default=False)
def bench(session: nox.Session) -> None:
    """Print the table of speeds and sizes, measured side by side."""
    shared(session, "python", "-m", "tests.cluster.build")
    shared(session, "python", "-m", "tests.benchmarks", *session.posargs)
