#!/usr/bin/env python3
"""Are the secrets of an installation where they must not be?

    secrets.py KEK ROWS files FILE...      every number of every key, the keys of rows and contexts, in every usual writing
    secrets.py KEK ROWS memory SERVER      the process that serves, and its one child, which must have them

KEK is the file of the key-encryption key. ROWS is attestd.sqlite, or lines of "kind id body-in-hex" from another store. Ends with 1
when a secret is found, or when something is not found that is there: who finds nothing must be known to look. What opens the seals
is Python's own cryptography: nothing of ours vouches for itself.
"""
import base64
import hashlib
import json
import os
import sqlite3
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIDDLE = 24  # bytes: whatever moves a number moves these
MAPPING_MAX = 1 << 28  # shadows of sanitizers are larger


def rows_of(path):
    if open(path, "rb").read(6) == b"SQLite":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            return [(k, i, b.encode()) for k, i, b in db.execute("SELECT kind, id, body FROM documents")]
    with open(path) as lines:
        return [(k, i, bytes.fromhex(b)) for k, i, b in (line.split() for line in lines if line.strip())]


def b64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unseal(key, label, sealed):
    assert sealed[0] == 1
    return AESGCM(key).decrypt(sealed[1:13], sealed[13:], sealed[:1] + label.encode())


def whole(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def numbers_of(pkcs8):
    key = serialization.load_der_private_key(pkcs8, None)
    n = key.private_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"d": n.d, "p": n.p, "q": n.q, "dp": n.dmp1, "dq": n.dmq1, "qi": n.iqmp}
    return {"d": n.private_value}


def secrets_of(kek, rows):
    """{name: bytes}, and the same of what the server holds itself."""
    keys, own = {"the key-encryption key": kek}, {}
    for kind, _, body in rows:
        if kind == "signing-key":
            row = json.loads(body)
            name = f"{row['purpose']} {row['alg']} {row['kid'][:8]}"
            pkcs8 = unseal(kek, f"signing-key:{row['purpose']}:{row['kid']}", b64url(row["sealed"]))
            keys.update({f"{name} {n}": whole(v) for n, v in numbers_of(pkcs8).items()})
            if row["alg"] == "RS256":  # of an elliptic one the middle is the public half
                keys[f"{name} PKCS#8"] = pkcs8
        elif kind == "sealing-key":
            own["the key of rows"] = unseal(kek, "shared:rows", b64url(json.loads(body)["sealed"]))
    own["the key of contexts"] = HKDF(hashes.SHA256(), 32, None, b"attestd context key v1").derive(kek)
    return keys, own


def middle(b):
    return b if len(b) <= MIDDLE else b[(len(b) - MIDDLE) // 2 :][:MIDDLE]


def forms(b):
    """A secret as bytes, as the machine holds numbers, and as people write it."""
    part = middle(b)
    yield "bytes", part
    yield "bytes, turned", part[::-1]
    yield "hexadecimal", part.hex().encode()
    yield "HEXADECIMAL", part.hex().upper().encode()
    for pad in range(3):  # where in a text of base64 it may begin; the ends depend on neighbours
        text = base64.b64encode(b"\0" * pad + part)[4:-4]
        yield "base64", text
        yield "base64url", text.replace(b"+", b"-").replace(b"/", b"_")
    number = str(int.from_bytes(b, "big")).encode()
    yield "decimal", number[: max(40, len(number) // 2)]


def found_in(data, secrets, raw_only=False):
    for name, b in secrets.items():
        for form, needle in forms(b):
            if (not raw_only or form.startswith("bytes")) and needle in data:
                yield name, form


def found_in_memory(data, keys):
    """Numbers as machines hold them; of what is a text somewhere, the text."""
    yield from found_in(data, keys, raw_only=True)
    texts = ("the key-encryption key",)
    yield from found_in(data, {name: b for name, b in keys.items() if name in texts})


def memory_of(pid):
    out = bytearray()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, mode = line.split()[:2]
            start, end = (int(x, 16) for x in span.split("-"))
            if mode[0] != "r" or end - start > MAPPING_MAX or "[v" in line:
                continue
            try:
                mem.seek(start)
                while start < end:
                    got = mem.read(min(end - start, 1 << 24))
                    if not got:
                        break
                    out += got
                    start += len(got)
            except OSError:  # a page that is not there
                continue
    return bytes(out)


def look_in_files(keys, own, paths):
    bad = 0
    for path in paths:
        with open(path, "rb") as f:
            data = f.read()
        # A dump of PostgreSQL writes bytes as hexadecimal: what is written inside of them is looked for, too.
        data += b"".join(decoded(data))
        for name, form in found_in(data, {**keys, **own}):
            print(f"{path}: {name}, as {form}", file=sys.stderr)
            bad = 1
    return bad


def decoded(data):
    for word in data.replace(b"\\\\x", b"\n\\x").split():
        if word.startswith(b"\\x"):
            try:
                yield bytes.fromhex(word[2:].decode()) + b"\n"
            except ValueError:
                continue


def look_in_memory(keys, server):
    with open(f"/proc/{server}/task/{server}/children") as f:
        children = f.read().split()
    if len(children) != 1:
        print(f"{len(children)} children, wanted the signer alone", file=sys.stderr)
        return 1
    bad = 0
    serves, signs = memory_of(server), memory_of(children[0])
    for name, form in found_in_memory(serves, keys):
        print(f"in the process that serves: {name}, as {form}", file=sys.stderr)
        bad = 1
    there = {name for name, _ in found_in(signs, keys, raw_only=True)}
    for name in keys:  # what is only written down is wiped after it was read
        if not name.endswith("PKCS#8") and name not in there:
            print(f"not in the signer, so this does not see: {name}", file=sys.stderr)
            bad = 1
    return bad


def main():
    kek = bytes.fromhex(open(sys.argv[1]).read().strip())
    keys, own = secrets_of(kek, rows_of(sys.argv[2]))
    kinds = {name.split()[0] for name in keys}
    if not {"attestation", "authority"} <= kinds or not any(k.startswith("aik-authority") for k in kinds):
        print(f"keys of {sorted(kinds)} alone: too few to look for", file=sys.stderr)
        return 1
    if "the key of rows" not in own:
        print("no key of rows", file=sys.stderr)
        return 1
    # Each writing is found where it is: a hunt that cannot find is none.
    for name, b in {**keys, **own}.items():
        for form, needle in forms(b):
            if (name, form) not in set(found_in(b"x" + needle + b"y", {name: b})):
                print(f"blind for {name} as {form}", file=sys.stderr)
                return 1
    print(f"{len(keys) + len(own)} secrets, {hashlib.sha256(kek).hexdigest()[:8]}")
    if sys.argv[3] == "memory":
        if os.geteuid() != 0:
            print("not looked: only root may look into the signer")
            return 0
        return look_in_memory(keys, sys.argv[4])
    return look_in_files(keys, own, sys.argv[4:])


if __name__ == "__main__":
    sys.exit(main())
