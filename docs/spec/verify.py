#!/usr/bin/env python3
"""Checks an anchor, a proof or a report of Refold by itself. It needs nothing but Python.

    python3 verify.py FOLDER [--key RW…]

It is written from docs/spec/anchor.md and docs/spec/report.md, and shares no code with Refold, so that whoever trusts neither can read both.
--key: the public key of minisign that must have signed it, as minisign prints it.
Ends with 0 when everything holds, with 1 when something does not, with 2 when it was called wrongly.
"""

import base64
import csv
import hashlib
import json
import os
import struct
import sys


class Broken(Exception):
    """A file, and what is wrong with it."""


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\x01" + left + right)


def must(condition, name, reason):
    if not condition:
        raise Broken(f"{name}: {reason}")


# The signature: Ed25519 (RFC 8032), straight from its equations.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P != 0 or (x == 0 and sign):
        return None
    return P - x if x % 2 != sign else x


def decode_point(data):
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = recover_x(y, number >> 255) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def add_points(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        scalar >>= 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def has_signed(key, message, signature):
    a, r = decode_point(key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, BASE), add_points(r, times(h, a))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def key_of(text):
    data = base64.b64decode(text, validate=True)
    must(len(data) == 42 and data[:2] == b"Ed", "--key", "it is no public key of minisign")
    return data[2:]


def check_minisig(signed, text, name, key):
    """A .minisig file: the signature of the BLAKE2b digest, then one of that signature and the trusted comment."""
    lines = text.split("\n")
    must(len(lines) == 5 and lines[0] == "untrusted comment: signature of Refold", name, "it is no signature of Refold")
    must(lines[2].startswith("trusted comment: ") and lines[4] == "", name, "it is no signature of Refold")
    data, both = base64.b64decode(lines[1], validate=True), base64.b64decode(lines[3], validate=True)
    again = [base64.b64encode(data).decode(), base64.b64encode(both).decode()]
    must(again == [lines[1], lines[3]] and len(data) == 74 and data[:2] == b"ED", name, "it is no signature of Refold")
    must(data[2:10] == key[:8], name, "it was made with another key")
    must(has_signed(key[8:], hashlib.blake2b(signed).digest(), data[10:]), name, "it does not fit")
    must(has_signed(key[8:], data[10:] + lines[2][17:].encode(), both), name, "its comment does not fit")


# The files.


class Folder:
    def __init__(self, path):
        self.path = path
        self.names = self.check_list()

    def read(self, name):
        try:
            with open(os.path.join(self.path, name), "rb") as file:
                return file.read()
        except OSError as error:
            raise Broken(f"{name}: it cannot be read ({error.strerror})") from None

    def text(self, name):
        return self.read(name).decode("utf-8")

    def check_list(self):
        """SHA256SUMS names every file there is, and every file is what it says."""
        names = set()
        for line in self.text("SHA256SUMS").splitlines():
            digest, _, name = line.partition("  ")
            must(name and "/" not in name and not name.startswith("."), "SHA256SUMS", "it names what is no plain file")
            must(sha256(self.read(name)).hex() == digest, name, "it is not what SHA256SUMS says")
            names.add(name)
        for name in os.listdir(self.path):
            must(name in names or name in ("SHA256SUMS", "SHA256SUMS.minisig"), name, "it is not in SHA256SUMS")
        self.is_signed = os.path.exists(os.path.join(self.path, "SHA256SUMS.minisig"))
        return names


def checkpoint_of(text, name, key):
    """Origin, size and root of a C2SP checkpoint, whose signature is checked when there is a key."""
    key = key and key[8:]
    body, blank, signatures = text.partition("\n\n")
    lines = body.split("\n")
    must(blank and len(lines) == 3 and lines[0], name, "it is no checkpoint")
    origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
    must(str(size) == lines[1] and len(root) == 32, name, "it is no checkpoint")
    if key is not None:
        key_id = sha256(origin.encode() + b"\n\x01" + key)[:4]
        start = f"\u2014 {origin} "
        found = [line[len(start) :] for line in signatures.split("\n") if line.startswith(start)]
        found = [base64.b64decode(line, validate=True) for line in found]
        found = [line[4:] for line in found if line[:4] == key_id]
        must(found, name, "it is not signed with this key")
        must(has_signed(key, (body + "\n").encode(), found[0]), name, "its signature does not fit")
    return origin, size, root


def is_included(index, size, leaf, proof, root):
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node(step, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node(found, step)
        place >>= 1
        last >>= 1
    return last == 0 and found == root


def is_prefix(older, newer, older_root, newer_root, proof):
    """RFC 9162, 2.1.4.2."""
    if older > newer:
        return False
    if older == newer:
        return not proof and older_root == newer_root
    if older == 0:
        return not proof
    if older & (older - 1) == 0:
        proof = [older_root] + proof
    if len(proof) < 2:
        return False
    place, last = older - 1, newer - 1
    while place & 1:
        place >>= 1
        last >>= 1
    old = new = proof[0]
    for step in proof[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node(step, old), node(step, new)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            new = node(new, step)
        place >>= 1
        last >>= 1
    return last == 0 and old == older_root and new == newer_root


class Event:
    """The bytes RFE1 of one event, read strictly."""

    def __init__(self, data):
        self.data, self.at = data, 0
        must(self.take(4) == b"RFE1", "event.rfe1", "it is not the bytes of an event")
        profile, order = self.take(2)
        must(profile < 2 and order == 1, "event.rfe1", "it is of an unknown form")
        self.is_salted = profile == 1
        (self.position,) = struct.unpack(">Q", self.framed())
        self.stream = self.framed()
        (version,) = struct.unpack(">Q", self.take(8))
        self.version = None if version == 2**64 - 1 else version
        self.id, self.type = self.framed(), self.framed()
        self.time = self.take(1), self.framed()
        self.content_type = self.framed()
        self.payload, self.metadata = self.committed(), self.committed()
        (count,) = struct.unpack(">H", self.take(2))
        self.extra = [(self.framed(), self.take(1), self.framed()) for _ in range(count)]
        names = [name for name, _, _ in self.extra]
        must(names == sorted(set(names)), "event.rfe1", "its columns are out of order")
        must(self.at == len(data), "event.rfe1", "something follows the event")

    def take(self, count):
        must(self.at + count <= len(self.data), "event.rfe1", "it is cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def framed(self):
        (length,) = struct.unpack(">I", self.take(4))
        return self.take(length)

    def committed(self):
        state, size = struct.unpack(">BQ", self.take(9))
        must(state < 2, "event.rfe1", "it is of an unknown form")
        return state == 1, size, self.take(32)


def check_body(folder, name, committed, is_salted):
    is_null, size, commitment = committed
    must(is_null == (name not in folder.names), name, "it is there and should not be, or should be and is not")
    body = b"" if is_null else folder.read(name)
    salt = folder.read(name + ".salt") if is_salted else b""
    must(len(salt) == (32 if is_salted else 0), name + ".salt", "it is not 32 bytes")
    must(len(body) == size and sha256(salt + body) == commitment, name, "it is not what the event commits to")


def check_event(folder, key):
    head, _, checkpoint = folder.text("event.tlog-proof").partition("\n\n")
    lines = head.split("\n")
    must(lines[0] == "c2sp.org/tlog-proof@v1", "event.tlog-proof", "it is no proof")
    must(len(lines) > 1 and lines[1].startswith("index "), "event.tlog-proof", "it is no proof")
    index = int(lines[1][6:])
    proof = [base64.b64decode(line, validate=True) for line in lines[2:]]
    _, size, root = checkpoint_of(checkpoint, "event.tlog-proof", key)
    data = folder.read("event.rfe1")
    leaf = sha256(b"\x00" + data)
    must(is_included(index, size, leaf, proof, root), "event.tlog-proof", "its hashes do not lead to the root")
    event = Event(data)
    check_body(folder, "payload", event.payload, event.is_salted)
    check_body(folder, "metadata", event.metadata, event.is_salted)
    name, stream = (repr(text.decode("utf-8", "backslashreplace")) for text in (event.type, event.stream))
    return f"the event at position {event.position} ({name} of {stream}) is number {index + 1} of the {size} under {root.hex()}"


def check_growth(folder, key):
    lines = folder.text("growth-proof").split("\n")
    must(lines[0] == "refold.local/growth-proof@v1" and lines[-1] == "", "growth-proof", "it is no proof")
    must(lines[1].startswith("older ") and lines[2].startswith("newer "), "growth-proof", "it is no proof")
    proof = [base64.b64decode(line, validate=True) for line in lines[3:-1]]
    older = checkpoint_of(folder.text("older.checkpoint"), "older.checkpoint", key)
    newer = checkpoint_of(folder.text("newer.checkpoint"), "newer.checkpoint", key)
    sizes = int(lines[1][6:]), int(lines[2][6:])
    must(sizes == (older[1], newer[1]) and older[0] == newer[0], "growth-proof", "it is of other checkpoints")
    must(is_prefix(*sizes, older[2], newer[2], proof), "growth-proof", "its hashes do not lead to both roots")
    return f"the {older[1]} events under {older[2].hex()} are the first of the {newer[1]} under {newer[2].hex()}"


def check_anchor(folder, key):
    origin, size, root = checkpoint_of(folder.text("checkpoint"), "checkpoint", key)
    manifest = json.loads(folder.read("anchor.json"))
    must(manifest["format"] == "refold-anchor/2", "anchor.json", "it is of an unknown form")
    must((manifest["size"], manifest["root"]) == (size, root.hex()), "anchor.json", "it contradicts the checkpoint")
    store = json.dumps(manifest["store"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    expected = "refold.local/" + sha256(store.encode()).hex()[:16]
    must(origin == expected, "checkpoint", "it is of another store than anchor.json")
    segments = folder.read("segments.bin")
    must(len(segments) % 44 == 0, "segments.bin", "it is cut off")
    records = list(struct.iter_unpack(">QI32s", segments))
    must(sum(count for _, count, _ in records) == size, "segments.bin", "it holds another number of events")
    numbers = [number for number, _, _ in records]
    must(numbers == sorted(set(numbers)), "segments.bin", "it is out of order")
    edge = folder.read("frontier.bin")
    hashes = [edge[at : at + 32] for at in range(0, len(edge), 32)]
    must(len(edge) == 32 * bin(size).count("1"), "frontier.bin", "it is of a tree of another size")
    found = hashes.pop() if hashes else sha256(b"")
    while hashes:
        found = node(hashes.pop(), found)
    must(found == root, "frontier.bin", "it is of another tree")
    if manifest["names_events"]:
        must(len(folder.read("leaves.bin")) == 56 * size, "leaves.bin", "it holds another number of events")
    return f"a whole anchor of {size} events up to position {manifest['horizon']}, root {root.hex()}"


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_report(folder, key):
    data = folder.read("manifest.json")
    manifest = json.loads(data)
    report, digest = manifest["report"], sha256(data).hex()
    must(manifest["format"] == "refold-report/1", "manifest.json", "it is of an unknown form")
    must(canonical(manifest) == data, "manifest.json", "it is not canonical")
    names = {file["name"]: file for file in manifest["files"]}
    must(set(names) | {"manifest.json", "VERIFY.txt"} == folder.names, "manifest.json", "it lists other files")
    for name, file in names.items():
        found = folder.read(name)
        must((len(found), sha256(found).hex()) == (file["bytes"], file["sha256"]), name, "manifest.json says otherwise")
    number = bytearray(sha256(canonical({**report, "id": ""}))[:16])
    number[6], number[8] = number[6] & 0x0F | 0x80, number[8] & 0x3F | 0x80
    digits = number.hex()
    made = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    must(made == report["id"], "manifest.json", "its id is not made of what it says")
    must(digest in folder.text("VERIFY.txt"), "VERIFY.txt", "it is of another manifest")
    count, positions = report["scope"]["counts"]["written"], None
    if "events.ndjson" in names:
        lines = folder.text("events.ndjson").split("\n")[:-1]
        must(len(lines) == count, "events.ndjson", "it holds another number of events")
        must(names["events.ndjson"]["sha256"] == report["events"]["sha256"], "events.ndjson", "it is another record")
        positions = [json.loads(line)["position"] for line in lines]
        must(positions == sorted(positions, key=int), "events.ndjson", "it is out of order")
    if "events.csv" in names:
        csv.field_size_limit(2**31 - 1)
        with open(os.path.join(folder.path, "events.csv"), encoding="utf-8", newline="") as file:
            found = [row["position"] for row in csv.DictReader(file)]
        must(len(found) == count and positions in (None, found), "events.csv", "it holds other events")
    check_findings(folder, names, report.get("verdict"))
    if "report.html" in names:
        must(report["id"] in folder.text("report.html"), "report.html", "it is of another report")
    signed_by = manifest["signed_by"]
    must((signed_by is not None) == folder.is_signed, "SHA256SUMS.minisig", "it is there and should not be, or is not")
    if key or signed_by:
        must(folder.is_signed, "SHA256SUMS.minisig", "nobody signed this report")
        key = key or key_of(signed_by)
        check_minisig(folder.read("SHA256SUMS"), folder.text("SHA256SUMS.minisig"), "SHA256SUMS.minisig", key)
    return f"a whole report of {count} events, made at {report['cover']['made_at']}, id {report['id']}"


def check_findings(folder, names, verdict):
    """The files of all findings that a verdict counts; a report about events alone has none."""
    found = {name for name in names if name.startswith("findings.")}
    must(verdict or not found, "manifest.json", "it has findings and no verdict")
    positions = None
    if "findings.ndjson" in found:
        must(names["findings.ndjson"]["sha256"] == verdict["sha256"], "findings.ndjson", "it is another record")
        lines = [json.loads(line) for line in folder.text("findings.ndjson").split("\n")[:-1]]
        must(len(lines) == verdict["kept"], "findings.ndjson", "it holds another number of findings")
        first = lines[: len(verdict["findings"])]
        must(first == verdict["findings"], "findings.ndjson", "it holds other findings than manifest.json")
        positions = [line["position"] or "" for line in lines]
    if "findings.csv" in found:
        with open(os.path.join(folder.path, "findings.csv"), encoding="utf-8", newline="") as file:
            rows = [row["position"] for row in csv.DictReader(file)]
        must(len(rows) == verdict["kept"] and positions in (None, rows), "findings.csv", "it holds other findings")


def main(arguments):
    key = None
    if len(arguments) == 3 and arguments[1] == "--key":
        key = arguments[2]
    elif len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        key = None if key is None else key_of(key)
        folder = Folder(arguments[0])
        kinds = {
            "anchor.json": check_anchor,
            "event.tlog-proof": check_event,
            "growth-proof": check_growth,
            "manifest.json": check_report,
        }
        checks = [check for name, check in kinds.items() if name in folder.names]
        must(len(checks) == 1, "SHA256SUMS", "it lists no anchor, no proof and no report")
        sentence = checks[0](folder, key)
    except Broken as broken:
        print(f"BROKEN {broken}")
        return 1
    except (KeyError, IndexError, TypeError, ValueError, struct.error) as error:
        print(f"BROKEN a file is not as it should be: {error}")
        return 1
    print(f"OK {sentence}")
    print("signed by the key that you named" if key else "no key was named: compare root, id or key with what you have")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
