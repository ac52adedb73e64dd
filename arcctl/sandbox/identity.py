"""The certificates that the agents fetch (`arc.md` B2, `connectedk8s.md` C.3)."""

from __future__ import annotations

import base64
import datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = datetime.timedelta(days=90)
# From day 46 on the agents try to renew.
RENEWAL = datetime.timedelta(days=44)


def secret(name: str, subject: str, owner: str, now: datetime.datetime) -> dict[str, Any]:
    """Make the Secret that holds a new certificate for `subject`, whose principal is `owner`."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, subject[:64])]
    if owner:
        names.append(x509.NameAttribute(NameOID.USER_ID, owner))
    whose = x509.Name(names)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "azure-arc"},
        "type": "kubernetes.io/tls",
        "data": {
            "tls.crt": base64.b64encode(public).decode(),
            "tls.key": base64.b64encode(private).decode(),
        },
    }


def expiry(holder: dict[str, Any] | None) -> datetime.datetime | None:
    """Return when the certificate in a Secret ends, or None where it holds no readable one."""
    return _read(_content(holder))[0]


def principal(holder: dict[str, Any] | None) -> str:
    """Return whose certificate a Secret holds; each resource in Azure has a principal of its own."""
    return _read(_content(holder))[1]


@lru_cache(maxsize=64)
def _read(encoded: str) -> tuple[datetime.datetime | None, str]:
    try:
        found = x509.load_pem_x509_certificate(base64.b64decode(encoded))
    except ValueError:
        return None, ""
    owners = found.subject.get_attributes_for_oid(NameOID.USER_ID)
    return found.not_valid_after_utc, str(owners[0].value) if owners else ""


def _content(holder: dict[str, Any] | None) -> str:
    return str(((holder or {}).get("data") or {}).get("tls.crt", ""))
