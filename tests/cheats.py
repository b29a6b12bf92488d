"""Submissions that are worth nothing and want points, secrets or harm.

Each is the text of its first cell; `f` stands for every answer that the questions ask for.
"""

PIPES = """
import os, struct, _frames
def pipes():
    found = []
    for number in range(3, 64):
        try: os.fstat(number)
        except OSError: continue
        found.append(number)
    return found
def send(data):
    for number in pipes():
        try: os.write(number, data)
        except OSError: pass
def forged(text, body=b""):
    send(struct.pack("<II", len(text), len(body)) + text + body)
"""
LIBC = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def f(*args, **kwargs):
    done = libc.syscall(%s)
    return float(done) if done >= 0 else 0.0
"""
LIAR = """
import numpy as np
class Liar(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    __ne__ = __lt__ = __gt__ = lambda self, other: np.zeros(self.shape, bool)
    def __array_ufunc__(self, *args, **kwargs): return True
    def __array_function__(self, *args, **kwargs): return True
"""


def answering(text, body="b''"):
    """A submission that writes this frame itself, and ends."""
    return f"{PIPES}\ndef f(*args, **kwargs):\n    forged({text}, {body})\n    os._exit(0)"


def value(tree, body="b''"):
    """A submission that forges a frame with this value in it."""
    return answering(f'b\'{{"dict": {{"value": {tree}}}}}\'', body)


PATCHING = {
    "numpy's comparisons": "import numpy as np, numpy.testing as t\n"
    "t.assert_allclose = np.isclose = np.allclose = np.array_equal = lambda *a, **k: True\n"
    "f = lambda *a, **k: np.ones(3)",
    "builtins": "import builtins\n"
    "for name in 'abs', 'any', 'all', 'isinstance', 'len', 'max', 'sum':\n"
    "    setattr(builtins, name, lambda *a, **k: True)\nf = lambda *a, **k: 1.0",
    "what the worker encodes": "import _frames\nold = _frames.encode\n"
    "_frames.encode = lambda v: old({'value': {'points': 2, 'passed': True}})\n"
    "f = lambda *a, **k: 0",
    "what the worker may send": "import _frames\n_frames.DTYPES.add('object')\n"
    "_frames.MOST_DEEP = 10**9\nimport numpy as np\nf = lambda *a, **k: np.array([object()])",
    "the loop of the worker": "import sys, __main__\n"
    "__main__.perform = lambda request, names: True\nf = lambda *a, **k: 0",
    "the compiler": "import builtins\nold = compile\n"
    "builtins.compile = lambda s, *a, **k: old('f = lambda *a, **k: 1', *a, **k)",
    "syntax trees": "import ast\nclass T(ast.NodeTransformer):\n"
    "    def visit_Assert(self, node): return ast.Pass()\n"
    "ast.parse = lambda *a, **k: ast.Module([], [])\nf = lambda *a, **k: 0",
    "the input of IPython": "ip = get_ipython()\n"
    "ip.input_transformers_post.append(lambda lines: ['passed = True'])\n"
    "ip.ast_node_interactivity = 'all'\nimport sys\nsys.displayhook = lambda v: None\n"
    "def f(*a, **k): sys.displayhook('full')",
    "tracing": "import sys, threading\ndef trace(frame, event, arg):\n"
    "    if 'answer' in frame.f_locals: frame.f_locals['answer'] = True\n"
    "    return trace\nsys.settrace(trace); threading.settrace(trace)\nf = lambda *a, **k: 0",
    "an audit hook": "import sys\ndef hook(event, args):\n"
    "    if event == 'compile': raise SystemExit\n"
    "sys.addaudithook(hook)\nf = lambda *a, **k: 0",
    "the check": "import lib.grading\nlib.grading.check = lambda *a, **k: 'passed'\n"
    "def f(*a, **k): return lib.grading.check(*a)",
}
IMPORTS = {
    "the reference": "from lib.reference.pooling import max_pool2d as f",
    "the reference, from its file": "import sys\n"
    "sys.modules.pop('lib'); sys.path[:0] = ['/work', '/repository', '/src', '.', '/']\n"
    "from lib.reference.pooling import max_pool2d as f",
    "a false reference": "import sys, types\nfor n in 'lib.reference', 'lib.grading.judge':\n"
    "    sys.modules[n] = types.ModuleType(n)\nsys.modules['lib.grading.judge'].grade = print\n"
    "f = lambda *a, **k: 0",
    "an import hook": "import sys\nclass H:\n"
    "    def find_spec(self, *a): raise SystemExit\n"
    "sys.meta_path.insert(0, H())\nf = lambda *a, **k: 0",
    "torch": "import torch.nn.functional as F, torch\n"
    "def f(x, k, s, p): return F.max_pool2d(torch.tensor(x), k, s, p).numpy()",
    "what is installed": "import sys, glob\n"
    "sys.path += glob.glob('/*/lib*/python3*/*-packages') + glob.glob('/opt/*')\nimport scipy\n"
    "from scipy.ndimage import maximum_filter as f",
    "pip": "import runpy, sys\nsys.argv = ['pip', 'install', 'torch']\n"
    "runpy.run_module('pip')\nf = lambda *a, **k: 0",
}
LEAVING = {
    "at once": "import os\nos._exit(0)",
    "in the answer": "import os\ndef f(*a, **k): os._exit(0)",
    "with SystemExit": "raise SystemExit(0)",
    "with an exit in the answer": "def f(*a, **k): exit()",
    "at exit": PIPES + "import atexit\natexit.register(lambda: forged(b'true'))\n"
    "def f(*a, **k): raise SystemExit",
    "by a signal": "import os, signal\ndef f(*a, **k): os.kill(os.getpid(), signal.SIGKILL)",
    "stopped": "import os, signal\ndef f(*a, **k): os.kill(0, signal.SIGSTOP)",
    "ignoring signals": "import signal, time\nfor n in range(1, 65):\n"
    "    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
    "def f(*a, **k): time.sleep(600)",
    "crashing": "import ctypes\ndef f(*a, **k): ctypes.memset(0, 1, 1)",
    "as another program": "import os\ndef f(*a, **k):\n"
    "    os.execv('/usr/bin/yes', ['yes', 'full points'])",
}
FRAMES = {
    "the judge's request": "import sys, gc\ndef f(*a, **k):\n"
    "    request = sys._getframe(1).f_locals['request']\n"
    "    return request.get('expected', request.get('points', [\n"
    "        o for o in gc.get_objects() if isinstance(o, dict) and 'expected' in o][:1]))",
    "the names": "import sys\ndef f(*a, **k):\n"
    "    names = sys._getframe(1).f_locals['names']\n    names['passed'] = True\n    return True",
    "an answer ahead": PIPES + "send(_frames.encode({'value': 2.0}) * 50)\n"
    "def f(*a, **k): return 2.0",
    "an answer twice": PIPES + "def f(*a, **k):\n"
    "    send(_frames.encode({'value': 1.0}))\n    return 1.0",
    "garbage": PIPES + "def f(*a, **k):\n    send(os.urandom(4096))\n    os._exit(0)",
    "deep": answering("b'[' * 900_000"),
    "deep and right in form": answering("b'{\"list\":[' * 9000 + b']}' * 9000"),
    "wide": answering("b'{\"list\": [' + b'{},' * 300_000 + b'0]}'"),
    "of huge digits": answering("b'9' * 1_000_000"),
    "of many digits": value("' + b'9' * 290 + b'"),
    "of NaN": value("NaN"),
    "of infinity": value("-Infinity"),
    "keys of NaN": value('{"dict": {"NaN": NaN, "": null}}'),
    "a size that hides another": value(
        '{"array": ["float64", [0, 2147483647, 2147483647, 2147483647]]}'
    ),
    "sizes that overflow": value('{"array": ["float64", [4294967296, 4294967296]]}'),
    "sizes whose product overflows": value(
        '{"array": ["int8", [2147483647, 2147483647, 2147483647, 2147483647]]}'
    ),
    "a negative size": value('{"array": ["float64", [-1]]}', "b'12345678'"),
    "a negative pair": value('{"array": ["float64", [-1, -1]]}', "b'12345678'"),
    "another dtype": value('{"array": ["object", [1]]}', "b'12345678'"),
    "a dtype of text": value('{"array": ["U2", [1]]}', "b'12345678'"),
    "an error of a megabyte": answering(
        'b\'{"dict": {"error": "\' + b"E" * 500_000 + b\'", "message": "\' + b"m" * 400_000 + '
        "b'\"}}'"
    ),
    "an error that is none": answering('b\'{"dict": {"error": 1, "message": null}}\''),
    "an error and a value": answering('b\'{"dict": {"value": 1, "error": "E"}}\''),
    "two of one key": answering('b\'{"dict": {"value": 0, "value": true}}\''),
    "no text": answering("b''"),
    "text in another code": answering("'null'.encode('utf-32')"),
    "slowly": PIPES + "import time\ndef f(*a, **k):\n"
    "    while True: send(b'\\x08'); time.sleep(0.1)",
    "without end": PIPES + "def f(*a, **k):\n    while True: send(b'x' * 65536)",
    "more than is read": "f = lambda *a, **k: 'x' * 10**7",
}
FILES = {
    "of the system": "def f(*a, **k): return open('/etc/shadow').read()",
    "of a process": "def f(*a, **k): return open('/proc/self/environ').read()",
    "of the first process": "def f(*a, **k): return open('/proc/1/mem', 'r+b').read(1)",
    "of the kernel": "import os\ndef f(*a, **k): return os.listdir('/sys')",
    "of a disk": "import os\ndef f(*a, **k):\n"
    "    os.mknod('/dev/shm/disk', 0o60600, os.makedev(254, 0))",
    "the gradebook": "import sqlite3\ndef f(*a, **k):\n"
    "    for p in 'gradebook.db', '/gradebook.db', '../gradebook.db':\n"
    "        sqlite3.connect(p).execute('UPDATE grade SET auto_score = max_score')",
    "the key": "import os\ndef f(*a, **k): return next(\n"
    "    open(f'{d}/{n}').read() for d, _, ns in os.walk('/') for n in ns if n == 'secret.key')",
    "its interpreter": "import os, json\ndef f(*a, **k):\n    os.chmod(json.__file__, 0o777)\n"
    "    open(json.__file__, 'a').write('raise SystemExit')",
    "a link": "import os\ndef f(*a, **k):\n    os.symlink('/etc/passwd', '/dev/shm/x')\n"
    "    return open('/dev/shm/x').read()",
    "the terminal": "import fcntl, os, termios\ndef f(*a, **k):\n"
    "    t = os.open('/dev/tty', os.O_RDWR)\n    fcntl.ioctl(t, termios.TIOCSTI, b'x')",
    "a program of root": "import os\ndef f(*a, **k):\n"
    "    os.execv('/usr/bin/su', ['su', '-c', 'id'])",
}
NETWORK = {
    "IPv4": "import socket\ndef f(*a, **k): return socket.create_connection(('127.0.0.1', 80), 1)",
    "IPv6": "import socket\ndef f(*a, **k): return socket.create_connection(('::1', 80), 1)",
    "a name": "import socket\ndef f(*a, **k): return socket.gethostbyname('example.org')",
    "an abstract socket": "import socket\ndef f(*a, **k):\n"
    "    socket.socket(socket.AF_UNIX).connect('\\0descent-slot-0-0')",
    "netlink": "import socket\ndef f(*a, **k): socket.socket(16, 3, 0)",
    "packets": "import socket\ndef f(*a, **k): socket.socket(17, 3, 0)",
    "the host": "import socket\ndef f(*a, **k): socket.socket(40, 1).connect((2, 22))",
    "urllib": "from urllib.request import urlopen\ndef f(*a, **k): return urlopen('http://[::1]')",
}
PROCESSES = {
    "fork": "import os, time\nif os.fork() == 0: time.sleep(600)",
    "a daemon": "import os, time\ndef f(*a, **k):\n    if os.fork() == 0:\n        os.setsid()\n"
    "        if os.fork() == 0: time.sleep(600)",
    "a program": "import subprocess\ndef f(*a, **k): return subprocess.run(['id'])",
    "a pool": "from multiprocessing import Pool\ndef f(*a, **k): return Pool(4).map(abs, [1])",
    "threads that go on": "import threading, time\ndef f(*a, **k):\n"
    "    threading.Thread(target=time.sleep, args=(600,)).start()\n    return 1.0",
    "threads that answer": PIPES + "import threading, time\ndef late():\n"
    "    for _ in range(99): time.sleep(0.005); send(_frames.encode({'value': 2.0}))\n"
    "threading.Thread(target=late, daemon=True).start()\nf = lambda *a, **k: 1.0",
    "a thread bomb": "import threading, time\ndef f(*a, **k):\n    while True:\n"
    "        threading.Thread(target=time.sleep, args=(600,)).start()",
    "clone3": LIBC % "435, ctypes.byref((ctypes.c_ulong * 11)()), 88",
    "a new user": LIBC % "272, 0x10000000",
    "io_uring": LIBC % "425, 8, ctypes.byref((ctypes.c_ulong * 15)())",
    "a kernel program": LIBC % "321, 0, 0, 0",
    "a key": LIBC % "248, b'user', b'k', b'v', 1, -4",
    "shared memory": LIBC % "29, 0, 1 << 30, 0o600",
    "another set of calls": LIBC % "0x40000000 + 57",
}
RESOURCES = {
    "memory": "def f(*a, **k):\n    kept = []\n    while True: kept.append(bytearray(1 << 26))",
    "memory at once": "import numpy as np\ndef f(*a, **k): return np.ones(1 << 40)",
    "memory and no error": "kept = []\ndef f(*a, **k):\n    while True:\n"
    "        try: kept.append(bytearray(1 << 26))\n        except MemoryError: return 1.0",
    "disk": "def f(*a, **k): open('/kept', 'wb').write(b'x' * (1 << 30))",
    "files": "import os\ndef f(*a, **k):\n    while True: os.open('/dev/null', 0)",
    "a sleep": "import time\ndef f(*a, **k): time.sleep(600)",
    "a sleep at once": "import time\ntime.sleep(600)",
    "a loop": "def f(*a, **k):\n    while True: pass",
    "a loop in C": "def f(*a, **k): return pow(3, 10**9)",
    "a power": "import re\ndef f(*a, **k): re.fullmatch('(a|aa)+b', 'a' * 99)",
    "recursion": "def f(*a, **k): return f(*a, **k)",
    "recursion in C": "import sys\nsys.setrecursionlimit(10**9)\ndef f(*a, **k): return f()",
    "a cell that never compiles": "x = " + "(" * 5000 + "1" + ")" * 5000,
    "a cell of a megabyte": "x = 1\n" * 200_000 + "?",
}
OBJECTS = {
    "an array that lies": LIAR + "f = lambda *a, **k: np.ones(3).view(Liar)",
    "a shape that lies": LIAR + "class S(Liar): shape = (2, 2)\n"
    "f = lambda *a, **k: np.ones(3).view(S)",
    "always equal": "class E:\n    def __eq__(self, o): return True\n"
    "    def __len__(self): return 2\n    __array__ = lambda self, *a, **k: 1\n"
    "f = lambda *a, **k: E()",
    "a class that lies": "import numpy as np\nclass C:\n"
    "    __class__ = property(lambda self: np.ndarray)\n    dtype = np.dtype(float)\n"
    "    shape = (2,)\n    def __array__(self, *a, **k): return np.ones(2)\n"
    "f = lambda *a, **k: C()",
    "a number that lies": "class N(float):\n    def __eq__(self, o): return True\n"
    "    __repr__ = lambda self: '1, 2'\n    __float__ = lambda self: 2.0\n"
    "f = lambda *a, **k: N(0)",
    "a word that lies": "class W(str):\n    def __eq__(self, o): return True\n"
    "    __hash__ = str.__hash__\nf = W('supported?')",
    "a list that lies": "class L(list):\n    def __len__(self): return 5\n"
    "    def __iter__(self): return iter([1] * 9)\nf = lambda *a, **k: L()",
    "a pickle": "class P:\n    def __reduce__(self): return (print, ('x',))\n"
    "f = lambda *a, **k: P()",
    "a generator": "f = lambda *a, **k: (i for i in range(9))",
    "nothing": "f = None",
    "itself": "f = []\nf.append(f)",
    "what it was given": "f = lambda *a, **k: a",
    "public answers": "answers = {4: 1.0, 9: 2.0}\nf = lambda *a, **k: answers.get(len(a), 0.0)",
    "every answer": "f = {'max': None, 'avg': None, '20': 'supported', '1000': 'refuted'}",
    "words for numbers": "f = lambda *a, **k: '2.0'",
    "numbers too large": "f = lambda *a, **k: 10**299",
    "nothing of no size": "import numpy as np\nf = lambda *a, **k: np.zeros((0, 9))",
}
TEXT = {
    "hidden inputs in an error": "def f(*a, **k):\n"
    "    raise ValueError(repr([getattr(x, 'tolist', lambda: x)() for x in a]))",
    "hidden inputs in the error's name": "def f(*a, **k):\n"
    "    raise type(repr(a).replace('\\n', ' '), (Exception,), {})('')",
    "hidden inputs in an answer": "f = lambda *a, **k: repr(a)",
    "hidden inputs in a key": "f = lambda *a, **k: {repr(a): 1}",
    "colours": "def f(*a, **k): raise ValueError('\\x1b[2J\\x1b]0;full\\x07 \\u202e points')\nf()",
    "markup": "raise ValueError('<script>alert(1)</script><img src=x onerror=alert(1)>')",
    "no characters": "def f(*a, **k): raise ValueError('\\0\\ud800\\x7f')\nf()",
    "a long error": "raise ValueError('x' * 10**7)",
    "an error with a long name": "raise type('E' * 10**6, (Exception,), {})('x')",
    "an error that is no text": "class E(Exception):\n    def __str__(self): return 1\n"
    "def f(*a, **k): raise E\nf()",
    "an error with endless text": "class S(str):\n"
    "    def __getitem__(self, i): return 'y' * 10**7\nclass E(Exception):\n"
    "    def __str__(self): return S('x')\ndef f(*a, **k): raise E\nf()",
    "a NUL in a cell": "x = 1\0",
    "half a character in a cell": "x = '\ud800'",
    "much printing": "def f(*a, **k):\n    for _ in range(1000): print('x' * 10**5)\n"
    "    return 1.0",
}
CHEATS = {
    f"{family}: {name}": cell
    for family, cheats in {
        "patching": PATCHING,
        "imports": IMPORTS,
        "leaving": LEAVING,
        "frames": FRAMES,
        "files": FILES,
        "network": NETWORK,
        "processes": PROCESSES,
        "resources": RESOURCES,
        "objects": OBJECTS,
        "text": TEXT,
    }.items()
    for name, cell in cheats.items()
}
