"""Whom arcctl trusts to vouch for a server: read in a thread, while the libraries load.

OpenSSL takes 20 ms to read the usual bundle, as long as ten requests, and lets others work
meanwhile.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from concurrent.futures import Future


def reading(environ: Mapping[str, str]) -> Future[ssl.SSLContext]:
    """Begin to read REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, or certifi's list into a TLS context.

    A bundle is read once per process; one that cannot be read raises OSError in the result.
    """
    bundle = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE") or ""
    path = Path(bundle)
    return _read(bundle, path.stat().st_mtime_ns if bundle and path.exists() else 0)


@functools.lru_cache(maxsize=4)
def _read(bundle: str, _changed: int) -> Future[ssl.SSLContext]:
    from concurrent.futures import Future
    from threading import Thread

    found: Future[ssl.SSLContext] = Future()

    def read() -> None:
        try:
            found.set_result(_context(bundle))
        except BaseException as error:  # noqa: BLE001 - it is raised where the context is needed
            found.set_exception(error)

    # No daemon: OpenSSL cleans up when the process ends, and must not be at work then.
    Thread(target=read, daemon=False).start()
    return found


def _context(bundle: str) -> ssl.SSLContext:
    import ssl

    if not bundle:
        import certifi

        bundle = certifi.where()
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)
