"""A benchmark that is ended ends what it started."""

import subprocess
import sys

import psutil
import pytest

from tests.waiting import eventually

pytestmark = pytest.mark.timeout(300)


def test_sigterm_ends_the_broker_that_a_benchmark_started():
    bench = psutil.Popen(
        [sys.executable, "-m", "bench.kafka_control_reader"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        eventually(
            lambda: any("kafka" in " ".join(child.cmdline()).lower() for child in bench.children(recursive=True)),
            deadline_s=180,
        )
        children = bench.children(recursive=True)
        bench.terminate()
        assert bench.wait(60) != 0
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive
    finally:
        for left in [*bench.children(recursive=True), bench] if bench.is_running() else []:
            left.kill()
