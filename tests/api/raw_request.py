"""Requests of HTTP/1.1 as the bytes that they are."""

import json

from door import event

HOST = b"Host: localhost\r\n"
EVENT = json.dumps(event(1)).encode()


def post_head(extra: bytes = b"", host: bytes = HOST, version: bytes = b"HTTP/1.1", source: bytes = b"raw") -> bytes:
    return b"POST /api/v1/events?source=" + source + b" " + version + b"\r\n" + host + extra


def sized(body: bytes, extra: bytes = b"", source: bytes = b"raw") -> bytes:
    return post_head(extra, source=source) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, each: int, extra: bytes = b"", source: bytes = b"raw") -> bytes:
    pieces = [body[at:at + each] for at in range(0, len(body), each)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return post_head(extra, source=source) + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\n\r\n"


def get(target: str, extra: bytes = b"") -> bytes:
    return b"GET " + target.encode() + b" HTTP/1.1\r\n" + HOST + extra + b"\r\n"
