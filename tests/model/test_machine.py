"""What this machine refuses is said in words that tell what to do."""

from __future__ import annotations

import errno
import os

import pytest
from arcctl.model import machine


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (errno.ENOSPC, "disk-full", "no space is left"),
        (errno.EDQUOT, "disk-full", "quota"),
        (errno.EFBIG, "disk-full", "as large as it must"),
        (errno.EMFILE, "open-files", "may not open any more files"),
        (errno.ENFILE, "open-files", "no more files to open"),
        (errno.ENOENT, "os", "there is no such file"),
        (errno.EACCES, "os", "this user may not use it"),
        (errno.EROFS, "os", "can only be read"),
        (errno.ENOEXEC, "os", "no program for this machine"),
        (errno.ENOTDIR, "os", "a file stands where a folder must be"),
    ],
)
def test_each_has_words_and_a_next_step(number: int, code: str, said: str) -> None:
    """The system's own words come after them."""
    error = machine.explained(OSError(number, os.strerror(number), "/place"))

    assert (error.code, said in error.message) == (code, True)
    assert error.why == (os.strerror(number),)
    assert error.hints


def test_what_nobody_foresaw_is_said_as_it_is() -> None:
    """With its file, where it has one."""
    error = machine.explained(OSError(errno.ELOOP, "Too many levels of symbolic links", "/x"))

    assert (error.message, error.code) == ("this machine could not do it: /x", "os")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Error: write /x/y: no space left on device", "disk-full"),
        ("fork/exec /x: too many open files", "open-files"),
        ("Error: mkdir /x/y: permission denied", "os"),
        ("Error: open /x/y: no such file or directory", "os"),
    ],
)
def test_other_programs_are_understood(text: str, code: str) -> None:
    """Go says it in words of its own."""
    found = machine.heard(text)

    assert found
    assert found.code == code


@pytest.mark.parametrize(
    "text", ["", "release: not found", "permission denied", "connection reset"]
)
def test_what_a_network_says_is_none_of_it(text: str) -> None:
    """Those words belong to whoever was asked."""
    assert machine.heard(text) is None


def test_it_is_found_beneath_a_librarys_error() -> None:
    """A connection that could not be opened for want of files is not an unreachable host."""
    inner = OSError(errno.EMFILE, "Too many open files")
    outer = ConnectionError("Failed to establish a new connection", inner)

    assert machine.beneath(outer) is inner
    assert machine.beneath(ConnectionRefusedError(errno.ECONNREFUSED, "refused")) is None
