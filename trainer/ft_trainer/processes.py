"""What the supervisor asks the system about processes: who is alive, what a tree uses, and how a child dies with its parent."""

import ctypes
import functools
import os
import signal
import subprocess
import sys

_linux = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True) if _linux else None
_PR_SET_PDEATHSIG = 1


def start_time(pid):
    """
    When a process started, as text that is only compared: field 22 of /proc/<pid>/stat, or what ps prints. None: no such process, or a dead
    one that nobody has waited for yet (as in a container without an init).
    """
    if _linux:
        try:
            state, *fields = _stat(pid)
        except OSError:
            return None
        return None if state == "Z" else fields[18]
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


def die_with(parent):
    """In a fresh child: get SIGKILL when the parent (its pid) dies. Linux only; elsewhere a broken events pipe ends the child."""
    if _linux:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # died before we asked
            os._exit(1)


def dying_with_me():
    """`preexec_fn` of a subprocess that must not outlive this process."""
    return functools.partial(die_with, os.getpid())


def without_trainer(environment):
    """For programs that are no steps: neither our pipe nor our modules."""
    return {name: value for name, value in environment.items() if name not in ("FT_EVENTS_FD", "PYTHONPATH", "UV_NO_PROGRESS")}


def tree_usage(root):
    """Resident bytes and CPU seconds of a process and all its descendants: {"rss_bytes", "cpu_seconds"}."""
    usage = _proc_usage() if _linux else _ps_usage()
    children = {}
    for pid, (parent, _, _) in usage.items():
        children.setdefault(parent, []).append(pid)
    rss, cpu, pending = 0, 0.0, [root]
    while pending:
        pid = pending.pop()
        if pid in usage:
            rss += usage[pid][1]
            cpu += usage[pid][2]
        pending.extend(children.get(pid, ()))
    return {"rss_bytes": rss, "cpu_seconds": cpu}


def oom_kills():
    """How often the kernel's out-of-memory killer has struck here so far (this cgroup, and the whole machine). 0 where unknown."""
    return sum(_counter(path) for path in ("/proc/vmstat", _cgroup_file("memory.events")) if path)


def _stat(pid):
    """Fields of /proc/<pid>/stat from the third on: the second, the command, may hold spaces."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def _proc_usage():
    page, tick, usage = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK"), {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = _stat(name)
            except OSError:
                continue  # ended meanwhile
            usage[int(name)] = (int(fields[1]), int(fields[21]) * page, (int(fields[11]) + int(fields[12])) / tick)
    return usage


def _ps_usage():
    listed = subprocess.run(["ps", "-axo", "pid=,ppid=,rss=,time="], capture_output=True, text=True, check=False)
    usage = {}
    for line in listed.stdout.splitlines():
        pid, parent, kib, clock = line.split()
        seconds = 0.0
        for part in clock.replace("-", ":").split(":"):
            seconds = seconds * 60 + float(part)
        usage[int(pid)] = (int(parent), int(kib) * 1024, seconds)
    return usage


def _cgroup_file(name):
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            path = next((line.strip()[3:] for line in file if line.startswith("0::")), None)
    except OSError:
        return None
    return f"/sys/fs/cgroup{path}/{name}" if path else None


def _counter(path):
    try:
        with open(path, encoding="utf-8") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("oom_kill "))
    except OSError:
        return 0
