#!/usr/bin/env python3
"""Checks an anchor, a proof or a report of Refold by itself. It needs nothing but Python.

    python3 verify.py FOLDER [--key KEY]

It is written from docs/spec/anchor.md and docs/spec/report.md, and shares no code with Refold, so that whoever trusts neither can read both.
KEY: the public key of minisign that must have signed it, as a file or as the text that begins with RW. Without it, what says of
itself whose it is must still be signed by that key. Of a proof the checkpoint alone is signed, and the rest must lead to it.
Ends with 0 when everything holds, with 1 when something does not, with 2 when it was called wrongly.
"""

import base64
import hashlib
import json
import os
import re
import stat
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


def is_small(point):
    """One of the eight points with which anything can be signed."""
    x, y, z, _ = times(8, point)
    return x % P == 0 and (y - z) % P == 0


def has_signed(key, message, signature):
    a, r = decode_point(key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L or is_small(a) or is_small(r):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, BASE), add_points(r, times(h, a))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def key_in(text, name):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    must(len(data) == 42 and data[:2] == b"Ed", name, "it is no public key of minisign")
    return data[2:]


def key_of(named):
    """The key that --key names: the last line of a file, as of the two that minisign writes, or the text itself."""
    if not os.path.isfile(named):
        return key_in(named, "--key")
    try:
        with open(named, encoding="utf-8") as file:
            lines = file.read().split()
    except (OSError, ValueError) as error:
        raise Broken(f"--key: it cannot be read ({error})") from None
    must(lines, "--key", "the file is empty")
    return key_in(lines[-1], "--key")


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


def plain(data, count=32):
    """Base64 in the one way that there is."""
    decoded = base64.b64decode(data, validate=True)
    if base64.b64encode(decoded).decode() != data or len(decoded) != count:
        raise ValueError("a hash is not written as hashes are")
    return decoded


def number(text):
    """Digits in the one way that there is."""
    if not (text.isascii() and text.isdigit() and str(int(text)) == text and int(text) < 2**64):
        raise ValueError("a number is not written as numbers are")
    return int(text)


class Folder:
    def __init__(self, path):
        self.path = path
        self.names = self.check_list()

    def read(self, name):
        path = os.path.join(self.path, name)
        try:
            # What a link leads to was not handed over, and a pipe would be waited for.
            must(stat.S_ISREG(os.lstat(path).st_mode), name, "it is no plain file")
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            raise Broken(f"{name}: it cannot be read ({error.strerror})") from None

    def text(self, name):
        return self.read(name).decode("utf-8")

    def check_list(self):
        """SHA256SUMS names every file there is, and every file is what it says."""
        names = set()
        *lines, rest = self.text("SHA256SUMS").split("\n")
        must(lines and not rest, "SHA256SUMS", "it is not as sha256sum writes it")
        for line in lines:
            digest, _, name = line.partition("  ")
            is_plain = name and not name.startswith(".") and not any(letter in name for letter in "/\\\0")
            must(is_plain and name not in names, "SHA256SUMS", "it names what is no plain file, or one twice")
            must(sha256(self.read(name)).hex() == digest, name, "it is not what SHA256SUMS says")
            names.add(name)
        for name in os.listdir(self.path):
            must(name in names or name in ("SHA256SUMS", "SHA256SUMS.minisig"), name, "it is not in SHA256SUMS")
        self.is_signed = os.path.lexists(os.path.join(self.path, "SHA256SUMS.minisig"))
        return names

    def must_be(self, needed, possible=()):
        """A file that nothing here checks is no part of what is vouched for."""
        for name in sorted(set(needed) - self.names):
            raise Broken(f"{name}: it is missing")
        for name in sorted(self.names - set(needed) - set(possible)):
            raise Broken(f"{name}: it is listed, and no such file is of this")

    def signer(self, key, signed_by, name):
        """The key that has signed the list, and so every file: the one that was named, else the one that the folder names."""
        if key is None and signed_by is None:
            must(not self.is_signed, "SHA256SUMS.minisig", f"it is there, and {name} says that nobody signed")
            return None
        must(self.is_signed, "SHA256SUMS.minisig", "it is missing: nobody signed this")
        key = key or key_in(signed_by, name)
        check_minisig(self.read("SHA256SUMS"), self.text("SHA256SUMS.minisig"), "SHA256SUMS.minisig", key)
        return key


def checkpoint_of(text, name, key):
    """Origin, size and root of a C2SP checkpoint, whose signature is checked when there is a key."""
    key = key and key[8:]
    body, blank, signatures = text.partition("\n\n")
    lines = body.split("\n")
    must(blank and len(lines) == 3 and lines[0], name, "it is no checkpoint")
    origin, size, root = lines[0], number(lines[1]), plain(lines[2])
    if key is not None:
        key_id = sha256(origin.encode() + b"\n\x01" + key)[:4]
        start = f"\u2014 {origin} "
        found = [line[len(start) :] for line in signatures.split("\n") if line.startswith(start)]
        found = [plain(line, 68) for line in found]
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
    index = number(lines[1][6:])
    proof = [plain(line) for line in lines[2:]]
    _, size, root = checkpoint_of(checkpoint, "event.tlog-proof", key)
    data = folder.read("event.rfe1")
    leaf = sha256(b"\x00" + data)
    must(is_included(index, size, leaf, proof, root), "event.tlog-proof", "its hashes do not lead to the root")
    event = Event(data)
    bodies = [name for name, body in (("payload", event.payload), ("metadata", event.metadata)) if not body[0]]
    salts = ["payload.salt", "metadata.salt"] if event.is_salted else []
    folder.must_be(["event.rfe1", "event.tlog-proof", "VERIFY.txt", *bodies, *salts])
    must(not folder.is_signed, "SHA256SUMS.minisig", "it is there, and a proof has none")
    check_body(folder, "payload", event.payload, event.is_salted)
    check_body(folder, "metadata", event.metadata, event.is_salted)
    name, stream = (repr(text.decode("utf-8", "backslashreplace")) for text in (event.type, event.stream))
    said = f"the event at position {event.position} ({name} of {stream}) is number {index + 1} of the {size} under {root.hex()}"
    return said + ADVICE, key and "its checkpoint is signed by the key that you named, and the event leads to it"


def check_growth(folder, key):
    lines = folder.text("growth-proof").split("\n")
    must(lines[0] == "refold.local/growth-proof@v1" and lines[-1] == "", "growth-proof", "it is no proof")
    must(lines[1].startswith("older ") and lines[2].startswith("newer "), "growth-proof", "it is no proof")
    folder.must_be(["growth-proof", "older.checkpoint", "newer.checkpoint", "VERIFY.txt"])
    must(not folder.is_signed, "SHA256SUMS.minisig", "it is there, and a proof has none")
    proof = [plain(line) for line in lines[3:-1]]
    older = checkpoint_of(folder.text("older.checkpoint"), "older.checkpoint", key)
    newer = checkpoint_of(folder.text("newer.checkpoint"), "newer.checkpoint", key)
    sizes = number(lines[1][6:]), number(lines[2][6:])
    must(sizes == (older[1], newer[1]) and older[0] == newer[0], "growth-proof", "it is of other checkpoints")
    must(is_prefix(*sizes, older[2], newer[2], proof), "growth-proof", "its hashes do not lead to both roots")
    said = f"the {older[1]} events under {older[2].hex()} are the first of the {newer[1]} under {newer[2].hex()}"
    return said + ADVICE, key and "both checkpoints are signed by the key that you named"


ADVICE = "\nnot checked: what VERIFY.txt says. It is for people, and nobody signed it."

MEMBERS = (
    "columns format gap_count gaps hash horizon made_at made_by names_events previous root salt_key_sha256 segment_width "
    "settled signed_by size store treatment"
).split()


def check_anchor(folder, key):
    data = folder.read("anchor.json")
    manifest = json.loads(data)
    must(manifest["format"] == "refold-anchor/2", "anchor.json", "it is of an unknown form")
    must(canonical(manifest) == data, "anchor.json", "it is not canonical")
    must(sorted(manifest) == MEMBERS and sorted(manifest["store"]) == ["kind", "layout"], "anchor.json", "its members are others")
    leaves = ["leaves.bin"] if manifest["names_events"] else []
    folder.must_be(["anchor.json", "checkpoint", "segments.bin", "frontier.bin", "VERIFY.txt", *leaves], ["checkpoint.tsr"])
    signer = folder.signer(key, manifest["signed_by"], "anchor.json")
    origin, size, root = checkpoint_of(folder.text("checkpoint"), "checkpoint", signer)
    must((manifest["size"], manifest["root"]) == (size, root.hex()), "anchor.json", "it contradicts the checkpoint")
    store = json.dumps(manifest["store"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    expected = "refold.local/" + sha256(store.encode()).hex()[:16]
    must(origin == expected, "checkpoint", "it is of another store than anchor.json")
    segments = folder.read("segments.bin")
    must(len(segments) % 44 == 0, "segments.bin", "it is cut off")
    records = list(struct.iter_unpack(">QI32s", segments))
    must(sum(count for _, count, _ in records) == size, "segments.bin", "it holds another number of events")
    numbers = [segment for segment, _, _ in records]
    must(numbers == sorted(set(numbers)), "segments.bin", "it is out of order")
    horizon, width = number(manifest["horizon"]), manifest["segment_width"]
    must(width == 1024, "anchor.json", "its segments are of an unknown width")
    must(not numbers or numbers[-1] == horizon // width, "anchor.json", "its horizon is not in the last segment")
    edge = folder.read("frontier.bin")
    hashes = [edge[at : at + 32] for at in range(0, len(edge), 32)]
    must(len(edge) == 32 * bin(size).count("1"), "frontier.bin", "it is of a tree of another size")
    found = hashes.pop() if hashes else sha256(b"")
    while hashes:
        found = node(hashes.pop(), found)
    must(found == root, "frontier.bin", "it is of another tree")
    if leaves:
        must(len(folder.read("leaves.bin")) == 56 * size, "leaves.bin", "it holds another number of events")
    said = f"a whole anchor of {size} events up to position {horizon}, made at {manifest['made_at']}, root {root.hex()}"
    if signer is None:
        said += "\nnot proved: who made it. Nobody signed it: whoever had the folder could have made all of it again. That the root is"
        said += "\nwhat you have from elsewhere says which events it is of, and nothing of when it was made, how far and of which columns."
        said += f"\nThe SHA-256 of anchor.json says that too: {sha256(data).hex()}"
    if "checkpoint.tsr" in folder.names:
        said += "\nnot checked: its time stamp. openssl ts -verify -data checkpoint -in checkpoint.tsr -CAfile AUTHORITY.pem"
    return said, key and SIGNED


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_report(folder, key):
    data = folder.read("manifest.json")
    manifest = json.loads(data)
    report, digest = manifest["report"], sha256(data).hex()
    must(manifest["format"] == "refold-report/2", "manifest.json", "it is of an unknown form")
    must(canonical(manifest) == data, "manifest.json", "it is not canonical")
    names = {file["name"]: file for file in manifest["files"]}
    must(set(names) | {"manifest.json", "VERIFY.txt"} == folder.names, "manifest.json", "it lists other files")
    for name, file in names.items():
        found = folder.read(name)
        must((len(found), sha256(found).hex()) == (file["bytes"], file["sha256"]), name, "manifest.json says otherwise")
    must(digest in folder.text("VERIFY.txt"), "VERIFY.txt", "it is of another manifest")
    count = report["scope"]["counts"]["written"]
    if "events.ndjson" in names:
        must(names["events.ndjson"]["sha256"] == report["events"]["sha256"], "events.ndjson", "it is another record")
        rows = [event_row(members(line)) for line in folder.text("events.ndjson").split("\n")[:-1]]
        check_tables(folder, names, "events", EVENT_COLUMNS, rows)
        check_rows(rows, count, "events.ndjson")
    elif "events.csv" in names:
        head, *rows = records(folder.text("events.csv"))
        must(head == EVENT_COLUMNS, "events.csv", "its columns are others")
        check_tables(folder, names, "events", EVENT_COLUMNS, rows)
        check_rows(rows, count, "events.csv")
    else:
        must("events.excel.csv" not in names, "events.excel.csv", "the record of which it is a view is not in the folder")
    check_findings(folder, names, report.get("verdict"))
    must(id_of(manifest) == report["id"], "manifest.json", "its id is not made of what it says and of its files")
    if "report.html" in names:
        must(report["id"] in folder.text("report.html"), "report.html", "it is of another report")
    signer = folder.signer(key, manifest["signed_by"], "manifest.json")
    said = [f"a whole report of {count} events, made at {report['cover']['made_at']}, id {report['id']}"]
    if signer is None:
        said.append("not proved: who made it. Nobody signed it: whoever had the folder could have made all of it again of other")
        said.append("events, with another id. Compare the id with one that you have from elsewhere.")
    pages = [name for name in BEARERS if name in names] + ([] if signer else ["VERIFY.txt"])
    if pages:
        said.append(f"not proved: that {', '.join(pages)} say what the record says. refold verify-bundle makes them again.")
    return "\n".join(said), key and SIGNED


def id_of(manifest):
    """A UUID that is made of the report and of every file that does not bear it."""
    files = [file for file in manifest["files"] if file["name"] not in BEARERS]
    made = bytearray(sha256(canonical({"files": files, "report": {**manifest["report"], "id": ""}}))[:16])
    made[6], made[8] = made[6] & 0x0F | 0x80, made[8] & 0x3F | 0x80
    digits = made.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


BEARERS = ("report.html", "report.pdf", "report.xlsx")
EVENT_COLUMNS = (
    "position stream category version type schema_version recorded_at occurred_at event_id correlation_id causation_id "
    "payload_encoding payload metadata_encoding metadata"
).split()
FINDING_COLUMNS = "position kind severity to stream version type part detail explanation impact impacts impacts_asked".split()


def check_rows(rows, count, name):
    must(len(rows) == count, name, "it holds another number of events")
    positions = [int(row[0]) for row in rows]
    must(positions == sorted(positions), name, "it is out of order")


def check_tables(folder, names, start, columns, rows, is_whole=True):
    """The tables say what the rows of the record say, byte for byte."""
    for name, mark, shown in ((f"{start}.csv", "", str), (f"{start}.excel.csv", "\ufeff", harmless)):
        if name not in names:
            continue
        table = [mark + record(columns)]
        table += [record([None if field is None else shown(field) for field in row]) for row in rows]
        expected, found = "".join(table).encode(), folder.read(name)
        is_same = found == expected if is_whole else found.startswith(expected)
        must(is_same, name, "it does not say what the record says")


def check_findings(folder, names, verdict):
    """The files of all findings that a verdict counts; a report about events alone has none."""
    must(verdict or not any(name.startswith("findings.") for name in names), "manifest.json", "it has findings and no verdict")
    if not verdict:
        return
    told = verdict["findings"]
    if "findings.ndjson" in names:
        must(names["findings.ndjson"]["sha256"] == verdict["sha256"], "findings.ndjson", "it is another record")
        lines = folder.text("findings.ndjson").split("\n")[:-1]
        found = [json.loads(line) for line in lines]
        must(len(found) == verdict["kept"], "findings.ndjson", "it holds another number of findings")
        must(found[: len(told)] == told, "findings.ndjson", "it holds other findings than manifest.json")
        told = found
    # Of many the manifest has the first.
    # The last column is there where findings say it: all of them do or none.
    columns = FINDING_COLUMNS if told and "impacts_asked" in told[0] else FINDING_COLUMNS[:-1]
    check_tables(folder, names, "findings", columns, [finding_row(of) for of in told], len(told) == verdict["kept"])


def event_row(event):
    """The fields of an event, of its members as they are written."""
    row = [json.loads(event[name]) for name in EVENT_COLUMNS[:11]]
    for part in ("payload", "metadata"):
        body = event[part]
        if body == "null":
            row += [None, None]
        elif not body.startswith('{"base64":'):
            row += ["json", body]
        else:
            of = json.loads(body)
            data = base64.b64decode(of["base64"], validate=True)
            encoding = {"application/json": "json", "text/plain": "text"}.get(of["content_type"], "base64")
            row += [encoding, of["base64"] if encoding == "base64" else data.decode("utf-8")]
    return row


def finding_row(of):
    row = [of[name] for name in FINDING_COLUMNS[:7]] + [" ".join(of["part"]) or None, of["detail"], of["explanation"]]
    asked = [json.dumps(of["impacts_asked"])] if "impacts_asked" in of else []
    if not of["impacts"]:
        return row + [None, None] + asked
    words, impacts = [], []
    for impact in of["impacts"]:
        words.append(impact["sentence"] if impact["stream"] is None else f'{impact["stream"]}: {impact["sentence"]}')
        changes = [{name: change[name] for name in ("path", "before", "after")} for change in impact["changes"]]
        impacts.append({**{name: impact[name] for name in ("stream", "sentence", "is_proven")}, "changes": changes})
    return row + [" · ".join(words), json.dumps(impacts, separators=(",", ":"), ensure_ascii=False)] + asked


TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^"\[\]{},:]+')


def end_of(text, at):
    """Where the JSON value ends that begins here, however deep it is."""
    depth = 0
    for token in TOKEN.finditer(text, at):
        if token.group() in "[{":
            depth += 1
        elif token.group() in "]}":
            depth -= 1
        if depth == 0:
            return token.end()
    raise ValueError("a line of a record is cut off")


def members(line):
    """The members of an object on a line, each as it is written."""
    found, at = {}, 1
    while at < len(line) - 1:
        middle = end_of(line, at)
        end = end_of(line, middle + 1)
        found[json.loads(line[at:middle])] = line[middle + 1 : end]
        at = end + 1
    return found


FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)')


def records(text):
    """The records of a table (RFC 4180). What is empty without quotes is no value."""
    rows, row, at = [], [], 0
    while at < len(text):
        field = FIELD.match(text, at)
        must(field, "events.csv", "it is no table")
        quoted, plain, end = field.groups()
        row.append(plain or None if quoted is None else quoted.replace('""', '"'))
        if end != ",":
            rows.append(row)
            row = []
        at = field.end()
    return rows


def record(fields):
    def field(text):
        if text is None:
            return ""
        must_quote = text == "" or any(letter in text for letter in ',"\r\n')
        return '"' + text.replace('"', '""') + '"' if must_quote else text

    return ",".join(field(text) for text in fields) + "\r\n"


HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)
BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
CELL = 32767


def units(text):
    return len(text) + sum(letter > "\uffff" for letter in text)


def harmless(text):
    """A field as the view for spreadsheets has it."""
    is_formula = text.lstrip(BLANKS).startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20|%")) or text.startswith(tuple("\t\r\n "))
    is_long_number = len(text) > 15 and text.isascii() and text.isdigit()
    shown = HIDDEN.sub(lambda found: f"\u27e6U+{ord(found.group()):04X}\u27e7", text)
    shown = ("'" if is_formula or is_long_number else "") + shown
    if units(shown) <= CELL:
        return shown
    data = text.encode()
    note = f" \u27e6cut: {len(data)} bytes, SHA-256 {sha256(data).hex()}\u27e7"
    room, end = CELL - units(note), 0
    while room >= units(shown[end]):
        room, end = room - units(shown[end]), end + 1
    return shown[:end] + note


SIGNED = "signed by the key that you named: the list of all files, and so each of them"


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
        sentence, signed = checks[0](folder, key)
    except Broken as broken:
        print(f"BROKEN {broken}")
        return 1
    except (KeyError, IndexError, TypeError, ValueError, struct.error) as error:
        print(f"BROKEN a file is not as it should be: {error}")
        return 1
    print(f"OK {sentence}")
    print(signed or "no key was named: compare root, id or key with what you have")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
