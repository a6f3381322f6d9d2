"""What people have with whom they log in, and what a server tells the first of them."""

import base64
import hashlib
import hmac
import re
import struct
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import wait_until  # noqa: E402

PASSWORD = "correct horse battery"


def code(secret: str, steps: int = 0) -> str:
    """RFC 6238, read once more."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def printed(server, pattern: str) -> str:
    """What the server prints, which it may do only after it can be reached."""
    return wait_until(lambda: re.search(pattern, server.words()), pattern)[1]
