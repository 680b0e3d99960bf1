"""A command survives a reader that leaves, and Ctrl-C."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

from ser_helpers import terminal

LINES = """
import sys
from ser_helpers import terminal

def main():
    for number in range(100_000):
        print("line", number)
    print("all done", file=sys.stderr)
    return 3

sys.exit(terminal.run(main, name="me"))
"""


def test_what_nobody_reads_does_not_end_the_work():
    child = subprocess.Popen(
        [sys.executable, "-c", LINES], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout.readline().split() == [b"line", b"0"]
    child.stdout.close()  # as `| head -1` does
    assert child.stderr.read().split() == [b"all", b"done"]
    child.stderr.close()
    assert child.wait() == 3


@pytest.mark.skipif(os.name == "nt", reason="there is no sh")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_that_were_closed_from_the_start_end_nothing(closed):
    code = "from ser_helpers import terminal\n"
    code += "raise SystemExit(terminal.run(lambda: print(1) or 3, name='me'))"
    command = ["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "")


def test_ctrl_c_is_one_sentence(capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))  # put back afterwards
    assert terminal.run(interrupted, name="me") == 130
    assert capsys.readouterr().err == "me: stopped\n"


def test_other_errors_of_the_stream_are_not_hidden():
    class Broken:
        def write(self, text):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        terminal.UntilClosed(Broken()).write("hello")
