"""Every error says what happened, and what a process can tell from it."""

from __future__ import annotations

import inspect

import pytest
from arcctl import errors
from arcctl.errors import ArcctlError, AzureError, ClusterError, ExitCode, UsageError

FAMILY = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, ArcctlError) and each is not ArcctlError
]


@pytest.mark.parametrize("kind", FAMILY)
def test_each_has_a_message_a_code_and_an_exit_code(kind: type[ArcctlError]) -> None:
    """Whatever was not said has a default."""
    error = kind("it broke")

    assert (str(error), error.message) == ("it broke", "it broke")
    assert error.code == kind.default_code
    assert error.exit_code in set(ExitCode) - {ExitCode.DONE}
    assert (error.why, error.hints) == ((), ())


def test_default_codes_tell_the_kinds_apart() -> None:
    """No two kinds share one."""
    codes = [kind.default_code for kind in FAMILY]

    assert len(set(codes)) == len(codes)


def test_the_drawing_is_complete() -> None:
    """The tree in the module's docstring names every kind with its exit code."""
    drawn = errors.__doc__ or ""
    lines = {line.split()[1]: line.split()[2] for line in drawn.splitlines() if "── " in line}

    assert lines == {kind.__name__: str(int(kind.exit_code)) for kind in FAMILY}


def test_one_line_may_be_given_as_a_word() -> None:
    """A single reason or hint needs no tuple."""
    error = UsageError("bad", why="because", hints="arcctl --help")

    assert (error.why, error.hints) == (("because",), ("arcctl --help",))


def test_azures_own_code_is_the_code_where_no_other_is_given() -> None:
    """Support and search engines know it."""
    assert AzureError("no", azure_code="LinkedAuthorizationFailed").code == (
        "LinkedAuthorizationFailed"
    )
    assert AzureError("no", azure_code="x", code="AZK8S0400").code == "AZK8S0400"
    assert AzureError("no", status=409, correlation_id="c").status == 409
    assert ClusterError("no", status=403).status == 403
