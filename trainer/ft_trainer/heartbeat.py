"""What the supervisor reports every heartbeat: memory and CPU of the child's tree, the machine's memory, disk and GPUs."""

import os
import shutil
import subprocess
import sys
import threading
import time

from .processes import tree_usage

_GPU_FIELDS = {
    "utilization.gpu": ("util_percent", 1),
    "memory.used": ("memory_bytes", 2**20),
    "memory.total": ("memory_total_bytes", 2**20),
    "power.draw": ("power_watts", 1),
    "temperature.gpu": ("temperature_celsius", 1),
}


class Heartbeat:
    """Values of one child, sampled by `values()`. GPU values are those of the last nvidia-smi that answered: it never blocks a beat."""

    def __init__(self, pid):
        self.pid = pid
        self.last = (time.monotonic(), 0.0)
        self.gpu = {}
        self.asking = None
        self.ask_gpus()

    def values(self):
        self.ask_gpus()
        usage = tree_usage(self.pid)
        now, (then, cpu_then) = time.monotonic(), self.last
        self.last = (now, usage["cpu_seconds"])
        busy = max(0.0, usage["cpu_seconds"] - cpu_then)
        return {
            "rss_bytes": usage["rss_bytes"],
            "cpu_percent": round(100 * busy / max(now - then, 1e-3), 1),
            **_machine_memory(),
            "disk_free_bytes": shutil.disk_usage(".").free,
            **self.gpu,
        }

    def ask_gpus(self):
        """Starts nvidia-smi in a thread, unless there is none or the last one still runs (a stuck driver)."""
        if shutil.which("nvidia-smi") and not (self.asking and self.asking.is_alive()):
            self.asking = threading.Thread(target=self._query, daemon=True)
            self.asking.start()

    def _query(self):
        command = ["nvidia-smi", f"--query-gpu={','.join(_GPU_FIELDS)}", "--format=csv,noheader,nounits"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
        except (OSError, subprocess.SubprocessError):
            self.gpu = {}
            return
        self.gpu = {
            f"gpu{index}_{name}": _scaled(text, scale)
            for index, line in enumerate(answer.stdout.splitlines())
            for (name, scale), text in zip(_GPU_FIELDS.values(), line.split(","))
        }


class Beats:
    """When the next heartbeat is due, and of which process tree it tells."""

    def __init__(self, interval):
        self.interval = interval
        self.watch(os.getpid())

    def watch(self, pid):
        """From now on of this process and its descendants."""
        self.heartbeat, self.due = Heartbeat(pid), time.monotonic() + self.interval

    def values(self):
        """Those of a beat that is due now, else None."""
        if time.monotonic() < self.due:
            return None
        self.due = time.monotonic() + self.interval
        return self.heartbeat.values()

    def seconds_left(self):
        return max(0.0, self.due - time.monotonic())


def peak_bytes(rusage):
    """Largest resident size that any one process of a finished child had."""
    return rusage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _machine_memory():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        with open("/proc/meminfo", encoding="utf-8") as file:
            kib = {line.split(":")[0]: int(line.split()[1]) for line in file}
    except OSError:
        return {"ram_total_bytes": total}
    return {"ram_used_bytes": total - kib["MemAvailable"] * 1024, "ram_total_bytes": total}


def _scaled(text, scale):
    try:
        return float(text) * scale
    except ValueError:  # "[N/A]"
        return None
