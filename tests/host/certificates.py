"""Certificates for tests: an authority, and a server's of its making."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files.

    :param authority: for whoever is to trust.
    :param server: key and certificate.
    """

    authority: Path
    server: Path


def certify(folder: Path, *names: str) -> Certificates:
    """Write certificates for a server of these names. An authority apart: strict clients take no other."""
    now = datetime.datetime.now(datetime.UTC)
    until = now + datetime.timedelta(hours=1)
    maker, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in ("tests", names[0]))
    authority = (
        x509.CertificateBuilder(issuer, issuer, maker.public_key(), 1, now, until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(maker, hashes.SHA256())
    )
    server = (
        x509.CertificateBuilder(issuer, subject, own.public_key(), 2, now, until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .sign(maker, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificates = Certificates(folder / "authority.pem", folder / "server.pem")
    certificates.authority.write_bytes(authority.public_bytes(pem))
    certificates.server.write_bytes(key + server.public_bytes(pem))
    return certificates
