"""The judge and its sandbox: an honest answer arrives; a hostile one gains and harms nothing."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from lib.grading import sandbox
from lib.grading._frames import BadFrame
from lib.grading._worker import SubmissionError, Worker, WorkerEnded

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="bubblewrap, the sandbox, exists for Linux alone"
)
SECRET = "a secret of the course"


@pytest.fixture
def worker():
    with Worker() as started:
        yield started


def answer(cell, seconds=10.0):
    """What a submission of one cell says when its function `f` is called."""
    with Worker() as worker:
        worker.run(cell, seconds)
        return worker.call("f", seconds=seconds)


# ---- honest work


def test_arrays_go_in_and_come_out(worker):
    worker.run("import numpy as np\ndef f(x, scale=1.0): return (x * scale, x.shape)")
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    y, shape = worker.call("f", x, scale=2.0)
    assert_array_equal(y, 2 * x, strict=True)
    assert shape == (2, 3)


def test_cells_share_their_names_and_magics_are_passed_over(worker):
    worker.run("%matplotlib inline\nk = 3\n!ls\nif k:\n    %time\n    k = 4")
    worker.run("def f(): return k")
    assert worker.call("f") == 4


def test_an_object_stays_there_and_its_methods_answer(worker):
    worker.run("class Counter:\n    def __init__(self, n): self.n = n\n"
               "    def up(self, by):\n        self.n += by\n        return self.n")  # fmt: skip
    worker.call("Counter", 5, keep="counter")
    assert worker.call("counter.up", 2) == 7
    assert worker.call("counter.up", by=3) == 10


def test_a_generator_is_made_there_from_its_seed(worker):
    worker.run("def f(rng, n): return rng.random(n)")
    expected = np.random.default_rng(7).random(3)
    assert_array_equal(worker.call("f", 3, seeds=[7]), expected)


def test_a_submission_may_write_into_what_it_gets(worker):
    worker.run("def f(x):\n    x[0] = 9\n    return x")
    assert_array_equal(worker.call("f", np.zeros(2)), [9, 0])


def test_printing_disturbs_nothing(worker):
    worker.run("import os, sys\ndef f():\n    print('x' * 100_000)\n"
               "    os.write(1, b'garbage')\n    sys.stderr.write('y')\n    return 1")  # fmt: skip
    assert worker.call("f") == 1


def test_an_error_is_told_in_the_submission_s_words(worker):
    with pytest.raises(SubmissionError, match="ZeroDivisionError: division by zero"):
        worker.run("1 / 0")
    with pytest.raises(SubmissionError, match="SyntaxError"):
        worker.run("def f(:")
    with pytest.raises(SubmissionError, match="NameError: name 'f' is not defined"):
        worker.call("f")
    worker.run("def f(): return 1")
    assert worker.call("f") == 1


# ---- hostile work

NOTHING = "gained nothing"
HOSTILE = {
    # what it may not read
    "the repository": f"def f(): return open({str(Path(__file__))!r}).read()",
    "the password file": "def f(): return open('/etc/passwd').read()",
    "the judge's memory": "def f(): return open('/proc/1/environ').read()",
    "the environment": "import os\ndef f(): assert os.environ['DESCENT_SECRET']",
    "the reference": "def f():\n    import lib.reference.pooling",
    "torch": "def f():\n    import torch",
    "the network": "import socket\n"
    "def f(): socket.create_connection(('127.0.0.1', {port}), 1).recv(1)",
    "names in the network": "import socket\ndef f(): socket.getaddrinfo('localhost', 80)[99]",
    # what it may not write
    "its interpreter": "import os\ndef f(): open(os.__file__, 'a')",
    "the judge's script": "def f(): open('/judge/_inside.py', 'a')",
    "numpy": "import numpy\ndef f(): open(numpy.__file__, 'a')",
    "the root": "def f(): open('/kept', 'w')",
    "a big file": "def f(): open('/box/big', 'wb').write(b'x' * (9 << 20))",
    "shared memory": "def f(): open('/dev/shm/big', 'wb').write(b'x' * (9 << 20))",
    "much scratch": "def f():\n    for i in range(99):\n"
    "        open(f'/box/{i}', 'wb').write(b'x' * (1 << 20))",
    # what it may not use up
    "memory": "import numpy as np\ndef f(): return np.ones(1 << 33)",
    "processes": "import os, time\ndef f():\n    for i in range(99):\n"
    "        if os.fork() == 0:\n            time.sleep(600)",
    "open files": "def f(): return [open('/dev/null') for i in range(999)] and None[0]",
    # what it may not become
    "root": "import os\ndef f(): os.setuid(0)",
    "a tracer": "import ctypes\n"
    "def f(): assert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0",
    "a new room": "import ctypes\n"
    "def f(): assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "a room by clone": "import ctypes\n"
    "def f(): assert ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0) >= 0",
    "the end of others": "import os\ndef f(): os.kill(-1, 9)",
    "a mount": "import ctypes\n"
    "def f(): assert ctypes.CDLL(None).mount(b'none', b'/box', b'tmpfs', 0, None) == 0",
    # what may not cross
    "an object": "def f(): return object()",
    "an object in an array": "import numpy as np\ndef f(): return np.array([object()])",
    "a lying subclass": "import numpy as np\nclass Liar(np.ndarray):\n"
    "    def __eq__(self, other): return True\n    def tobytes(self): raise SystemExit\n"
    "def f(): return np.ones(2).view(Liar).astype(object)",
    # leaving
    "exit": "def f(): raise SystemExit(0)",
    "interrupt": "def f(): raise KeyboardInterrupt",
    "endless recursion": "def f(): return f()",
    "an error that cannot be said": "class E(Exception):\n"
    "    def __str__(self): raise SystemExit\ndef f(): raise E",
}  # fmt: skip
ENDS = {
    "sudden exit": "import os\ndef f(): os._exit(0)",
    "a loop": "def f():\n    while True: pass",
    "a sleep": "import time\ndef f(): time.sleep(600)",
    "a crash": "import ctypes\ndef f(): ctypes.string_at(0)",
    "stopping itself": "import os, signal\ndef f(): os.kill(os.getpid(), signal.SIGSTOP)",
    "a loop in a cell": "while True: pass",
    "closing every pipe": "import os\ndef f(): os.closerange(0, 64)",
    "exit at the import": "import os\nos._exit(3)",
}
FRAMES = {
    "garbage": "b'not a frame, and no lengths either'",
    "a huge length": "b'\\xff' * 8",
    "a pickle": "b'\\x04\\0\\0\\0\\0\\0\\0\\0\\x80\\x04N.'",
    "another form": "b'\\x04\\0\\0\\0\\0\\0\\0\\0true'",
    "half a frame": "b'\\xff\\0\\0\\0\\0\\0\\0\\0{'",
}


@pytest.fixture
def listener():
    """A port of this machine that answers whoever reaches it."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("cheat", HOSTILE)
def test_a_hostile_call_gains_nothing(cheat, listener, monkeypatch):
    monkeypatch.setenv("DESCENT_SECRET", SECRET)
    with pytest.raises((SubmissionError, WorkerEnded, BadFrame)) as refusal:
        answer(HOSTILE[cheat].replace("{port}", str(listener)))
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("end", ENDS)
def test_a_submission_that_ends_or_hangs_is_over_in_time(end):
    start = time.monotonic()
    with pytest.raises(WorkerEnded):
        answer(ENDS[end], seconds=1.0)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("forged", FRAMES)
def test_a_forged_frame_is_a_wrong_answer(forged):
    cell = f"""import os
def f():
    for number in range(3, 64):
        try: os.write(number, {FRAMES[forged]})
        except OSError: pass
    os._exit(0)"""
    with pytest.raises((BadFrame, WorkerEnded)):
        answer(cell)


def test_an_answer_too_large_is_not_even_read():
    with pytest.raises(BadFrame, match="at most 8388608 bytes"):
        answer("import numpy as np\ndef f(): return np.zeros(2 << 20)")


def test_a_whole_message_has_one_deadline():
    drip = """import os, time
def f():
    for number in range(3, 64):
        try: os.fstat(number)
        except OSError: continue
        out = number
    while True:
        os.write(out, b'\\x10'); time.sleep(0.05)"""
    start = time.monotonic()
    with pytest.raises((WorkerEnded, BadFrame)):
        answer(drip, seconds=1.0)
    assert time.monotonic() - start < 10


def test_an_answer_sent_ahead_gains_nothing_but_the_end(worker):
    worker.run("""import os, sys
def f(x):
    import _frames
    for number in range(3, 64):
        try: os.write(number, _frames.encode({"value": 42}))
        except OSError: pass
    return 43""")
    assert worker.call("f", 1) in (42, 43)  # whichever it is, it is this submission's own answer


def processes_of(slot):
    user = str(sandbox.FIRST_USER + slot)
    return subprocess.run(["pgrep", "-u", user], capture_output=True, text=True).stdout.split()


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives each slot a user of its own")
def test_nothing_is_left_running():
    with Worker(slot=9) as worker:
        worker.run("""import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)""")
        assert processes_of(9)
    for _ in range(50):
        if not processes_of(9):
            break
        time.sleep(0.1)
    assert processes_of(9) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives each slot a user of its own")
def test_a_fork_bomb_leaves_its_neighbour_alone():
    bomb = """import os, time
def f():
    while True:
        try: os.fork()
        except OSError: time.sleep(0.01)"""
    with Worker(slot=1) as hostile, Worker(slot=2) as honest:
        hostile.run(bomb)
        honest.run("import threading\ndef f():\n    t = threading.Thread(target=print)\n"
                   "    t.start(); t.join()\n    return 1")  # fmt: skip
        with pytest.raises(WorkerEnded):
            hostile.call("f", seconds=1.0)
        assert honest.call("f") == 1


def test_what_one_submission_leaves_the_next_does_not_find():
    answer("def f(): open('/box/note', 'w').write('x')")
    assert answer("import os\ndef f(): return os.listdir('/box')") == []


def test_no_sandbox_is_said_in_words(monkeypatch):
    monkeypatch.setenv("PATH", "")
    sandbox.check.cache_clear()
    with pytest.raises(
        sandbox.NoSandbox, match=r"bwrap \(bubblewrap, for Linux\), found none\. On Debian"
    ):
        sandbox.check()
    sandbox.check.cache_clear()
