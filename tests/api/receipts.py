"""A second implementation of what proves something, from docs/formats/receipt.md and the C2SP pages alone.

Only the Python library and the openssl command (for Ed25519) are used, and nothing of Stele's own code.
"""

import base64
import hashlib
import subprocess
import tempfile
from pathlib import Path

SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the key in a DER public key


class Forged(Exception):
    """What was handed out does not prove what it says."""


def require(holds, why: str) -> None:
    if not holds:
        raise Forged(why)


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_of(leaves[:middle]), root_of(leaves[middle:]))


def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(SPKI_ED25519 + key) + b"\n-----END PUBLIC KEY-----\n"
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("key", "message", "signature")]
        for path, content in zip(paths, (pem, message, signature)):
            path.write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", paths[0], "-rawin", "-in", paths[1], "-sigfile", paths[2]]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Key:
    """A verifier key of C2SP signed-note: name+hex(id)+base64(type and key)."""

    def __init__(self, text: str):
        self.name, id_hex, encoded = text.strip().split("+", 2)  # the base64 may have a '+' itself
        material = base64.b64decode(encoded, validate=True)
        require(material[0] == 1 and len(material) == 33, "not an Ed25519 key")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4]
        require(self.id.hex() == id_hex, "the key's id is not its hash")
        self.key = material[1:]


def open_checkpoint(note: str, key: Key) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    require(signatures.endswith("\n"), "the note does not end in a line")
    good = False
    for line in signatures[:-1].split("\n"):
        mark, name, encoded = line.split(" ")
        require(mark == "\u2014", "not a signature line")
        blob = base64.b64decode(encoded, validate=True)
        if name == key.name and blob[:4] == key.id:
            good = verify_ed25519(key.key, text.encode(), blob[4:])
    require(good, "the checkpoint is not signed by the key")
    origin, size, root = text.split("\n")[:3]
    require(origin == key.name, "the checkpoint is of another log")
    return int(size), base64.b64decode(root, validate=True)


def verify_range(first: int, leaves: list[bytes], size: int, proof: list[bytes], root: bytes) -> None:
    """The walk of docs/formats/receipt.md, "The range proof"."""
    end = first + len(leaves)
    require(0 <= first < end <= size, "the range is not in the tree")
    hashes = list(proof)

    def take() -> bytes:
        require(hashes, "the proof is too short")
        return hashes.pop(0)

    def walk(low: int, high: int) -> bytes:
        if first <= low and high <= end:
            return root_of(leaves[low - first:high - first])
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        in_left = low < end and first < middle
        in_right = middle < end and first < high
        left = walk(low, middle) if in_left else None
        right = walk(middle, high) if in_right else take()
        return node_hash(left if in_left else take(), right)

    computed = walk(0, size)
    require(not hashes, "the proof is too long")
    require(computed == root, "the proof leads to another root")


def verify_receipt(receipt: dict, leaves: dict[int, bytes], key: Key) -> int:
    """That exactly these leaves, by index, are in the signed tree; its size."""
    require(receipt["stele_receipt"] == 1 and receipt["log"] == key.name, "not a receipt of this log")
    size, root = open_checkpoint(receipt["checkpoint"], key)
    proven = set()
    require(receipt["ranges"], "no ranges")
    for part in receipt["ranges"]:
        indices = range(part["first"], part["first"] + part["count"])
        require(not proven.intersection(indices), "ranges overlap")
        proven.update(indices)
        hashes = [base64.b64decode(one, validate=True) for one in part["proof"]]
        require(all(len(one) == 32 for one in hashes), "a hash is not 32 bytes long")
        verify_range(part["first"], [leaves[index] for index in indices], size, hashes, root)
    require(proven == set(leaves), "the receipt covers other entries than were answered for")
    return size


def verify_answer(answer: dict, key: Key) -> dict[int, bytes]:
    """Leaves by index of an answer with results and a receipt."""
    leaves = {}
    for result in answer["results"]:
        if "error" in result:
            continue
        leaf = base64.b64decode(result["leaf"], validate=True)
        require(leaves.setdefault(result["index"], leaf) == leaf, "one index with two leaves")
        if "entry" in result:
            require(leaf_hash(result["entry"].encode()) == leaf, "the entry does not hash to its leaf")
    verify_receipt(answer["receipt"], leaves, key)
    return leaves


def verify_proof_file(text: str, leaf: bytes, key: Key) -> tuple[int, int]:
    """A C2SP tlog-proof of this leaf: its index, and the size of the tree."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    require(lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("index "), "not a proof file")
    index = int(lines[1][6:])
    size, root = open_checkpoint(note, key)
    verify_range(index, [leaf], size, [base64.b64decode(line, validate=True) for line in lines[2:]], root)
    return index, size


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> None:
    """RFC 9162, section 2.1.4.2."""
    require(0 < old_size <= size, "sizes out of order")
    if old_size == size:
        return require(not proof and old_root == root, "the same size with another root")
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    require(path, "the proof is empty")
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for one in path[1:]:
        require(sn, "the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(one, fr), node_hash(one, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, one)
        fn, sn = fn >> 1, sn >> 1
    require(fr == old_root and sr == root and sn == 0, "the trees do not continue one another")
