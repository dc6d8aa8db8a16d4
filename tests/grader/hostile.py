"""Hostile submissions by family. Plain data: each is source text put before an answer.

`CHEATS` come with a wrong answer and try to have it accepted. `ATTACKS` come with a right answer,
hide their errors where they can, and must still not be accepted.
"""

HIDDEN = """
try:
{body}
except BaseException:
    pass
"""


def hidden(body: str) -> str:
    """The body with every error swallowed."""
    return HIDDEN.format(body="\n".join("    " + line for line in body.strip().splitlines()))


CHEATS = {
    "patch allclose": "import torch\ntorch.allclose = lambda *a, **k: True",
    "patch equal": (
        "import torch\ntorch.equal = lambda *a, **k: True\ntorch.Tensor.equal = torch.equal"
    ),
    "patch testing": "import torch\ntorch.testing.assert_close = lambda *a, **k: None",
    "patch comparison operators": (
        "import torch\ntorch.Tensor.__le__ = lambda a, b: torch.ones_like(a, dtype=torch.bool)\n"
        "torch.Tensor.__eq__ = torch.Tensor.__le__"
    ),
    "patch randn to zeros": "import torch\ntorch.randn = lambda *s, **k: torch.zeros(*s)",
    "patch builtins": "import builtins\nbuiltins.all = builtins.any = lambda *_: True",
    "patch isinstance": "import builtins\nbuiltins.isinstance = lambda *_: True",
    "patch the assert's error": "import builtins\nbuiltins.AssertionError = ValueError",
    "replace a module": "import sys, types\nsys.modules['grader'] = types.ModuleType('grader')",
    "import the grader": hidden("import grader\ngrader.check = lambda *_: True"),
    "import the kit": hidden("from grader import kit\nkit.Trial.equal = lambda *_, **__: None"),
    "import the solution": hidden(
        "import solution\nMultiHeadAttention = solution.MultiHeadAttention"
    ),
    "import by path": hidden(
        "import sys\nsys.path.insert(0, '.')\nfrom solutions import reference"
    ),
    "walk the frames": hidden(
        "import sys\nframe = sys._getframe()\n"
        "while frame:\n"
        "    for value in list(frame.f_locals.values()):\n"
        "        if hasattr(value, 'host'):\n"
        "            value.host.call = lambda *_: None\n"
        "    frame = frame.f_back"
    ),
    "patch the server": hidden(
        "import sys\nframe = sys._getframe()\n"
        "while frame:\n"
        "    server = frame.f_locals.get('self')\n"
        "    if hasattr(server, 'channel'):\n"
        "        type(server).answer = lambda *_: {'value': True}\n"
        "    frame = frame.f_back"
    ),
    "search traceback": hidden(
        "try:\n    raise ValueError\nexcept ValueError as error:\n"
        "    print(error.__traceback__.tb_frame.f_back.f_locals)"
    ),
    "search subclasses": hidden("print(len(object.__subclasses__()))"),
    "search modules": hidden(
        "import sys\nfor name, module in list(sys.modules.items()):\n"
        "    for key, value in list(vars(module).items()):\n"
        "        if 'reference' in key.lower():\n            print(name, key)"
    ),
    "print a verdict": (
        'print(\'{"verdict": "accepted", "checks": [], "seed": 0}\')\nprint(\'accepted\')'
    ),
    "environment": "import os\nprint(sorted(os.environ))",
    "equal to everything": (
        "import torch\n"
        "class Liar(torch.Tensor):\n"
        "    def __eq__(self, other): return True\n"
        "    __ne__ = __eq__\n"
    ),
    "seed guessing": "import torch, random\ntorch.manual_seed(0)\nrandom.seed(0)",
    "default dtype": "import torch\ntorch.set_default_dtype(torch.float16)",
    "deterministic zeros": "import torch\ntorch.set_printoptions(precision=0)",
    "exit handler": "import atexit\natexit.register(print, 'accepted')",
    "finaliser": "class Ghost:\n    def __del__(self): print('accepted')\nghost = Ghost()",
    "weak reference": "import weakref\nweakref.finalize(object, print, 'accepted')",
    "import hook": (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, *_): return None\n"
        "sys.meta_path.insert(0, Finder())"
    ),
    "excepthook": "import sys\nsys.excepthook = lambda *_: print('accepted')",
    "displayhook": "import sys\nsys.stdout = sys.stderr = None",
}

ATTACKS = {
    # Files, by every route
    "read the passwords": hidden("open('/etc/passwd').read()"),
    "read a relative path": hidden("open('solutions/multi-head-attention/solution.py').read()"),
    "read through os.open": hidden("import os\nos.open('/etc/hostname', os.O_RDONLY)"),
    "read through pathlib": hidden("import pathlib\npathlib.Path('/etc/hosts').read_text()"),
    "read through io": hidden("import io\nio.FileIO('/etc/hosts').read()"),
    "read the process table": hidden("import os\nos.listdir('/proc')"),
    "read own environment": hidden("open('/proc/self/environ', 'rb').read()"),
    "read own memory": hidden("open('/proc/self/mem', 'rb').read(1)"),
    "read the parent's memory": hidden("open('/proc/1/mem', 'rb').read(1)"),
    "read through a root link": hidden("open('/proc/self/root/etc/passwd').read()"),
    "read the home folder": hidden("import os\nopen(os.path.expanduser('~/.bash_history')).read()"),
    "read through torch": hidden("import torch\ntorch.load('/etc/passwd', weights_only=False)"),
    "read through numpy": hidden("import numpy\nnumpy.fromfile('/etc/passwd')"),
    "walk the tree": hidden("import os\nprint(next(os.walk('/')))\nos.listdir('/home')"),
    "read beside torch": hidden(
        "import torch, os\nos.listdir(os.path.dirname(torch.__path__[0]) + '/streamlit')"
    ),
    "follow a link": hidden("import os\nos.symlink('/etc/passwd', 'x')\nopen('x').read()"),
    "write a file": hidden("open('/tmp/left-behind', 'w').write('x')"),
    "write beside torch": hidden("import torch\nopen(torch.__file__, 'a').write('#')"),
    "delete a file": hidden("import os, torch\nos.remove(torch.__file__)"),
    "make a folder": hidden("import os\nos.mkdir('/tmp/left-behind')"),
    "temporary file": hidden("import tempfile\ntempfile.TemporaryFile()"),
    "database": hidden(
        "import sqlite3\nsqlite3.connect('/tmp/left-behind.db').execute('select 1')"
    ),
    # The judge's channel
    "forge a frame": (
        "import os\n"
        "for handle in range(3, 64):\n"
        "    try:\n"
        "        os.write(handle, b'\\0\\0\\0\\x10\\0\\0\\0\\0' + b'{}'.ljust(16))\n"
        "    except OSError:\n"
        "        pass\n"
    ),
    "forge many frames": (
        "import os, json\n"
        "for n in range(200):\n"
        "    text = json.dumps({'tree': {'seq': n, 'value': True}, 'tensors': []}).ljust(64)\n"
        "    frame = len(text).to_bytes(4, 'big') + bytes(4) + text.encode()\n"
        "    for handle in range(3, 16):\n"
        "        try:\n"
        "            os.write(handle, frame)\n"
        "        except OSError:\n"
        "            pass\n"
    ),
    "close the channel": "import os\nos.closerange(3, 64)",
    "answer a huge header": (
        "import os\nfor handle in range(3, 16):\n"
        "    try:\n        os.write(handle, b'\\xff' * 64)\n"
        "    except OSError:\n        pass\n"
    ),
    # Ends
    "exit": "raise SystemExit(0)",
    "sys.exit": "import sys\nsys.exit()",
    "os._exit": "import os\nos._exit(0)",
    "abort": "import os\nos.abort()",
    "kill itself": "import signal\nsignal.raise_signal(signal.SIGKILL)",
    "kill its parent": hidden("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    "kill everyone": hidden("import os, signal\nos.kill(-1, signal.SIGKILL)"),
    "crash through ctypes": "import ctypes\nctypes.string_at(0)",
    "crash by recursion": (
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "class A:\n    def __getattr__(self, name): return getattr(self, name + 'x')\n"
        "A().y"
    ),
    "keyboard interrupt": "raise KeyboardInterrupt",
    # Processes and network
    "fork": hidden("import os\nif os.fork() == 0: os._exit(0)"),
    "fork bomb": "import os\nwhile True:\n    os.fork()",
    "system": hidden("import os\nos.system('true')"),
    "subprocess": hidden("import subprocess\nsubprocess.run(['true'])"),
    "spawn": hidden("import os\nos.posix_spawn('/bin/true', ['true'], {})"),
    "exec": hidden("import os\nos.execv('/bin/sh', ['sh'])"),
    "multiprocessing": hidden(
        "import multiprocessing\np = multiprocessing.get_context('fork').Process(target=print)\n"
        "p.start()"
    ),
    "tcp": hidden("import socket\nsocket.create_connection(('127.0.0.1', 80), 1)"),
    "udp": hidden("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)"),
    "unix socket": hidden("import socket\nsocket.socket(socket.AF_UNIX)"),
    "netlink": hidden("import socket\nsocket.socket(16, socket.SOCK_RAW)"),
    "url": hidden("import urllib.request\nurllib.request.urlopen('http://127.0.0.1')"),
    "foreign function": hidden("import ctypes\nctypes.CDLL(None).fork()"),
    "foreign function by name": hidden("import ctypes\nctypes.pythonapi.Py_Exit(0)"),
    "collector": hidden("import gc\ngc.get_objects()"),
    # Resources
    "endless loop": "while True: pass",
    "endless regular expression": "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
    "endless sum": "sum(iter(int, 1))",
    "endless in C++": (
        "import torch\nx = torch.rand(2000, 2000)\nwhile True:\n    x = x @ x / 2000"
    ),
    "sleep": "import time\ntime.sleep(1000)",
    "deaf to signals": (
        "import signal\n"
        "for n in range(1, 32):\n"
        "    try:\n        signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n        pass\n"
        "while True: pass"
    ),
    "deadlock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "memory": "hog = []\nwhile True:\n    hog.append(bytearray(1 << 26))",
    "memory at once": "hog = [0] * (1 << 34)",
    "memory in torch": "import torch\nhog = [torch.ones(1 << 26) for _ in range(1000)]",
    "many threads": (
        "import threading\nstop = threading.Event()\n"
        "while True:\n    threading.Thread(target=stop.wait, daemon=True).start()"
    ),
    "output flood": "while True:\n    print('x' * 100000)",
    "output at once": "print('x' * (1 << 24))",
    "errors flood": "import sys\nwhile True:\n    sys.stderr.write('y' * 4096)",
    # Exceptions that fight back
    "error without words": (
        "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad"
    ),
    "error that never ends": (
        "class Bad(Exception):\n    def __str__(self):\n        while True: pass\nraise Bad"
    ),
    "error of errors": "class Bad(BaseException):\n    pass\nraise Bad('x' * 10**7)",
    # Sources
    "null byte": "x = 1\0",
    "five megabytes": "x = '" + "a" * (5 << 20) + "'",
    "deep nesting": "x = " + "(" * 5000 + ")" * 5000,
    "deep unary": "x = " + "-" * 100000 + "1",
    "lone surrogate": "x = '\ud800'",
    "no syntax": "def f(:",
    "bad indentation": "def f():\nreturn 1",
    "huge number": "x = " + "9" * 100000,
}

# Results that lie: the body of a forward.
LIES = {
    "none": "return None",
    "a string": "return 'accepted'",
    "a number": "return 1.0",
    "not a number": "return torch.full_like(query, float('nan'))",
    "infinite": "return torch.full_like(query, float('inf'))",
    "half precision": "return query.half()",
    "complex": "return torch.complex(query, query)",
    "integers": "return query.long()",
    "sparse": "return query.to_sparse()",
    "no data": "return query.to('meta')",
    "empty": "return query[:0]",
    "one more dimension": "return query[None]",
    "a huge view": "return query.flatten()[0].expand(1 << 40)",
    "a list": "return [query]",
    "a dictionary": "return {'output': query}",
    "nested for ever": "x = [query]\n        for _ in range(500): x = [x]\n        return x",
    "a list of itself": "x = []\n        x.append(x)\n        return x",
    "numpy": "return query.detach().numpy()",
    "a generator": "return (q for q in query)",
    "a subclass": (
        "class Liar(torch.Tensor):\n"
        "            @classmethod\n"
        "            def __torch_function__(cls, func, types, args=(), kwargs=None):\n"
        "                return True\n"
        "        return query.as_subclass(Liar)"
    ),
    "a wrapper without data": (
        "class Empty(torch.Tensor):\n"
        "            @staticmethod\n"
        "            def __new__(cls): return torch.Tensor._make_wrapper_subclass(cls, (2, 2))\n"
        "            @classmethod\n"
        "            def __torch_dispatch__(cls, func, types, args=(), kwargs=None):\n"
        "                return args[0]\n"
        "        return Empty()"
    ),
    "a quantised tensor": "return torch.quantize_per_tensor(query.float(), 1.0, 0, torch.qint8)",
    "an endless result": "while True: pass",
    "an exception": "raise RuntimeError('no')",
    "a wall of text": "return 'x' * 10**8",
    "thousands of tensors": "return tuple(query.clone() for _ in range(5000))",
}
