"""A benchmark that is ended ends what it started."""

import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from tests.waiting import eventually

pytestmark = pytest.mark.timeout(300)


def brokers_of(process: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            found += [child] if "kafka.Kafka" in child.cmdline() else []
    return found


def test_sigterm_ends_the_broker_that_a_benchmark_started():
    bench = psutil.Popen(
        [sys.executable, "-m", "bench.kafka_control_reader"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    started = [bench]
    try:
        started += eventually(lambda: brokers_of(bench), deadline_s=40)
        bench.terminate()
        assert bench.wait(60) != 0
        _, alive = psutil.wait_procs(started[1:], timeout=30)
        assert not alive
    finally:
        for left in started:
            with suppress(psutil.Error):
                left.kill()
