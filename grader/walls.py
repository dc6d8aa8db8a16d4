"""The walls of the sandbox in words, for `doctor`, notes and the pages."""

from __future__ import annotations

from grader.verdict import Wall

TITLES = {
    "namespaces": (
        "own user, process, network, ipc and mount namespaces",
        "独立的用户、进程、网络、IPC 与挂载命名空间",
    ),
    "file tree": (
        "a file tree with nothing but Python and torch, read-only",
        "只含 Python 与 torch 的只读文件树",
    ),
    "landlock": (
        "Landlock: no file but those, no TCP, no signals to outside",
        "Landlock：只能读上述文件，不能建立 TCP 连接，不能向外发信号",
    ),
    "seccomp": (
        "seccomp: no processes, sockets, exec, ptrace, io_uring",
        "seccomp：不能创建进程、套接字，不能 exec、ptrace、使用 io_uring",
    ),
    "privileges": ("no new privileges", "不能获得新权限（no-new-privileges）"),
    "limits": (
        "limits on memory, processor time, threads, files",
        "内存、CPU 时间、线程与文件的上限",
    ),
}


def describe(missing: dict[str, str]) -> list[Wall]:
    """Every wall, and why it does not stand where it does not."""
    walls = []
    for name, (en, zh) in TITLES.items():
        why = missing.get(name)
        detail = (
            {"en": en, "zh": zh} if why is None else {"en": f"{en}: {why}", "zh": f"{zh}：{why}"}
        )
        walls.append(Wall(name, why is None, detail))
    return walls
