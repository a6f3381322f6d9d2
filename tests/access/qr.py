"""A QR code, read by another program than made it."""

import os
import struct
import subprocess
import zlib
from pathlib import Path

from harness import PATIENCE

QUIET = 4  # modules of light around it (ISO/IEC 18004)
PIXELS = 4  # of a module's side


def drawn(rows: list[str]) -> bytes:
    """Rows of "0" and "1" as a grey PNG."""
    width = len(rows) + 2 * QUIET
    light = "0" * width
    lines = [light] * QUIET + ["0" * QUIET + row + "0" * QUIET for row in rows] + [light] * QUIET
    pixels = b"".join((b"\0" + b"".join((b"\0" if one == "1" else b"\xff") * PIXELS for one in line)) * PIXELS for line in lines)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width * PIXELS, width * PIXELS, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def read_qr(png: bytes) -> str:
    modules = Path(os.environ["STELE_SOURCE_DIR"]) / "build/node/node_modules"
    script = Path(__file__).with_name("read_qr.cjs")
    return subprocess.run(["node", script], input=png, stdout=subprocess.PIPE, timeout=PATIENCE, check=True,
                          env={**os.environ, "NODE_PATH": str(modules)}).stdout.decode()
