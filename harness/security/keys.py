"""Private keys in files, and keys that stay in a vault and are asked through a command."""

from __future__ import annotations

import base64
import binascii
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from harness.errors import ConfigurationError, EnvironmentFault
from harness.security.certificates import PublicKey, read_bytes

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
SignFunction = Callable[[bytes], bytes]
COMMAND_SECONDS = 30
_PADDING, _DIGEST = padding.PKCS1v15(), hashes.SHA256()
_ECDSA = ec.ECDSA(_DIGEST)


def load_private_key(path: Path) -> PrivateKey:
    """Read an RSA or EC private key from PEM; raises ConfigurationError, which never quotes the file."""
    data = read_bytes(path, "private key")
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError as error:
        raise ConfigurationError(
            "the private key is encrypted",
            where=str(path),
            mend="Decrypt it into a file that only you can read, or use --sign-command.",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError("holds no private key in PEM text", where=str(path)) from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ConfigurationError("holds a key that is neither RSA nor EC", where=str(path))
    return key


def is_valid(public_key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Say whether ``signature`` is RSA PKCS#1 v1.5 or ECDSA (DER) with SHA-256 over ``data``."""
    try:
        if isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(signature, data, _PADDING, _DIGEST)
        else:
            public_key.verify(signature, data, _ECDSA)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def sign_with(key: PrivateKey) -> SignFunction:
    """Return the signing function of a key held in memory."""
    if isinstance(key, rsa.RSAPrivateKey):
        rsa_key = key
        return lambda data: rsa_key.sign(data, _PADDING, _DIGEST)
    ec_key = key
    return lambda data: ec_key.sign(data, _ECDSA)


def sign_through(command: Sequence[str], public_key: PublicKey) -> SignFunction:
    """Return a signing function that asks a command: string-to-sign on stdin, signature on stdout.

    The command answers with the raw signature or with base64, e.g. ``openssl dgst -sha256 -sign KEY``.
    What it answers is verified before use: a wrong key or padding raises ConfigurationError, a command
    that fails or takes over 30 seconds raises EnvironmentFault.
    """
    program = command[0] if command else ""

    def sign(data: bytes) -> bytes:
        try:
            done = subprocess.run(
                command, input=data, capture_output=True, timeout=COMMAND_SECONDS, check=False
            )
        except FileNotFoundError as error:
            raise ConfigurationError("the sign command was not found", where=program) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EnvironmentFault(f"the sign command gave no signature: {error}", where=program) from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()[:500]
            raise EnvironmentFault(f"the sign command ended with {done.returncode}: {said}", where=program)
        for signature in _readings(done.stdout):
            if is_valid(public_key, signature, data):
                return signature
        raise ConfigurationError(
            "the sign command's answer does not verify with the certificate",
            where=program,
            mend="It must sign stdin with the certificate's key: PKCS#1 v1.5 (RSA), SHA-256, raw or base64.",
        )

    return sign


def _readings(answer: bytes) -> list[bytes]:
    try:
        return [answer, base64.b64decode(b"".join(answer.split()), validate=True)]
    except (binascii.Error, ValueError):
        return [answer]
