"""Whom programs trust inside the sandbox: its own authority, and everybody they trusted before.

REQUESTS_CA_BUNDLE and SSL_CERT_FILE name one file, and it replaces what a program would trust
otherwise. Without the person's own authorities in it, pip would no longer reach a package index
behind a proxy that a company has put in between.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMED_BY = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
# Where Debian's and Red Hat's families keep the machine's.
_MACHINE = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def bundle(own: str, environ: Mapping[str, str], *, leave_out: Path) -> str:
    """Return all certificates as PEM, each once; `leave_out` is a bundle that is being replaced."""
    import certifi

    texts = [own, certifi.contents(), *_files(environ, leave_out)]
    found = dict.fromkeys(pem for text in texts for pem in _PEM.findall(text))
    return "\n".join([*found, ""])


def _files(environ: Mapping[str, str], leave_out: Path) -> Iterator[str]:
    for name in dict.fromkeys([*(environ.get(each, "") for each in _NAMED_BY), *_MACHINE]):
        path = Path(name)
        if path.is_file() and path != leave_out:
            yield path.read_text(encoding="utf-8", errors="replace")
