import subprocess
import sys

import psutil

from operations.runner import pid_files

NOTE_AND_WAIT = """
import sys, time
from pathlib import Path
from operations.runner import pid_files
pid_files.record(Path(sys.argv[1]), "live.part")
print("noted", flush=True)
time.sleep(60)
"""


def test_recorded_process_is_ended(tmp_path):
    argv = [sys.executable, "-c", NOTE_AND_WAIT, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "noted\n"
        assert pid_files.end_recorded(tmp_path) == ["live.part"]
        assert not psutil.pid_exists(process.pid)


def test_process_with_a_reused_id_is_left_alone(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        started = psutil.Process(other.pid).create_time() - 100
        (tmp_path / "live.part.pid").write_text(f"{other.pid} {started}\n")
        assert pid_files.end_recorded(tmp_path) == []
        assert other.poll() is None
        other.terminate()


def test_broken_pid_file_is_ignored(tmp_path):
    (tmp_path / "live.part.pid").write_text("")
    assert pid_files.recorded(tmp_path) == {}
