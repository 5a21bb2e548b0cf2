"""What every step of a job does around its work: stop when asked, die with the supervisor, keep to its CPUs, and name its failure."""

import os
import signal
import sys

from . import failures
from .exit_codes import RESUME_ME
from .processes import die_with


class StopRequest:
    """SIGTERM and SIGINT. Until `defer()` they end the process at once, exit 33: there is nothing to save. From then on they are only noted."""

    def __init__(self):
        self.requested = False
        self.deferred = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def defer(self):
        self.deferred = True

    def _note(self, _number, _frame):
        self.requested = True
        if not self.deferred:
            os._exit(RESUME_ME)


def run_child(work):
    """Runs `work(stop)` and exits with what it returns, or with the code of the failure it raised."""
    stop = StopRequest()
    if "FT_LAUNCHER" in os.environ:
        die_with(int(os.environ["FT_LAUNCHER"]))
    # Worker processes (data loading, tokenizing) must not outlive this one.
    os.register_at_fork(after_in_child=lambda: die_with(os.getppid()))
    try:
        code = work(stop)
    except Exception as error:
        os._exit(failures.report(error))  # no clean-up: on a full disk it would fail too, and change the exit code
    sys.exit(code)


def settle():
    """Once torch is imported: are its GPUs there, and how many threads may it start?"""
    require_gpu()
    limit_threads()


def require_gpu():
    """Raises when the job was made for a GPU and torch sees none: it would train on the CPU, for days."""
    import torch

    if os.environ.get("FT_DEVICE") not in ("cuda", "rocm") or torch.cuda.is_available():
        return
    if torch.version.cuda is None and torch.version.hip is None:
        hint = "set the environment up again where the GPU is seen, or use an image for it"
        raise failures.Refusal("dependency", f"the job trains on a GPU, and torch {torch.__version__} is a build for CPUs", hint)
    torch.cuda.init()  # raises with the reason
    raise failures.Refusal("gpu-lost", "the job trains on a GPU, and torch sees none here", failures.HINTS["gpu-lost"])


def limit_threads():
    """Torch starts a thread a core; in a container with a CPU quota that is far too many."""
    import torch

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="utf-8") as file:
            quota, period = file.read().split()
        allowed = min(allowed, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass  # no cgroup v2, or "max"
    if allowed < torch.get_num_threads():
        torch.set_num_threads(allowed)
