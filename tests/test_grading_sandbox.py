"""The judge and its sandbox: an honest answer arrives; a hostile one gains and harms nothing."""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.testing import assert_array_equal

from lib.grading import _room, sandbox
from lib.grading._frames import BadFrame
from lib.grading._worker import SubmissionError, Worker, WorkerEnded

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="bubblewrap, the sandbox, exists for Linux alone"
)
SECRET = "a secret of the course"
only_root = pytest.mark.skipif(
    os.getuid() != 0, reason="only root gives each slot a user of its own"
)


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
    "the host of a virtual machine": "import socket\n"
    "def f(): socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
    "the kernel's own network": "import socket\n"
    "def f(): socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "names in the network": "import socket\ndef f(): socket.getaddrinfo('localhost', 80)[99]",
    "where the room's files come from": "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    "def f():\n    libc.syscall(457, 0, 0, 0, 0)\n    assert ctypes.get_errno() != 38",
    "the machine's name": "import os\ndef f(): assert os.uname().nodename != 'room'",
    # what it may not write
    "its interpreter": "import os\ndef f(): open(os.__file__, 'a')",
    "the judge's script": "def f(): open('/judge/_inside.py', 'a')",
    "numpy": "import numpy\ndef f(): open(numpy.__file__, 'a')",
    "the root": "def f(): open('/kept', 'w')",
    "shared memory": "def f(): open('/dev/shm/big', 'wb').write(b'x')",
    "any folder": "import os\ndef f():\n    for folder, _, _ in os.walk('/'):\n"
    "        try: return os.mknod(f'{folder}/kept')\n        except OSError: pass\n"
    "    raise OSError('none')",
    # what it may not use up
    "memory": "import numpy as np\ndef f(): return np.ones(1 << 33)",
    "a second process": "import os, time\ndef f():\n"
    "    if os.fork() == 0: time.sleep(600)",
    "a second process, spawned": "import os\n"
    "def f(): os.posix_spawn('/usr/bin/sleep', ['sleep', '600'], {})",
    "a second process, by clone": "import ctypes\n"
    "def f(): assert ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0) >= 0",
    "threads": "import threading, time\ndef f():\n    for i in range(99):\n"
    "        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "memory in a file without a name": "import os\ndef f(): os.memfd_create('x')",
    "memory of System V": "import ctypes\n"
    "def f(): assert ctypes.CDLL(None).shmget(0, 1 << 20, 0o600) >= 0",
    "the machine's events": "import ctypes\nn = ctypes.c_ulong(0)\n"
    "def f(): assert ctypes.CDLL(None).syscall(206, 1000, ctypes.byref(n)) == 0",
    "rules in the kernel's memory": "import ctypes\n"
    "def f(): assert ctypes.CDLL(None).syscall(444, 0, 0, 1) >= 0",
    "terminals": "import os\ndef f(): os.openpty()",
    "others' files, by a lease": "import fcntl, os\nfile = os.open('/judge/_frames.py', 0)\n"
    "def f():\n    try: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)\n"
    "    except OSError as error: assert error.errno != 1",
    "news of others' files": "import fcntl, os\n"
    "def f(): fcntl.fcntl(os.open('/usr', 0), fcntl.F_NOTIFY, fcntl.DN_ACCESS)",
    "other kinds of sockets, in pairs": "import socket\n"
    "def f():\n    try: socket.socketpair(socket.AF_INET)\n"
    "    except OSError as error: assert error.errno != 1",
    "open files": "def f(): return [open('/dev/null') for i in range(999)] and None[0]",
    # what it may not become
    "powers kept": "import ctypes\ndef f():\n"
    "    have = (ctypes.c_uint * 6)(*[0] * 6)\n"
    "    head = (ctypes.c_uint * 2)(0x20080522, 0)\n"
    "    assert ctypes.CDLL(None).capget(head, have) == 0 and any(have)",
    "powers to come": "import ctypes\n"
    "def f(): assert any(ctypes.CDLL(None).prctl(23, each) == 1 for each in range(41))",
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
    "an abort": "import os\ndef f(): os.abort()",
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
    with Worker() as worker:
        worker.run(HOSTILE[cheat].replace("{port}", str(listener)))
        with pytest.raises((SubmissionError, WorkerEnded, BadFrame)) as refusal:
            worker.call("f")
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("end", ENDS)
def test_a_submission_that_ends_or_hangs_is_over_in_time(end):
    start = time.monotonic()
    with pytest.raises(WorkerEnded):
        answer(ENDS[end], seconds=1.0)
    assert time.monotonic() - start < 10


def test_a_submission_cannot_stop_itself_and_let_the_judge_wait(worker):
    worker.run("""import os, signal
def f():
    for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTERM): os.kill(os.getpid(), number)
    return os.getpid()""")
    assert worker.call("f") == 1  # of its own namespace: the kernel keeps such signals from it


HELD = {
    "splice": "os.splice(a.fileno(), into, 100)",
    "sendfile": "os.sendfile(into, a.fileno(), None, 100)",
}


@pytest.mark.parametrize("way", HELD)
def test_no_pipe_can_be_held_while_its_writer_waits(way):
    cell = (
        f"import os, socket\na, b = socket.socketpair()\n_, into = os.pipe()\ndef f(): {HELD[way]}"
    )
    with pytest.raises(
        SubmissionError, match="PermissionError"
    ):  # else its reader would wait, too
        answer(cell, seconds=1.0)


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
    user = str(_room.FIRST_USER + slot)
    return subprocess.run(["pgrep", "-u", user], capture_output=True, text=True).stdout.split()


@only_root
def test_nothing_is_left_running():
    with Worker(slot=9) as worker:
        worker.run("""import threading, time, numpy
kept = numpy.ones(9 << 23)  # as much as takes a while to give back
for i in range(9): threading.Thread(target=time.sleep, args=(600,)).start()""")
        assert processes_of(9)
        handle = os.dup(worker._running.handle)
    gone = select.poll()
    gone.register(handle, select.POLLIN)
    assert gone.poll(0)  # at once, not soon: the next one's threads are counted with these
    os.close(handle)
    assert processes_of(9) == []


@only_root
def test_threads_without_number_leave_the_neighbour_alone():
    bomb = """import threading, time
def f():
    while True:
        try: threading.Thread(target=sum, args=(range(1 << 60),)).start()
        except RuntimeError: time.sleep(0.01)"""
    with Worker(slot=1) as hostile, Worker(slot=2) as honest:
        honest.run("import threading\ndef f():\n    t = threading.Thread(target=print)\n"
                   "    t.start(); t.join()\n    return 1")  # fmt: skip
        hostile.run(bomb)
        with pytest.raises(WorkerEnded):
            hostile.call("f", seconds=0.5)
        assert honest.call("f") == 1


def test_a_submission_has_no_open_file_but_its_two_pipes(worker):
    worker.run("""import os, stat
def f():
    kinds = []
    for number in range(1 << 12):
        try: kinds.append(stat.S_IFMT(os.fstat(number).st_mode))
        except OSError: pass
    return kinds.count(stat.S_IFIFO), kinds.count(stat.S_IFCHR), len(kinds)""")
    assert worker.call("f") == (2, 3, 5)  # and three times /dev/null


def test_what_a_submission_changes_is_as_it_was_for_the_next():
    with Worker() as worker, contextlib.suppress(WorkerEnded):
        worker.run("""import builtins, gc, json, os, random, sys, numpy as np, _frames, _inside
np.random.seed(3); random.seed(3)
np.add = np.array = builtins.len = json.loads = _frames.decode = _inside.looked_up = None
np.core = sys.modules["numpy"] = sys.path[:] = []
os.environ["KEPT"] = sys.kept = "x"
sys.settrace(lambda *a: None); gc.disable()""")
    with Worker() as worker:
        worker.run("""import builtins, gc, os, sys, numpy as np
def f(): return (np.add(1, 1), len([0]), "KEPT" in os.environ, hasattr(sys, "kept"),
                 sys.gettrace() is None, gc.isenabled(), len(sys.path) > 1)""")
        assert worker.call("f") == (2, 1, False, False, True, True, True)


def test_each_submission_draws_numbers_of_its_own():
    drawn = []
    for _ in range(2):
        with Worker(modules=("numpy", "torch")) as worker:
            worker.run("import random, numpy as np, torch")
            worker.run("def f(): return random.random(), np.random.random(), torch.rand(1).item()")
            drawn += worker.call("f")
    assert len(set(drawn)) == 6


LOOPING = """
import sys
sys.path.insert(0, {root!r})
from lib.grading._worker import Worker
with Worker(slot=8) as worker:
    worker.run("import threading\\ndef loop():\\n    while True: pass")
    worker.run("def f(): threading.Thread(target=loop).start()")
    worker.call("f")
    print("loops", flush=True)
    sys.stdin.read()
"""


def test_nothing_outlives_a_judge_that_is_killed():
    code = LOOPING.format(root=str(Path(__file__).parents[1]))
    judge = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with judge:
        assert judge.stdout.readline() == b"loops\n"
        brought = psutil.Process(judge.pid).children(recursive=True)
        judge.kill()
    assert len(brought) >= 3  # bubblewrap's, the room's first, and the submission's
    assert psutil.wait_procs(brought, timeout=10)[1] == []


FORKED = """
import os, sys, time
sys.path.insert(0, {root!r})
from lib.grading._worker import Worker
with Worker(slot=8) as worker:
    if os.fork() == 0:
        with Worker(slot=9) as other:
            other.run("x = 1")
        time.sleep(60)
    worker.run("import time; time.sleep(60)", 60)
"""


def test_a_forked_judge_keeps_nobody_else_s_room_open():
    code = FORKED.format(root=str(Path(__file__).parents[1]))
    judge = subprocess.Popen([sys.executable, "-c", code])
    with judge:
        began = psutil.Process(judge.pid)
        while len(brought := began.children(recursive=True)) < 6:  # two rooms, and the fork
            time.sleep(0.02)
        forked = next(each for each in began.children() if each.name() != "bwrap")
        others = forked.children(recursive=True)
        judge.kill()
    try:
        own = [each for each in brought if each not in (forked, *others)]
        assert psutil.wait_procs(own, timeout=10)[1] == []
    finally:
        forked.kill()
    assert psutil.wait_procs(others, timeout=10)[1] == []


def test_a_room_that_is_gone_is_made_anew():
    with Worker() as worker:
        for each in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # what forked it may just be leaving
                if "/judge/_zygote.py" in each.cmdline():
                    each.kill()
        with pytest.raises(WorkerEnded):
            worker.run("x = 1")
    with Worker() as worker:
        worker.run("def f(): return 1")
        assert worker.call("f") == 1


def test_nothing_runs_unless_every_door_is_shut(monkeypatch):
    monkeypatch.setattr("lib.grading._syscalls.program", lambda: b"")
    with pytest.raises(sandbox.NoSandbox, match="prctl: Invalid argument"), Worker():
        pass


def test_what_is_installed_beside_the_grader_s_python_is_not_there(worker):
    worker.run("""import glob, os, sys
def f():
    return [place for root in ('/usr', '/usr/local', sys.prefix)
            for place in glob.glob(f'{root}/lib*/python3*/*-packages') if os.listdir(place)]""")
    assert worker.call("f") == []


def test_the_room_does_not_tell_where_it_stands(worker):
    worker.run("""import os, sys
def f():
    return [sys.prefix, *sys.path, *sys.argv, *os.environ.values(), *os.listdir('/')]""")
    told = " ".join(worker.call("f"))
    assert str(Path(__file__).parent.parent) not in told
    assert "proc" not in told


# ---- modules


def test_torch_is_there_for_an_exercise_that_allows_it():
    cell = """import torch
def f(x):
    x = torch.tensor(x, requires_grad=True)
    torch.optim.SGD([x], 1.0)
    (x * x).sum().backward()
    return x.grad.numpy()"""
    with Worker(modules=("numpy", "torch")) as worker:
        worker.run(cell, 30)
        assert_array_equal(worker.call("f", np.arange(3.0), seconds=30), [0, 2, 4])


PLOTS = {
    "matplotlib": "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = 6, 4\n"
    "fig, axes = plt.subplots(2, 3)\nfor ax in axes.flat: ax.plot([1], label='a')\n"
    "line, = axes[0, 0].plot([1])\nn, bins, patches = plt.hist([1])\n"
    "fig.set_size_inches(2 * fig.get_size_inches())\nwith plt.style.context('x'): plt.show()",
    "IPython": "from IPython.display import display, HTML\ndisplay(HTML('x'))\n"
    "get_ipython().run_line_magic('matplotlib', 'inline')",
    "display": "display(3)",
    "widgets": "import ipywidgets as w\nfrom ipywidgets import interact\n"
    "interact(lambda k: k, k=w.IntSlider(1, 0, 3))",
    "lib": "from lib import widgets, plotting\nfrom lib.widgets import PoolingWindow\n"
    "PoolingWindow(size=3)",
    "grading": "from lib.grading import check\ncheck('pooling.max_pool2d', print)",
}
MAGICS = {
    "%matplotlib inline\nx = 3": 3,
    "!pip install \\\n    torch\nx = 3": 3,
    "x = 3\nx?": 3,
    "?x\nx = 3\nx??": 3,
    "%%time\nx = 3": 3,
    "if True:\n    %time\n    x = 3": 3,
    "%load_ext autoreload\n%autoreload 2\nx = (7\n% 4)": 3,
    "%matplotlib inline\nx = '''\n%a\n!b\nc?'''": "\n%a\n!b\nc?",
    "!echo it's\r\nx = 3": 3,
}


@pytest.mark.parametrize("cell", PLOTS)
def test_a_cell_that_plots_costs_nothing(cell, worker):
    from lib.grading import judge

    exercise = judge.Exercise("a.b", "explain", "", 1, 1)
    assert judge.grade([PLOTS[cell]], [exercise], {}).cell_errors == ()


@pytest.mark.parametrize(("cell", "x"), MAGICS.items(), ids=repr)
def test_lines_for_ipython_are_passed_over_and_no_others(cell, x, worker):
    worker.run(cell)
    assert worker.get("x") == x


# ---- whose room it is


ROOMS = """
import json, sys
sys.path.insert(0, {root!r})
from lib.grading._worker import Worker
from lib.grading import _room, sandbox
sandbox.check()
said = {{}}
with Worker() as worker:
    worker.run("import numpy as np, os, ctypes\\ndef f(x): return 2 * x")
    said["answer"] = worker.call("f", 21)
    for name, line in {tries!r}.items():
        try:
            worker.run(line)
            said[name] = "done"
        except Exception as error:
            said[name] = type(error).__name__
print(json.dumps(said))
"""
TRIES = {
    "read": f"open({str(Path(__file__))!r}).read()",
    "write": "os.mknod('/kept')",
    "fork": "os.fork()",
    "unshare": "assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "kill": "os.kill(2, 9)",
    "power": "assert any(ctypes.CDLL(None).prctl(23, each) == 1 for each in range(41))",
    "proc": "os.listdir('/proc')",
}


def as_ordinary_user(line):
    """Return a command that runs as user 1000, with this Python and this repository in reach."""
    if os.getuid() != 0:
        return line
    shut = set()
    for place in (Path(sys.base_prefix).resolve(), Path(sys.prefix), Path(__file__).parents[1]):
        closed = [each for each in reversed(place.parents) if not each.stat().st_mode & 0o001]
        shut |= {(closed[0], place)} if closed else set()
    opened = ["--bind", "/", "/", "--dev-bind", "/dev", "/dev"]
    for folder in sorted({folder for folder, _ in shut}):
        opened += ["--perms", "0755", "--tmpfs", str(folder)]
    for folder, place in sorted(shut):
        for between in [each for each in reversed(place.parents) if folder in each.parents]:
            opened += ["--perms", "0755", "--dir", str(between)]
        opened += ["--ro-bind", str(place), str(place)]
    user = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"]
    return ["bwrap", *opened, *user, *line]


def test_an_ordinary_user_s_room_is_as_shut():
    allowed = subprocess.run(
        as_ordinary_user(["unshare", "--user", "true"]), capture_output=True, text=True
    )
    if allowed.returncode:
        pytest.skip(f"ordinary users may make no rooms here: {allowed.stderr.strip()}")
    code = ROOMS.format(root=str(Path(__file__).parents[1]), tries=TRIES)
    ran = subprocess.run(
        as_ordinary_user([sys.executable, "-B", "-c", code]), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said.pop("answer") == 42
    assert said == dict.fromkeys(TRIES, "SubmissionError")


# ---- whose slot it is


def test_no_two_threads_or_processes_share_a_slot(tmp_path):
    code = "from lib.grading.sandbox import own_slot; print(own_slot(), flush=True); input()"
    about = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    elsewhere = os.environ | {"TMPDIR": str(tmp_path)}
    others = [
        subprocess.Popen([sys.executable, "-c", code], env=env, **about)
        for env in (os.environ, elsewhere)
    ]
    try:
        slots = [int(other.stdout.readline()) for other in others]
        gate = threading.Barrier(4)
        with ThreadPoolExecutor(4) as pool:
            slots += pool.map(lambda _: (gate.wait(10), sandbox.own_slot())[1], range(4))
    finally:
        for other in others:
            other.kill()
            other.communicate()
    assert len(set(slots)) == 6


def test_a_forked_grader_takes_a_slot_of_its_own():
    code = """import os
from lib.grading.sandbox import own_slot
mine, (out, into) = own_slot(), os.pipe()
if os.fork() == 0:
    os.write(into, str(own_slot()).encode())
    os._exit(0)
assert int(os.read(out, 9)) != mine == own_slot()"""
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- without a room


def test_without_a_sandbox_honest_work_is_graded_and_what_it_started_ends():
    with Worker(slot=None) as worker:
        worker.run("""import subprocess
line = ['sh', '-c', 'sleep 600 & echo $!; wait']
child = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
def f(): return int(child.stdout.readline())""")
        child = worker.call("f")
        os.kill(child, 0)
    for _ in range(50):  # its own parent is gone: the system buries it
        if not Path(f"/proc/{child}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{child}").exists()


def test_no_sandbox_is_said_in_words(monkeypatch):
    monkeypatch.setenv("PATH", "")
    sandbox.check.cache_clear()
    with pytest.raises(
        sandbox.NoSandbox, match=r"bwrap \(bubblewrap, for Linux\), found none\. On Debian"
    ):
        sandbox.check()
    sandbox.check.cache_clear()
