"""A replay ends once at a signal, and removes its loop undisturbed."""

import io
import os
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from operations.replay import own_loop
from operations.replay.interruption import Interrupted, interruptible, undisturbed
from weir.settings import Settings

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def _signals_that_count():
    """Nothing is ignored, although the tests may run under `nohup` or in a shell's background."""
    former = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_the_block_with_the_shells_exit_code(number):
    with pytest.raises(Interrupted) as ended, interruptible():
        os.kill(os.getpid(), number)
    assert (str(ended.value), ended.value.exit_code) == (number.name, 128 + number)


@pytest.mark.parametrize("number", SIGNALS)
def test_second_signal_does_not_disturb_what_the_first_one_began(number):
    removed = []

    def replay():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), number)
            removed.append("loop")

    with pytest.raises(Interrupted), interruptible():
        replay()
    assert removed == ["loop"]


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_during_the_removal_lets_it_end(number):
    with interruptible(), undisturbed():
        os.kill(os.getpid(), number)


def test_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with interruptible():
        pass
    assert signal.getsignal(signal.SIGTERM) is before


def test_program_whose_terminal_closed_prints_nowhere_and_goes_on():
    code = (
        "import os, signal\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "from operations.replay.interruption import Interrupted, interruptible\n"
        "try:\n"
        "    with interruptible(): os.kill(os.getpid(), signal.SIGHUP)\n"
        "except Interrupted as ended:\n"
        "    print('printed', flush=True)\n"
        "    os._exit(ended.exit_code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (128 + signal.SIGHUP, "")


def test_ignored_signal_stays_ignored():
    """As under `nohup`."""
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, former)


class ClosedTerminal(io.StringIO):
    def write(self, _text):
        raise OSError(5, "Input/output error")


def test_loop_is_removed_even_if_nobody_reads_the_output_any_more(monkeypatch):
    removed = []
    monkeypatch.setattr(own_loop, "_remove", lambda settings, _show, **_: removed.append(settings.namespace))
    own_loop._end(Settings(namespace="replay-x"), Console(file=ClosedTerminal()), remains=False)
    assert removed == ["replay-x"]
