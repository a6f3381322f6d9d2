"""Ports that a test names before anything listens at them, or to which a server comes back."""

import random
import socket

# The kernel gives none of these to who asks for any, as other tests do meanwhile (net.ipv4.ip_local_port_range).
PORTS = range(15_000, 32_000)


def free_port() -> int:
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("a hundred ports are taken")
