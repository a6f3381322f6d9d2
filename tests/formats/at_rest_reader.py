"""An independent reader of Stele's data directories, encrypted or not, written from docs/formats alone.

    python3 at_rest_reader.py DATA LOG KEYFILE        prints every entry of the log, one a line

It shares no line with the program: what both get out of the same bytes, the documents say.
"""

import base64
import datetime
import hashlib
import json
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xxhash
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PAGE = 4096
TAG = 16
BEGINNINGS = {".key": b"PRIVATE+KEY+", ".sealing-key": b"stele-sealing-key+", ".keys": b"STELEKEY", ".json": b"{", ".index": b""}


class Damaged(Exception):
    """Something is not as the documents say."""


def need(condition: bool, what: str) -> None:
    """Raises, with what is wrong as the sentence, unless the condition holds."""
    if not condition:
        raise Damaged(what)


def xxh3(data: bytes) -> bytes:
    """The checksum of all formats, as it is stored: little-endian."""
    return xxhash.xxh3_64_intdigest(data).to_bytes(8, "little")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)


def open_gcm(key: bytes, nonce: bytes, sealed: bytes, associated: bytes, what: str) -> bytes:
    """Decrypts ciphertext ‖ tag."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, associated)
    except InvalidTag:
        raise Damaged(f"{what}: the authentication tag does not match") from None


def master_keys(text: str) -> dict[bytes, bytes]:
    """The master keys of a text, one a line, by id."""
    keys = [bytes.fromhex(line) if re.fullmatch("[0-9a-fA-F]{64}", line) else base64.b64decode(line, validate=True)
            for line in text.split()]
    need(1 <= len(keys) <= 16 and all(len(key) == 32 for key in keys), "a master key has 32 bytes, and there are 1 to 16 of them")
    return {sha256(key)[:8]: key for key in keys}


class Keyring:
    """The data keys of a log, by id; none for a log that is not encrypted."""

    def __init__(self, log: Path, master: str, notes: list[str]) -> None:
        self.keys: dict[bytes, bytes] = {}
        failures = []
        paths = [path for path in (log / "keyring", log / "keyring.copy") if path.exists()]
        for path in paths:
            try:
                opened = self._open(path, master)
                self.keys = self.keys or opened
            except (Damaged, ValueError, KeyError, TypeError) as error:
                failures.append(f"{path}: {error}")
        need(bool(self.keys) or not paths, "; ".join(failures))
        notes += failures + [f"{log}: one of the two keyrings is absent"] * (len(paths) == 1)

    @staticmethod
    def _open(path: Path, master: str) -> dict[bytes, bytes]:
        ring, keys = json.loads(path.read_bytes()), {}
        need(ring["stele_keyring"] == 1 and len(ring["keys"]) > 0, "not of version 1, or without keys")
        under = master_keys(master).get(bytes.fromhex(ring["master_key"]))
        need(under is not None, f"closed under master key {ring['master_key']}, which was not given")
        for item in ring["keys"]:
            wrapped = base64.b64decode(item["wrapped"], validate=True)
            associated = f"stele keyring 1\n{item['id']}\n{item['created']}".encode()
            key = open_gcm(under, wrapped[:12], wrapped[12:], associated, f"key {item['id']}")
            need(len(key) == 32 and sha256(key)[:8].hex() == item["id"], f"key {item['id']} has another id, or not 32 bytes")
            keys[sha256(key)[:8]] = key
        return keys

    def key(self, id_: bytes, what: str) -> bytes:
        need(id_ in self.keys, f"{what}: under the data key {id_.hex()}, which the keyring does not have")
        return self.keys[id_]

    def content(self, path: Path) -> bytes:
        """What a file holds: decrypted if it is encrypted, as it is if not."""
        raw, what = path.read_bytes(), str(path)
        if raw[:8] != b"STELEENC":
            return raw
        need(len(raw) >= PAGE and xxh3(raw[:4088]) == raw[4088:PAGE], f"{what}: checksum of the header")
        form = struct.unpack_from("<HHI", raw, 8)
        need(form == (1, 1, PAGE) and not any(raw[56:4088]), f"{what}: version, algorithm, page are {form}, or the rest is not zero")
        key = derive(self.key(raw[16:24], what), raw[24:56], b"stele file 1")
        pages = [raw[at:at + PAGE] for at in range(PAGE, len(raw), PAGE)]
        last = len(pages) - 1
        need(last == 0 and len(pages[0]) >= TAG or last > 0 and len(pages[last]) > TAG, f"{what}: the last page is cut, or empty")
        return b"".join(open_gcm(key, struct.pack("<QB3x", n, n == last), page, b"", f"{what}: page {n} of {last + 1}")
                        for n, page in enumerate(pages))


class Tree:
    """The Merkle tree of RFC 6962: roots of the perfect subtrees, from the left."""

    def __init__(self, entries: list[bytes]) -> None:
        self.size = 0
        self.roots: list[bytes] = []
        self.add(entries)

    def add(self, entries: list[bytes]) -> None:
        for self.size, entry in enumerate(entries, self.size + 1):
            node, size = sha256(b"\0" + entry), self.size
            while size % 2 == 0:
                node, size = sha256(b"\1" + self.roots.pop() + node), size // 2
            self.roots.append(node)

    def root(self) -> bytes:
        node = self.roots[-1] if self.roots else sha256(b"")
        for left in self.roots[-2::-1]:
            node = sha256(b"\1" + left + node)
        return node


def read_segment(path: Path, raw: bytes, log_id: bytes) -> tuple[list[bytes], int, bytes]:
    """All entries of a segment, and the commit that wrote the last with its digest."""
    first, count = int(path.stem[:20]), int(path.stem[21:])
    need(first % 256 == count % 256 == 0 and 256 <= count <= 65_536 - first % 65_536, f"{path}: no run of whole bundles within a tile")
    need(len(raw) >= 64 + 128 and raw[:8] == b"STELESEG" and raw[-8:] == b"STELEEND", f"{path}: magic")
    *header, start, rest = struct.unpack_from("<HHI16sQIII12s", raw, 8)
    need(header == [1, 64, 0, log_id, first, count, 16] and rest == bytes(12), f"{path}: header {header}")
    footer, received, commit, digest, unused = struct.unpack("<QQQ32s48s", raw[-128:-24])
    need(start <= 1_048_576 and unused == bytes(48), f"{path}: dictionary too long, or trailer not zero")
    need(footer + count // 8 + count // 4 == len(raw) - 128, f"{path}: the footer is elsewhere")
    need(xxh3(raw[:64 + start] + raw[footer:-24]) == raw[-24:-16], f"{path}: checksum of header, dictionary, footer, trailer")
    need(xxh3(raw[:-16]) == raw[-16:-8], f"{path}: checksum of the file")
    dictionary = zstandard.ZstdCompressionDict(raw[64:64 + start], zstandard.DICT_TYPE_FULLDICT) if start else None
    zstd = zstandard.ZstdDecompressor(dict_data=dictionary)
    entries, at = [], 64 + start
    for number, length in enumerate(struct.unpack_from(f"<{count // 16}I", raw, footer + count // 8)):
        entries += read_block(raw[at:at + length], zstd, f"{path}: block {number}")
        at += length
    need(at == footer, f"{path}: the blocks do not end where the footer starts")
    roots = b"".join(Tree(entries[at:at + 256]).root() for at in range(0, count, 256))
    need(roots == raw[footer:footer + count // 8], f"{path}: roots of the bundles")
    need(entries[-1][67:97] == stamp(received), f"{path}: the trailer's time is not that of the last entry")
    return entries, commit, digest


def stamp(nanoseconds: int) -> bytes:
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=nanoseconds // 10**9)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 10**9:09}Z".encode()


def read_block(raw: bytes, zstd: zstandard.ZstdDecompressor, what: str) -> Iterator[bytes]:
    """The 16 entries of a block."""
    head = int.from_bytes(raw[:2], "little")
    heads, frame = raw[2:2 + head], raw[2 + head:]
    parameters = zstandard.get_frame_parameters(frame)
    need(parameters.has_checksum and parameters.dict_id == 0, f"{what}: a zstd frame without checksum, or with a dictionary's id")
    body = zstd.decompress(frame, allow_extra_data=False)
    at, used, received = 0, 0, 0
    for _ in range(16):
        split, at, start = body[at], at + 1, b""
        need(split in (0, 1), f"{what}: an entry is neither split nor whole but {split}")
        if split:
            end = next(n for n in range(at, at + 10) if body[n] < 128) + 1
            need(end - at == 1 or body[end - 1] != 0, f"{what}: a time not in the shortest form")
            number = sum((byte & 127) << 7 * n for n, byte in enumerate(body[at:end]))
            received, at = received + (number >> 1 ^ -(number & 1)), end
            id_ = f"{received // 10**6:012x}{heads[used:used + 10].hex()}"
            used += 10
            id_ = "-".join((id_[:8], id_[8:12], id_[12:16], id_[16:20], id_[20:]))
            start = b'{"stele":1,"id":"' + id_.encode() + b'","received":"' + stamp(received) + b'",'
            need(len(start) == 99, f"{what}: the heads are too short, or a time out of range")
        end = at + 2 + int.from_bytes(body[at:at + 2], "big")
        yield start + body[at + 2:end]
        at = end
    need(at == len(body) and used == len(heads), f"{what}: the body or the heads do not end with the last entry")


@dataclass
class Frame:
    where: str
    opening: bool
    epoch: int
    commit: int
    first: int
    size: int
    previous: bytes
    root: bytes
    digest: bytes
    entries: list[bytes] | None = None  # None: the payload is not what the checksum says


def read_frame(raw: bytes, at: int, log_id: bytes, ring: Keyring, where: str, notes: list[str]) -> tuple[Frame | None, int]:
    """The frame that starts there, if one does, and where the next one may."""
    header, step = raw[at:at + 256], at + PAGE
    if header[:8] != b"STELEFRM":
        return None, step
    if xxh3(header[:248]) != header[248:] or header[16:32] != log_id:
        notes.append(f"{where}: a frame whose header is damaged, or one of another log")
        return None, step
    (version, size, flags, epoch, commit, first, tree, length, checksum, count, algorithm, previous, root, id_, salt, nonce, zero, tag,
     zeros) = struct.unpack_from("<HHI16xQQQQQ8sII32s32s8s24s12s12s16s24s", header, 8)
    need((version, algorithm) in ((1, 0), (2, 1)), f"{where}: version {version} with algorithm {algorithm}")
    need(size == 256 and flags <= 1 and not any(zero + zeros), f"{where}: header bytes, flags or reserved bytes")
    need(version == 2 or not any(header[152:248]), f"{where}: reserved bytes are not zero")
    need(length <= 67_108_864 and tree == first + count, f"{where}: sizes")
    end = at + 256 + length
    payload = raw[at + 256:end]
    frame = Frame(where, flags == 1, epoch, commit, first, tree, previous, root, sha256(header))
    if len(payload) < length or xxh3(payload) != checksum:
        return frame, step
    step = -(-end // PAGE) * PAGE
    notes += [f"{where}: no zeros behind the payload"] * any(raw[end:step])
    if version == 2:
        need(any(nonce[:8]) and not any(nonce[8:]), f"{where}: nonce {nonce.hex()}")
        associated = header[:72] + bytes(8) + header[80:208] + bytes(16) + header[224:248]
        associated += xxh3(associated)  # frame.md says: the first 248 bytes, and no more
        payload = open_gcm(derive(ring.key(id_, where), salt, b"stele frame 2"), nonce, payload + tag, associated, where)
    frame.entries, used = [], 0
    for _ in range(count):
        end = used + 2 + int.from_bytes(payload[used:used + 2], "big")
        frame.entries.append(payload[used + 2:end])
        used = end
    need(used == length, f"{where}: the payload is not its {count} entries")
    return frame, step


def link(frames: list[Frame], sealed: int, commit: int, digest: bytes, notes: list[str]) -> list[Frame]:
    """The chain of frames that hold the entries from the first unsealed one on, behind the commit of the last sealed one."""
    valid = [frame for frame in frames if frame.entries is not None]
    known = {digest} | {frame.digest for frame in valid if frame.opening and frame.commit == commit}
    # An opening frame is taken without a digest that leads to it: its place and its root say that it belongs there.
    choice = [frame for frame in valid if frame.first <= sealed < frame.size
              and (frame.opening or frame.digest in known or frame.commit == commit + 1 and frame.previous in known)]
    chain: list[Frame] = []
    end, epoch, last = sealed, 0, commit
    while choice:
        frame = max(choice, key=lambda frame: frame.epoch)
        need(not chain or frame.first == end, f"{frame.where}: commit {frame.commit} does not begin where the one before ends")
        chain.append(frame)
        end, epoch, last = frame.size, frame.epoch, frame.commit
        choice = [other for other in valid if (other.commit, other.previous) == (last + 1, frame.digest)]
    for frame in frames:
        if frame.commit > last or frame.size > end:
            lost = frame.entries is not None and frame.epoch >= epoch
            need(not lost, f"{frame.where}: commit {frame.commit} is valid, but one before it is bad or missing: the chain ends at {last}")
            notes.append(f"{frame.where}: commit {frame.commit} is no part of the chain, which ends at commit {last}: dropped")
    return chain


@dataclass
class Log:
    """Everything that a log holds: entries in order, and what they keep apart, by commitment."""

    entries: list[bytes] = field(default_factory=list)
    attachments: dict[bytes, bytes] = field(default_factory=dict)
    sealed: dict[bytes, bytes] = field(default_factory=dict)
    salts: dict[bytes, bytes] = field(default_factory=dict)
    erased: set[bytes] = field(default_factory=set)
    from_segments: int = 0
    frames: list[Frame] = field(default_factory=list)
    chain: list[Frame] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)  # others that were read: keys, ledgers, windows, indexes
    notes: list[str] = field(default_factory=list)  # what was passed over, and why


def commitments(value: Any) -> Iterator[tuple[str, bytes, int]]:
    """What an entry keeps apart: how, the commitment, and how many bytes."""
    if isinstance(value, list):
        for item in value:
            yield from commitments(item)
    elif isinstance(value, dict):
        name = next(iter(value)) if len(value) == 1 else ""
        if name in ("$sealed", "$attachment"):
            yield name, base64.b64decode(value[name]["commitment"], validate=True), value[name]["bytes"]
        else:
            for item in (value[name] if name == "$literal" else value).values():
                yield from commitments(item)


def read_apart(path: Path, ring: Keyring, sealing: bytes, log: Log) -> None:
    """The values of one file, decrypted, decompressed and held against their commitments."""
    raw, at = path.read_bytes(), 0
    while at < len(raw):
        header, where = raw[at:at + 96], f"{path} at {at}"
        if header[:8] != b"STELEAPV" or xxh3(header[:10] + b"\0" + header[11:88]) != header[88:]:
            log.notes += [f"{where}: no header, passed over"] * any(header[:16])
            at += 16
            continue
        version, kind, gone, zero, id_, length, size, commitment, checksum, zeros = struct.unpack_from("<BBB5s8sQQ32s8s8s", header, 8)
        need((version, kind) in ((1, 1), (1, 2), (2, 2)) and gone <= 1 and not any(zero + zeros), f"{where}: header {header.hex()}")
        payload = raw[at + 96:at + 96 + length]
        at += -(-(96 + length) // 16) * 16
        if gone:
            log.erased.add(commitment)
            log.notes += [f"{where}: erased, but not all of it"] * any(payload)
            continue
        if len(payload) < length or xxh3(payload) != checksum:
            log.notes.append(f"{where}: {commitment.hex()}: the payload does not match its checksum")
            continue
        if kind == 1:
            need(sha256(sealing)[:8] == id_, f"{where}: sealed under the key {id_.hex()}, which is not there")
            payload = open_gcm(sealing, commitment[:12], payload, commitment, where)
        elif version == 2:
            payload = open_gcm(derive(ring.key(id_, where), commitment, b"stele attachment 2"), bytes(12), payload, commitment, where)
        salt, value = payload[:32], payload[32:]
        if kind == 2:
            stream = zstandard.ZstdDecompressor().decompressobj()
            value = stream.decompress(value)
            need(stream.eof and not stream.unused_data, f"{where}: not one whole zstd frame")
        domain = b"stele/sealed/v1\n" if kind == 1 else b"stele/attachment/v1\n"
        need(len(value) == size and sha256(domain + salt + value) == commitment, f"{where}: the value does not match its commitment")
        (log.sealed if kind == 1 else log.attachments)[commitment] = value
        log.salts[commitment] = salt


def read_log(data: Path, name: str, master: str) -> Log:
    """Reads all of a log, or raises Damaged (or what a library does of malformed JSON, base64 and zstd)."""
    log, folder = Log(), data / "logs" / name
    identity = json.loads((folder / "log.json").read_bytes())
    need(identity["stele_log"] == 1, f"{folder}/log.json: version {identity['stele_log']} is not 1")
    log_id = bytes.fromhex(identity["id"])
    ring = Keyring(folder, master, log.notes)
    sealing = b""
    for pattern in (f"keys/{name}.key", f"keys/{name}.sealing-key", f"sources/{name}.json", f"index/{name}/*.index",
                    f"logs/{name}/window/*.keys", "notify.json" if name == "main" else f"notify-{name}.json",
                    *["credentials.json", "last-uses.json"] * (name == "audit")):
        for path in sorted(data.glob(pattern)):
            content = ring.content(path)
            need(content.startswith(BEGINNINGS[path.suffix]), f"{path}: begins with {content[:18]!r}")
            need(path.suffix != ".keys" or xxh3(content[16:]) == content[8:16], f"{path}: checksum of the delivery keys")
            sealing = base64.b64decode(content[18:]) if path.suffix == ".sealing-key" else sealing
            log.files.append(path)

    commit, digest = 0, bytes(32)
    files = [path for path in (folder / "segments").glob("*") if path.suffix != ".new"]
    need(all(re.fullmatch(r"\d{20}-\d+\.segment", path.name) for path in files), f"{folder}/segments: a name that is no segment's")
    for path in sorted(files, key=lambda file: (file.name[:20], -int(file.stem[21:]))):
        first, there = int(path.name[:20]), len(log.entries)
        entries, last, last_digest = read_segment(path, ring.content(path), log_id)
        need(first <= there, f"{path}: entries from {there} on are in no segment before it")
        need(first == there or log.entries[first:first + len(entries)] == entries, f"{path}: differs from the one before it")
        if first == there:
            log.entries += entries
            commit, digest = last, last_digest
    log.from_segments = len(log.entries)

    for path in sorted((folder / "journal").glob("*.journal")):
        raw, at = path.read_bytes(), 0
        while at < len(raw):
            frame, at = read_frame(raw, at, log_id, ring, f"{path} at {at}", log.notes)
            log.frames += [frame] if frame else []
    log.chain = link(log.frames, log.from_segments, commit, digest, log.notes)
    tree = Tree(log.entries)
    for frame in log.chain:
        overlap = tree.size - frame.first
        need(frame.entries[:overlap] == log.entries[frame.first:], f"{frame.where}: its first entries are not the sealed ones")
        tree.add(frame.entries[overlap:])
        log.entries += frame.entries[overlap:]
        need(tree.root() == frame.root, f"{frame.where}: commit {frame.commit} has another root than its entries")

    for path in sorted((folder / "apart").glob("*.values")):
        read_apart(path, ring, sealing, log)
    for index, entry in enumerate(log.entries):
        for kind, commitment, size in commitments(json.loads(entry)):
            value = (log.sealed if kind == "$sealed" else log.attachments).get(commitment)
            need(commitment in log.erased or value is not None, f"entry {index}: what it keeps apart, {commitment.hex()}, is nowhere")
            need(value is None or len(value) == size, f"entry {index}: {commitment.hex()} has not {size} bytes")
    return log


def main() -> None:
    log = read_log(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_text())
    sys.stdout.buffer.writelines(entry + b"\n" for entry in log.entries)
    for note in log.notes:
        print(note, file=sys.stderr)


if __name__ == "__main__":
    main()
