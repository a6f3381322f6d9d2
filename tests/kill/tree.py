"""The Merkle tree of RFC 6962 by the book, apart from the server's own: what the server signs is held against it."""

import hashlib


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """Takes leaves one after another and tells the root of every size that it ever had."""

    def __init__(self):
        self._levels = [[]]  # [k][i]: the root of the leaves [i * 2^k, (i + 1) * 2^k)

    @property
    def leaves(self) -> list[bytes]:
        return self._levels[0]

    def append(self, leaf: bytes) -> None:
        self._levels[0].append(leaf)
        level = 0
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(node_hash(*self._levels[level][-2:]))
            level += 1

    def root(self, size: int) -> bytes:
        """From the full subtrees that `size` is the sum of, smallest first."""
        found = None
        for level in range(size.bit_length()):
            if size >> level & 1:
                node = self._levels[level][(size >> level) - 1]
                found = node if found is None else node_hash(node, found)
        return hashlib.sha256(b"").digest() if found is None else found


def range_root(first: int, leaves: list[bytes], size: int, proof: list[bytes]) -> bytes | None:
    """The root that a range proof leads to (docs/formats/receipt.md); None when it has hashes too few or too many."""
    hashes = iter(proof)

    def walk(low: int, high: int) -> bytes:
        if high - low == 1:
            return leaves[low - first]
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if first + len(leaves) <= middle:
            left = walk(low, middle)
            return node_hash(left, next(hashes))
        if middle <= first:
            right = walk(middle, high)
            return node_hash(next(hashes), right)
        return node_hash(walk(low, middle), walk(middle, high))

    if not leaves or first < 0 or first + len(leaves) > size:
        return None
    try:
        root = walk(0, size)
    except StopIteration:
        return None
    return root if next(hashes, None) is None else None
