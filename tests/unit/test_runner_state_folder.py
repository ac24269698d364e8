"""The state folder is refused with a sentence if it cannot be used, and one command at a time works in it."""

import errno
import fcntl
import os
import subprocess
import sys
import threading

import pytest
from rich.console import Console

from operations.runner.state_folder import FORMAT, LOWEST_DISK_MB, claimed, mark_of, require_room, writing
from weir.errors import DeploymentError

HOLD = """
import sys
from pathlib import Path
from rich.console import Console
from operations.runner.state_folder import claimed
with claimed(Path(sys.argv[1]), Console()):
    print("held", flush=True)
    sys.stdin.read()
"""


def claim(folder):
    with claimed(folder, Console(quiet=True)):
        pass


def test_a_new_folder_is_made_and_marked(tmp_path):
    claim(tmp_path / "with spaces" / "and 100%")
    assert mark_of(tmp_path / "with spaces" / "and 100%").format == FORMAT


@pytest.mark.parametrize("name", ["kafka", "signing.key"])
def test_a_folder_of_an_earlier_version_is_taken_over(tmp_path, name):
    (tmp_path / name).mkdir()
    claim(tmp_path)
    claim(tmp_path)
    assert mark_of(tmp_path) is not None


def test_a_folder_of_a_newer_version_is_refused_with_its_version(tmp_path):
    (tmp_path / "state.json").write_text('{"format": 99, "weir": "7.1.0"}')
    with pytest.raises(
        DeploymentError, match=r"was written by Weir 7\.1\.0, which is newer than this one\. Start that"
    ):
        claim(tmp_path)


def test_a_damaged_mark_is_named(tmp_path):
    (tmp_path / "state.json").write_text('{"format": ')
    with pytest.raises(DeploymentError, match=r"state.json is damaged"):
        claim(tmp_path)


def test_a_folder_of_something_else_is_refused_and_stays_as_it_is(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(DeploymentError, match=r"is not a state folder of Weir: it holds thesis.tex"):
        claim(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(DeploymentError, match=r"state is a file, not a folder"):
        claim(tmp_path / "state" / "below")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "No space left on device. Free disk space"),
        (errno.EROFS, "Read-only file system. Set WEIR_STATE_DIR"),
    ],
)
def test_a_disk_that_cannot_be_written_is_one_sentence(tmp_path, number, said):
    with pytest.raises(DeploymentError, match=f"server.properties cannot be written: {said}"), writing(tmp_path):
        raise OSError(number, os.strerror(number), "server.properties")


def test_other_errors_of_the_system_stay_what_they_are(tmp_path):
    with pytest.raises(ConnectionRefusedError), writing(tmp_path):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")


def test_a_nearly_full_disk_is_refused_before_anything_starts(tmp_path):
    require_room(tmp_path, LOWEST_DISK_MB)
    with pytest.raises(DeploymentError, match=f"has {LOWEST_DISK_MB - 1} MB free; Weir needs {LOWEST_DISK_MB}"):
        require_room(tmp_path, LOWEST_DISK_MB - 1)


def test_a_second_command_waits_until_the_first_has_ended(tmp_path):
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    lock = os.open(tmp_path, os.O_RDONLY)
    with first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        released = []
        threading.Timer(0.5, lambda: (released.append("first"), first.stdin.close())).start()
        claim(tmp_path)
        assert released == ["first"]
    os.close(lock)
