"""What `--verbose` and `--debug` show: the log, on stderr, without secrets."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from arcctl.model.scrub import scrubbed, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.settings import Settings


class Scrubbing(logging.Formatter):
    """Formats a record, exception included, and takes the secrets out of the whole."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s  %(name)s  %(message)s", "%H:%M:%S")
        self._known = known

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record), self._known)


@contextmanager
def shown(settings: Settings, err: TextIO) -> Iterator[None]:
    """Write arcctl's log to `err` while a command runs; with `--debug`, that of sign-in too."""
    flags = settings.flags
    if flags.only_show_errors or not (flags.verbose or flags.debug):
        yield
        return
    handler = logging.StreamHandler(err)
    handler.setFormatter(Scrubbing(secrets_of(settings.environ)))
    levels = {"arcctl": logging.DEBUG}
    if flags.debug:
        levels["azure.identity"] = logging.INFO
    for name, level in levels.items():
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(level)
    try:
        yield
    finally:
        for name in levels:
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(logging.NOTSET)
