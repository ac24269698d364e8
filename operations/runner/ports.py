"""Ports: which are free, and a free one in place of a taken one."""

import socket
from collections.abc import Collection


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Ports that are free now and differ from each other."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((host, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def free_port_or_another(wanted: int, host: str = "127.0.0.1", avoid: Collection[int] = ()) -> int:
    """The wanted port when it is free, else the next free one above it."""
    candidates = (port for port in range(wanted, 65536) if port not in avoid and is_free(port, host))
    return next(candidates, None) or free_ports(1, host)[0]
