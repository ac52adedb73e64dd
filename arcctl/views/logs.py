"""What `--verbose` and `--debug` show: the log, on stderr, without secrets."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from arcctl.model import mask
from arcctl.model.readable import readable
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.settings import Settings
    from arcctl.views.shown import Stream


class Scrubbing(logging.Formatter):
    """Formats a record, exception included, and takes the secrets out of the whole."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s  %(name)s  %(message)s", "%H:%M:%S")
        self._mask = mask.current()

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(readable(self._mask.text(super().format(record))))


@contextmanager
def shown(settings: Settings, err: Stream) -> Iterator[None]:
    """Write arcctl's log to `err` while a command runs; with `--debug`, that of sign-in too."""
    flags = settings.flags
    if flags.only_show_errors or not (flags.verbose or flags.debug):
        yield
        return
    handler: logging.Handler = logging.StreamHandler(err)
    handler.setFormatter(Scrubbing())
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
