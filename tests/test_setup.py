"""The set-up, run for real on a small project whose packages are made here: no network needed."""

import ast
import contextlib
import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from pathlib import Path

import pytest

from tools import packages, serving, setup, tasks

ROOT = Path(__file__).resolve().parent.parent
WINDOWS = os.name == "nt"
pytestmark = pytest.mark.skipif(WINDOWS, reason="walks the layout that a .venv has elsewhere")


def make_wheel(folder: Path, name: str, version: str, files_of_data: int = 1) -> None:
    """A wheel of one module and data, its metadata first, as a killed install would find it."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-version={name}:show\n",
        f"{name}/__init__.py": f"def show():\n    print('{name} {version}')\n",
        **{f"{name}/{i}.txt": "data" for i in range(files_of_data)},
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


class Project:
    """A copy of the set-up in a folder of its own, with small requirements."""

    def __init__(self, root: Path, wheels: Path) -> None:
        self.root, self.wheels = root, wheels
        self.venv = root / ".venv"
        shutil.copytree(ROOT / "tools", root / "tools")
        shutil.copy(ROOT / "Makefile", root)
        (root / "requirements.txt").write_text("# run-time\nalpha>=1,<2\nbeta_two>=1\n")
        (root / "requirements-dev.txt").write_text("gamma\n")

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start `tools/make.py` with no index but the folder of wheels, and no network."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
        env |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_NO_CACHE_DIR": "1"}
        env |= {"PIP_FIND_LINKS": self.wheels.as_uri(), "https_proxy": "http://127.0.0.1:9"}
        return subprocess.Popen(
            [sys.executable, "tools/make.py", *arguments],
            cwd=self.root,
            env=env | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make(self, *arguments: str, status: int = 0, **settings: str) -> str:
        """Run it to its end; its output."""
        process = self.start(*arguments, **settings)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == status, output
        return output

    def says(self, code: str) -> str:
        """What .venv's Python prints for `code`."""
        command = [self.venv / "bin" / "python", "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def site(self) -> Path:
        return Path(self.says("import alpha; print(alpha.__path__[0])")).parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    base = tmp_path_factory.mktemp("set up 环境")
    wheels = base / "wheels"
    make_wheel(wheels, "alpha", "1.0")
    make_wheel(wheels, "beta_two", "1.0", files_of_data=3000)
    make_wheel(wheels, "gamma", "1.0")
    project = Project(base / "a project", wheels)
    assert "Making .venv" in project.make("setup")
    return project


@pytest.fixture
def project(built: Project) -> Project:
    """A project whose set-up is complete; what a test breaks, it mends."""
    built.make("setup")
    return built


def test_the_second_run_has_nothing_to_do_and_needs_no_index(project: Project) -> None:
    assert project.make("setup", PIP_FIND_LINKS="") == "Headroom is ready: make run\n"


@pytest.mark.parametrize("damage", ["deleted", "corrupted", "no pip"])
def test_a_broken_interpreter_is_mended_without_an_index(project: Project, damage: str) -> None:
    python = project.venv / "bin" / "python"
    site = project.site()
    if damage == "no pip":
        shutil.rmtree(site / "pip" / "_internal")
        project.venv.joinpath("headroom.json").unlink()
    else:
        python.unlink()
    if damage == "corrupted":
        python.write_text("no program\n")
        python.chmod(0o755)
    note = site / "alpha" / "kept.txt"
    note.write_text("the packages were not installed anew")
    assert "mending" in project.make("setup", PIP_FIND_LINKS="")
    assert note.exists()
    assert (site / "beta_two" / "2999.txt").exists()


def test_a_killed_install_is_taken_up(project: Project) -> None:
    shutil.rmtree(project.venv)
    project.venv.write_text("not even a folder")
    process = project.start("setup")
    deadline = time.monotonic() + 60
    while not (parts := [*project.venv.glob("lib/*/site-packages/beta_two/1*.txt")]):
        assert process.poll() is None
        assert time.monotonic() < deadline
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    site = parts[0].parent.parent
    assert not (site / "beta_two" / "2999.txt").exists(), "it was killed too late"
    assert (site / "beta_two-1.0.dist-info" / "METADATA").exists()
    assert "half installed" in project.make("setup")
    assert (site / "beta_two" / "2999.txt").exists()


def test_a_lost_package_is_noticed(project: Project) -> None:
    shutil.rmtree(project.site() / "alpha-1.0.dist-info")
    shutil.rmtree(project.site() / "alpha")
    project.make("setup")
    assert project.says("import alpha; alpha.show()") == "alpha 1.0"


def test_a_moved_folder_goes_on_working_without_an_index(project: Project) -> None:
    moved = project.root.with_name("elsewhere")
    project.root.rename(moved)
    project.root, project.venv = moved, moved / ".venv"
    assert "moved" in project.make("setup", PIP_FIND_LINKS="")
    script = subprocess.run([project.venv / "bin" / "alpha-version"], capture_output=True)
    assert script.stdout == b"alpha 1.0\n"
    assert str(moved) in (project.venv / "bin" / "activate").read_text()
    assert project.make("setup") == "Headroom is ready: make run\n"


def test_changed_requirements_are_installed(project: Project) -> None:
    make_wheel(project.wheels, "alpha", "1.1")
    (project.root / "requirements.txt").write_text("alpha>=1.1,<2\nbeta_two>=1\n")
    project.make("setup")
    assert project.says("import alpha; alpha.show()") == "alpha 1.1"


def test_a_failed_install_says_why_and_is_tried_again(project: Project) -> None:
    file = project.root / "requirements.txt"
    kept = file.read_text()
    file.write_text("alpha>=1,<2\nmissing_package\n")
    output = project.make("setup", status=1)
    assert "missing_package" in output
    assert "try again" in output
    assert "Traceback" not in output
    file.write_text(kept)
    assert "complete" in project.make("setup")


def test_packages_that_do_not_start_are_reported(project: Project) -> None:
    file = project.root / "requirements.txt"
    kept = file.read_text()
    make_wheel(project.wheels, "broken", "1.0")
    file.write_text("broken\n")
    project.make("setup")
    broken = Path(project.says("import broken; print(broken.__file__)"))
    broken.write_text("import nowhere\n")
    project.venv.joinpath("headroom.json").unlink()
    assert "damaged" in project.make("setup")
    assert project.says("import broken; broken.show()") == "broken 1.0"
    file.write_text(kept)


def test_two_set_ups_at_once_do_the_work_once(project: Project) -> None:
    project.venv.joinpath("headroom.json").unlink()
    outputs = [p.communicate()[0] for p in [project.start("setup"), project.start("setup")]]
    assert sum("The set-up is complete" in output for output in outputs) == 1
    assert all("Headroom is ready" in output for output in outputs)


@contextlib.contextmanager
def index(folder: Path):
    """A package index on this machine that serves `folder`."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.func.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_choice_of_torch_is_kept(project: Project, tmp_path: Path) -> None:
    make_wheel(project.wheels, "torch", "2.13.0")
    make_wheel(tmp_path / "torch", "torch", "2.13.0+cu130")
    show = "import torch; torch.show()"
    file = project.root / "requirements.txt"
    kept = file.read_text()
    file.write_text(kept + "torch==2.13.0\n")
    assert "cannot be reached" in project.make("setup")
    assert project.says(show) == "torch 2.13.0"
    with index(tmp_path) as url:
        project.make("setup", HEADROOM_TORCH_INDEX=url, PIP_NO_INDEX="")
    assert project.says(show) == "torch 2.13.0+cu130"
    assert project.make("setup") == "Headroom is ready: make run\n"
    file.write_text(kept + "torch==2.13.0\n# changed\n")
    project.make("setup")
    assert project.says(show) == "torch 2.13.0+cu130"
    file.write_text(kept)


class FakePip:
    """Notes what would be installed; the index named in `broken` fails."""

    def __init__(self, broken: str = "") -> None:
        self.calls: list[tuple[str, ...]] = []
        self.broken = broken

    def settings(self) -> dict[str, str]:
        return {}

    def install(self, *arguments: str) -> None:
        self.calls.append(arguments)
        if self.broken and self.broken in arguments:
            raise packages.SetupError("the index went away")


@pytest.mark.parametrize(
    ("answers", "broken", "indexes"),
    [
        (True, "", [packages.CPU_INDEX]),
        (False, "", [None]),
        (True, packages.CPU_INDEX, [packages.CPU_INDEX, None]),
    ],
)
def test_the_cpu_index_is_used_only_if_it_serves(monkeypatch, answers, broken, indexes) -> None:
    monkeypatch.setattr(packages, "reachable", lambda *_: answers)
    pip = FakePip(broken)
    packages.install_cpu_torch(pip, "torch==2.13.0", ["torch==2.13.0"])
    assert [call[2] if "--index-url" in call else None for call in pip.calls] == indexes


def test_the_probe_waits_for_no_silent_server(monkeypatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(packages, "PROBE_SECONDS", 0.3)
    with index(tmp_path) as url:
        assert packages.reachable(url, {})
        assert not packages.reachable(f"{url}/none", {})
        assert packages.reachable("http://index.invalid/", {"proxy": url}) is False  # 404 from it
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not packages.reachable(f"http://127.0.0.1:{silent.getsockname()[1]}", {})


def test_pip_keeps_the_users_configuration(project: Project, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nproxy = http://proxy:3128\nindex-url = http://m\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    settings = packages.Pip(project.venv / "bin" / "python", tmp_path / "log").settings()
    assert settings["proxy"] == "http://proxy:3128"
    assert settings["index-url"] == "http://m"


def test_a_busy_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    project = Project(tmp_path / "new", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        output = project.make("run", status=1, PORT=str(port))
    assert f"Port {port} is taken" in output
    assert f"PORT={port + 1}" in output
    assert not project.venv.exists()


@pytest.mark.parametrize("text", ["0", "65536", "abc", "-1", "8501.5"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(packages.SetupError, match="not a port"):
        tasks.free_port(text)


def test_the_app_is_served_on_this_machine_alone() -> None:
    command = serving.app_command("python", 8501)
    assert "--server.address=127.0.0.1" in command
    assert "--server.headless=true" in command
    assert "--browser.gatherUsageStats=false" in command


def test_an_old_python_can_read_the_entry_and_is_refused(tmp_path: Path) -> None:
    source = (ROOT / "tools" / "make.py").read_text()
    ast.parse(source, feature_version=(3, 6))
    (tmp_path / "make.py").write_text(source.replace("OLDEST = (3, 11)", "OLDEST = (9, 0)"))
    done = subprocess.run(
        [sys.executable, tmp_path / "make.py", "run"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stdout


def test_a_missing_venv_module_is_named_before_anything_is_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.touch()
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup, "SCRIPTS", tmp_path / "bin")
    monkeypatch.setattr(setup, "works", lambda: False)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(packages.SetupError, match="sudo apt install python3"):
        setup.interpreter(moved=False)
    assert kept.exists()


def test_make_without_python_says_so(project: Project) -> None:
    done = subprocess.run(
        ["make", "-C", project.root, "run", "PYTHON=python-nowhere"], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "install Python 3.11" in done.stdout


def test_ending_make_ends_the_app(tmp_path: Path) -> None:
    port = serving.unused_port()
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=ROOT,
        env=os.environ | {"HEADROOM_DATA": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert serving.wait_for_app(process, port)
        process.terminate()  # as a service manager does
        process.wait(60)
        deadline = time.monotonic() + 60
        while not serving.can_bind(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
