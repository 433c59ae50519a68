"""Files that are there whole or not at all, and that say who lives."""

import subprocess
import sys

import pytest

from odyssey.files import hold, write_atomically

HOLD = """
import sys
from odyssey.files import hold
print(hold(sys.argv[1]), flush=True)
sys.stdin.read()
"""


def holder(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def test_the_first_holder_is_alone_and_the_next_is_not_until_all_have_died(tmp_path):
    path = tmp_path / "folder" / "alive"
    first, alone = holder(path)
    assert alone == "True"
    second, alone = holder(path)
    assert alone == "False"
    first.kill()
    first.wait()
    third, alone = holder(path)
    assert alone == "False"  # the second still lives
    for process in (second, third):
        process.kill()
        process.wait()
    fourth, alone = holder(path)
    assert alone == "True"
    fourth.communicate()


def test_where_nothing_can_be_written_nobody_is_known_to_be_alone(tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert hold(tmp_path / "file" / "alive") is None


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt(), MemoryError()])
def test_an_unfinished_file_leaves_the_old_one_and_nothing_else(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")

    def write(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, write)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "old")]
