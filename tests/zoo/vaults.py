"""Keys in a vault: programs that sign, and that open TLS connections, with a key that nothing else reads."""

from __future__ import annotations

import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from harness.security.keys import load_private_key
from tests.zoo.keeping import Nest

_CONNECT = """\
import os, socket, ssl, sys, threading
host, port, cert, key, ca = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(cert, key)
line = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
def up():
    while part := os.read(0, 65536):
        line.sendall(part)
threading.Thread(target=up, daemon=True).start()
while part := line.recv(65536):
    os.write(1, part)
"""
"""As `openssl s_client -quiet` does it."""


def signing_vault(nest: Nest) -> None:
    """Let the signing key live in a vault: a program that starts in no time and knows nothing else."""
    key = load_private_key(Path(str(nest.tables["signing"].pop("key"))))
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers, script = key.private_numbers(), nest.folder / "sign.py"
    script.write_text(
        "import hashlib, sys\n"
        f"n, d = {numbers.public_numbers.n}, {numbers.d}\n"
        "kind = bytes.fromhex('3031300d060960864801650304020105000420')\n"
        "end = kind + hashlib.sha256(sys.stdin.buffer.read()).digest()\n"
        "size = (n.bit_length() + 7) // 8\n"
        "padded = b'\\0\\1' + b'\\xff' * (size - len(end) - 3) + b'\\0' + end\n"
        "sys.stdout.buffer.write(pow(int.from_bytes(padded, 'big'), d, n).to_bytes(size, 'big'))\n",
        encoding="utf-8",
    )
    nest.tables["signing"]["sign_command"] = [sys.executable, "-I", "-S", str(script)]


def tls_vault(nest: Nest) -> None:
    """Let a program open TLS connections in place of a key file."""
    own, script = nest.tables["tls"], nest.folder / "connect.py"
    script.write_text(_CONNECT, encoding="utf-8")
    words = [sys.executable, "-I", "-S", str(script), "{host}", "{port}", str(own["cert"])]
    own["connect_command"] = [*words, str(own.pop("key")), str(nest.certs.authority.ca_bundle)]
