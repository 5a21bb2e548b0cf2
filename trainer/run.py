"""Supervises one attempt of a job: runs its steps as children and writes events.jsonl. Standard library only, so that it starts at once.

    python trainer/run.py [--attempt N] [--resume] [--only evaluate]

Exits 0 (all steps done), 33 (interrupted, resumable), 75 (already running) or with the code of a failure class (ft_trainer/exit_codes.py).
"""

import argparse
import errno
import functools
import json
import os
import select
import signal
import subprocess
import sys
import time

from ft_trainer.budget import Budget
from ft_trainer.exit_codes import ALREADY_RUNNING, FAILURES, RESUME_ME
from ft_trainer.heartbeat import Heartbeat, peak_bytes
from ft_trainer.journal import Journal, Locked
from ft_trainer.processes import die_with, oom_kills, start_time


def main():
    parser = argparse.ArgumentParser(prog="run.py", description="Runs the steps of this job folder.")
    parser.add_argument("--attempt", type=int, default=1, help="counts from 1; numbers the events")
    parser.add_argument("--resume", action="store_true", help="go on from the last complete checkpoint")
    parser.add_argument("--only", choices=["train", "evaluate"], help="run this step alone")
    options = parser.parse_args()

    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    try:
        _refuse_second()
        journal = Journal("events.jsonl", options.attempt)
    except Locked:
        print(f"run {job['id']} is already running here (see supervisor.json)", file=sys.stderr)
        return ALREADY_RUNNING
    return Supervisor(job, journal, options).run()


class Supervisor:
    """One attempt: the child that runs now, whether someone asked to stop, and what the end event needs."""

    def __init__(self, job, journal, options):
        self.job, self.journal, self.options = job, journal, options
        self.budget = Budget(None if options.only else job.get("limits"), options.attempt)
        self.child = None
        self.stopping = False
        self.told_stopping = False
        self.last_step = None
        self.explained = None  # class and message of the error event that tells why the child failed

    def run(self):
        """Runs the steps and writes the end: the end event, then COMPLETE. Returns the exit code."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal may go
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, self.stop)
        try:
            pid, attempt = os.getpid(), self.options.attempt
            me = {"pid": pid, "startTime": start_time(pid), "attempt": attempt, "startedAt": _now()}
            _write_json("supervisor.json", me)
            self.journal.reserve()
            if os.path.exists("COMPLETE"):
                os.unlink("COMPLETE")
            self.journal.append("phase", phase="preparing")
            code = self.run_steps()
            self.end(code)
            return code
        except OSError as error:
            return self.last_words(error)

    def run_steps(self):
        for step in self.job["steps"]:
            if self.options.only not in (None, step["name"]):
                continue
            if self.keep_to_budget():
                return RESUME_ME
            code = self.run_step(step)
            if code == RESUME_ME or (self.stopping and code in (0, -signal.SIGTERM)):
                return RESUME_ME
            if code == -signal.SIGKILL and self.budget.grace_is_over():
                return RESUME_ME
            if code != 0:
                return self.explain(step, code)
        return 0

    def run_step(self, step):
        """Starts one child, forwards its events, beats, and returns its exit code (negative: the signal that killed it)."""
        oom_before = oom_kills()
        read_fd, write_fd = os.pipe()
        with open("stdout.log", "ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", step["module"], *step["args"]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(write_fd),
                pass_fds=[write_fd],
                preexec_fn=functools.partial(die_with, os.getpid()),
            )
        os.close(write_fd)
        if self.stopping:  # asked while the child was being made
            os.kill(self.child.pid, signal.SIGTERM)
        rusage = self.follow(read_fd)
        os.close(read_fd)
        self.journal.append("system", values={"peak_rss_bytes": peak_bytes(rusage)})
        self.oom_killed = oom_kills() > oom_before
        return self.child.returncode

    def environment(self, events_fd):
        paths = [os.path.abspath("trainer"), os.environ.get("PYTHONPATH")]
        # Torch's waiting threads spin. On idle cores that is 15 % faster than sleeping; on cores that others use too it was 6 times slower.
        waiting = {"OMP_WAIT_POLICY": "PASSIVE"} if os.getloadavg()[0] > os.cpu_count() else {}
        return {
            **waiting,
            **os.environ,
            **self.job["env"],
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "PYTHONUNBUFFERED": "1",
            "FT_EVENTS_FD": str(events_fd),
            "FT_RESUME": "1" if self.options.resume else "0",
        }

    def follow(self, read_fd):
        """Until the child has ended and its pipe is drained. Its own children may hold the pipe open: then what is there is all."""
        os.set_blocking(read_fd, False)
        interval = self.job["heartbeatSeconds"]
        heartbeat, due = Heartbeat(self.child.pid), time.monotonic() + interval
        rest, open_pipe = b"", True
        while True:
            wait = max(0.0, min(0.5, due - time.monotonic()))
            if open_pipe:
                select.select([read_fd], [], [], wait)
            else:
                time.sleep(min(wait, 0.05))
            pid, status, rusage = os.wait4(self.child.pid, os.WNOHANG)
            rest, open_pipe = self.forward(read_fd, rest) if open_pipe else (rest, False)
            if pid:
                self.child.returncode = os.waitstatus_to_exitcode(status)
                return rusage
            self.keep_to_budget()
            if self.stopping and not self.told_stopping:  # a signal handler may not write
                self.told_stopping = True
                self.journal.append("stopping", **({"reason": self.explained[1]} if self.budget.kill_at else {}))
            if time.monotonic() >= due:
                self.journal.append("system", values=heartbeat.values())
                self.budget.note()
                due = time.monotonic() + interval

    def forward(self, read_fd, rest):
        """Appends every whole line of the pipe; returns what is left of the last, and whether the pipe is still open."""
        while True:
            try:
                chunk = os.read(read_fd, 65536)
            except BlockingIOError:
                return rest, True
            if not chunk:
                return b"", False
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.record(json.loads(line))

    def record(self, event):
        if event["kind"] == "error":
            said = (event["class"], event["message"])
            if said == self.explained:
                return  # of several processes that train together, another one says so too
            self.explained = said
        if event["kind"] in ("metric", "checkpoint"):
            self.last_step = event["step"]
        self.journal.append(**event)
        if event["kind"] == "checkpoint" and not self.stopping:
            self.stop_for(self.budget.out_of_room())

    def keep_to_budget(self):
        """Whether the budget is used up: then the child saves and ends, and is killed when it does not within its grace."""
        if self.budget.kill_at is None and not self.stopping:
            self.stop_for(self.budget.out_of_time())
        if self.budget.grace_is_over() and self.child and self.child.returncode is None:
            os.kill(self.child.pid, signal.SIGKILL)
        return self.budget.kill_at is not None

    def stop_for(self, reason):
        if reason is None:
            return
        hint = "raise it in the recipe for the next run; `ft runs resume --ignore-budget` goes on with this one"
        self.journal.append("error", **{"class": "budget"}, message=reason, hint=hint)
        self.explained = ("budget", reason)
        self.budget.start_grace()
        self.stop(None, None)

    def stop(self, _number, _frame):
        """SIGTERM, SIGINT, SIGUSR1: the child saves a checkpoint at the end of its step and exits 33."""
        self.stopping = True
        if self.child and self.child.returncode is None:
            os.kill(self.child.pid, signal.SIGTERM)  # not Popen.terminate: that would take the exit status from wait4

    def explain(self, step, code):
        """Makes sure that an error event says why a child failed; returns the exit code for it."""
        if code > 0:
            if not self.explained:
                message = f"{step['module']} ended with exit code {code}"
                self.journal.append("error", **{"class": "unknown"}, message=message, hint="read the end of stdout.log")
            return code
        name = signal.Signals(-code).name
        failure, hint = "killed", "something outside ft ended it; resume goes on from the last checkpoint"
        if self.oom_killed:
            failure, hint = "out-of-memory", "the kernel's out-of-memory killer struck; lower train.micro_batch or data.max_length"
        elif name == "SIGKILL":
            hint = "often the kernel's out-of-memory killer: compare memory with the machine's; then lower train.micro_batch or data.max_length, and resume"
        self.journal.append("error", **{"class": failure}, message=f"{step['name']} was killed by {name}", hint=hint)
        return FAILURES[failure]

    def end(self, code):
        self.journal.release()
        self.budget.note()
        status = {0: "succeeded", RESUME_ME: "cancelled"}.get(code, "failed")
        step = {} if self.last_step is None else {"step": self.last_step}
        self.journal.append("end", status=status, exitCode=code, **step)
        if code == 0:
            _write_json("COMPLETE", {"attempt": self.options.attempt, "at": _now()})

    def last_words(self, error):
        """The system failed us, most often a full disk: end the child, then say so in the room kept for it, in events and stdout.log."""
        if self.child and self.child.returncode is None:
            self.child.kill()
            self.child.wait()
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        failure = "disk-full" if full else "unknown"
        message = f"the supervisor stopped: {error}"
        try:
            self.journal.release()
            with open("stdout.log", "a", encoding="utf-8") as log:
                log.write(f"run.py: {message}\n")
            hint = {"hint": "free some space, then resume: it goes on from the last checkpoint"} if full else {}
            self.journal.append("error", **{"class": failure}, message=message, **hint)
            self.end(FAILURES[failure])
        except OSError:
            print(f"run.py: {message}", file=sys.stderr)
        return FAILURES[failure]


def _refuse_second():
    """Raises Locked when supervisor.json names a living process; the journal's lock covers the moment before it is written."""
    try:
        with open("supervisor.json", encoding="utf-8") as file:
            other = json.load(file)
    except (FileNotFoundError, ValueError):
        return
    if other["pid"] != os.getpid() and start_time(other["pid"]) == other["startTime"]:
        raise Locked


def _write_json(path, content):
    """Whole or not at all."""
    with open(f"{path}.tmp", "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.tmp", path)


def _now():
    return int(time.time() * 1000)


if __name__ == "__main__":
    sys.exit(main())
