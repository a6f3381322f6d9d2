"""As much of protobuf's encoding as a request of OTLP needs (opentelemetry-proto, logs.proto)."""

import struct


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, content):
    """Length-delimited: a message, a string."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(field_number, value):
    return varint(field_number << 3) + varint(value)


def fixed64(field_number, value):
    return varint(field_number << 3 | 1) + struct.pack("<Q", value)


def any_value(value):
    return field(1, value) if isinstance(value, str) else number(3, value)


def key_values(field_number, members):
    return b"".join(field(field_number, field(1, key) + field(2, any_value(value))) for key, value in members.items())
