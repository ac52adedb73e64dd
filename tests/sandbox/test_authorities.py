"""The sandbox's bundle of certificates takes nobody away whom the machine trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trustme
from arcctl.sandbox.authorities import bundle

if TYPE_CHECKING:
    from pathlib import Path


def authority() -> str:
    """A certificate authority's own certificate."""
    return trustme.CA().cert_pem.bytes().decode().strip()


def test_the_authorities_of_the_environment_stay_trusted(tmp_path: Path) -> None:
    """A proxy's authority that REQUESTS_CA_BUNDLE names is in the sandbox's bundle."""
    own, proxys = authority(), authority()
    named = tmp_path / "company.pem"
    named.write_text(f"# our proxy\n{proxys}\n")

    made = bundle(own, {"REQUESTS_CA_BUNDLE": str(named)}, leave_out=tmp_path / "bundle.pem")

    assert own in made
    assert proxys in made


def test_each_authority_is_there_once(tmp_path: Path) -> None:
    """What several files hold is written once, because every program reads all of it."""
    own = authority()
    named = tmp_path / "company.pem"
    named.write_text(own)

    made = bundle(own, {"SSL_CERT_FILE": str(named)}, leave_out=tmp_path / "bundle.pem")

    assert made.count(own) == 1
    assert made.count("BEGIN CERTIFICATE") > 50


def test_an_earlier_sandbox_is_not_trusted_for_ever(tmp_path: Path) -> None:
    """A shell that still names the bundle of an earlier sandbox does not carry its authority on."""
    old = authority()
    earlier = tmp_path / "bundle.pem"
    earlier.write_text(old)

    made = bundle(authority(), {"SSL_CERT_FILE": str(earlier)}, leave_out=earlier)

    assert old not in made
