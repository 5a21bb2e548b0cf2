"""One child of the supervisor: a module of the job, run by the engine's Python, with a pipe for its events."""

import functools
import json
import os
import select
import signal
import subprocess
import time

from .heartbeat import peak_bytes
from .processes import die_with, oom_kills


class Step:
    """Starts `python -m module args` with FT_EVENTS_FD. What it prints goes to stdout.log."""

    def __init__(self, python, module, args, environment):
        self.oom_before = oom_kills()
        self.returncode = None
        self.read_fd, write_fd = os.pipe()
        try:
            with open("stdout.log", "ab") as log:
                self.process = subprocess.Popen(
                    [python, "-m", module, *args],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**environment, "FT_EVENTS_FD": str(write_fd)},
                    pass_fds=[write_fd],
                    preexec_fn=functools.partial(_begin, os.getpid()),
                )
        finally:
            os.close(write_fd)
        self.pid = self.process.pid

    def follow(self, on_event, tick):
        """
        Until the child has ended and its pipe is drained; its own children may hold the pipe open: then what is there is all. Calls `tick`
        again and again, which says how many seconds it can wait for the next time. Returns the exit code; negative: the signal that killed it.
        """
        os.set_blocking(self.read_fd, False)
        rest, is_open = b"", True
        while True:
            wait = tick()
            if is_open:
                select.select([self.read_fd], [], [], wait)
            else:
                time.sleep(min(wait, 0.05))
            pid, status, rusage = os.wait4(self.pid, os.WNOHANG)
            rest, is_open = self.forward(on_event, rest) if is_open else (rest, False)
            if pid:
                self.returncode = self.process.returncode = os.waitstatus_to_exitcode(status)
                os.close(self.read_fd)
                self.peak_bytes = peak_bytes(rusage)
                self.oom_killed = oom_kills() > self.oom_before
                return self.returncode

    def forward(self, on_event, rest):
        """Hands on every whole line of the pipe; returns what is left of the last, and whether the pipe is still open."""
        while True:
            try:
                chunk = os.read(self.read_fd, 65536)
            except BlockingIOError:
                return rest, True
            if not chunk:
                return b"", False
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                on_event(json.loads(line))

    def signal(self, number):
        """To a child that runs. Not by Popen: that would take the exit status from wait4."""
        if self.returncode is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass  # just waited for, not yet noted

    def kill(self):
        """Ends it at once, and waits for that."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.returncode = self.process.returncode = -signal.SIGKILL


def _begin(parent):
    """In the fresh child. Platforms signal whole process groups: SIGUSR1 is the supervisor's to understand, and would end all others."""
    die_with(parent)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
