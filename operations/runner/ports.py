"""Find free ports. Another process can take one before it is used; `port_claims` keeps starts of Weir apart."""

import socket
from collections.abc import Collection


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server can listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Distinct free ports, chosen by the system."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((host, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def free_port_or_another(wanted: int, host: str = "127.0.0.1", avoid: Collection[int] = ()) -> int:
    """The first free port from `wanted` upwards that is not in `avoid`, or any free port if there is none."""
    candidates = (port for port in range(wanted, 65536) if port not in avoid and is_free(port, host))
    return next(candidates, None) or free_ports(1, host)[0]
