"""The supervisor of one attempt: prepares, runs the job's steps one after the other, and writes how it ended."""

import errno
import json
import os
import signal
import socket
import sys
import time

from . import checks
from .budget import Budget
from .ending import failure_code, outcome, unexplained
from .exit_codes import FAILURES, RESUME_ME, TRANSIENT
from .failures import HINTS, Refusal
from .full_disk import room_here
from .heartbeat import Beats
from .leases import Leases
from .processes import start_time
from .secret_file import Secrets
from .starts import is_cancelled
from .step import Step


class Supervisor:
    """One attempt: the child that runs now, whether someone asked to stop, and what the end event needs."""

    def __init__(self, job, journal, options):
        self.job, self.journal, self.options = job, journal, options
        self.budget = Budget(None if options.only else job.get("limits"), options.attempt)
        self.beats = Beats(job["heartbeatSeconds"])
        self.python = options.python or sys.executable
        self.device = checks.device_of()
        self.resuming = options.resume
        self.secrets = Secrets(None)
        self.leases = None
        self.child = None
        self.stopping = False
        self.by_hand = False  # Ctrl-C: no platform sends that
        self.told_stopping = False
        self.last_step = None
        self.explained = None  # class and message of the error event that tells why the child failed
        self.held = None  # an error event that a second start may cure
        self.tried_again = False

    def run(self):
        """Does all of it and writes the end: the end event, then COMPLETE. Returns the exit code."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal may go
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, self.stop)
        try:
            pid, attempt = os.getpid(), self.options.attempt
            me = {"pid": pid, "startTime": start_time(pid), "attempt": attempt, "startedAt": _now(), "host": socket.gethostname()}
            _write_json("supervisor.json", me)
            self.journal.reserve()
            if os.path.exists("COMPLETE"):
                os.unlink("COMPLETE")
            self.journal.append("phase", phase="preparing")
            return self.end(self.work())
        except OSError as error:
            return self.last_words(error)

    def work(self):
        """Returns 0, 33, or the exit code of a failure, which an event has told."""
        if self.options.platform_restarts and is_cancelled():
            return RESUME_ME
        try:
            self.secrets = Secrets(self.options.secrets)
            checks.refuse_unwritable(self.job)
            checks.refuse_lost_gpu(self.device)
            code = self.prepare() if self.options.prepare else 0
            if code == 0 and self.options.gpus:
                code = self.lease_gpus()
            return code or self.warn() or self.run_steps()
        except Refusal as refusal:
            self.journal.append("error", **{"class": refusal.failure}, message=str(refusal), hint=refusal.hint)
            return FAILURES[refusal.failure]

    def prepare(self):
        """Brings here what the job folder has not: the engine's environment, the base. Returns as run_steps."""
        code = 0 if self.options.python else self.run_with_retry(_preparing("ft_trainer.prepare"))
        if code != 0 or os.path.exists("model"):
            return code
        model = self.job["model"]
        if not model.get("hub"):
            hint = "put the base there, or use one of the Hub, which is fetched by itself"
            raise Refusal("data", f"the base {model['asked']} is not on this machine: model leads to {os.path.realpath('model')}", hint)
        online = {"HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", "0")}  # the steps are offline: by then all is here
        return self.run_with_retry(_preparing("ft_trainer.fetch_base", online))

    def lease_gpus(self):
        """Waits until the GPUs are this run's. Returns as run_steps."""
        leases = Leases(self.options.leases, self.job["id"], self.options.gpus, self.options.share_gpus)
        told = None
        try:
            while not self.stopping and not leases.take():
                if leases.reason != told:
                    told = leases.reason
                    self.journal.append("phase", phase="preparing", detail=told)
                began = time.monotonic()
                time.sleep(min(self.tick(), 0.2))
                self.budget.forgive(time.monotonic() - began)
        finally:
            leases.leave()
        if self.stopping:
            return RESUME_ME
        self.leases = leases  # held until this process ends
        return 0

    def warn(self):
        """Says what may go wrong, as a warning each. Returns 0: nothing is refused for it."""
        if self.device == "cuda":
            for message in checks.memory_held(self.environment().get("CUDA_VISIBLE_DEVICES")):
                self.journal.append("warning", message=message)
        for message in checks.small_shm(self.job):
            self.journal.append("warning", message=message)
        return 0

    def run_steps(self):
        for step in self.job["steps"]:
            if self.options.only in (None, step["name"]):
                code = self.run_with_retry(step)
                if code != 0:
                    return code
        return 0

    def run_with_retry(self, step):
        """`run_step`, and once more after what is known to pass."""
        code = self.run_step(step)
        if self.held and code != 0 and not self.stopping:
            self.wait_to_try_again()
            code = self.run_step(step)
        if self.held:
            self.journal.append(**self.held)
            self.held = None
        return code

    def run_step(self, step):
        """One child from start to end. Returns 0, 33, or the exit code of a failure, which an event has told or `held` will."""
        if self.keep_to_budget() or self.stopping:
            return RESUME_ME
        self.explained = None
        child = self.child = Step(self.python, step["module"], step["args"], {**self.environment(), **step.get("env", {})})
        if self.stopping:  # asked while the child was being made
            child.signal(signal.SIGTERM)
        self.beats.watch(child.pid)
        code = child.follow(self.record, self.tick)
        self.beats.watch(os.getpid())
        self.journal.append("system", values={"peak_rss_bytes": child.peak_bytes})
        if code == RESUME_ME or (self.stopping and code in (0, -signal.SIGTERM)):
            return RESUME_ME
        if code == -signal.SIGKILL and self.budget.grace_is_over():
            return RESUME_ME
        if code < 0 or (code > 0 and not self.explained):
            self.record(unexplained(step, code, child.oom_killed))
        return code and failure_code(code, self.explained)

    def environment(self):
        paths = [os.path.abspath("trainer"), os.environ.get("PYTHONPATH")]
        # Torch's waiting threads spin. On idle cores that is 15 % faster than sleeping; on cores that others use too it was 6 times slower.
        waiting = {"OMP_WAIT_POLICY": "PASSIVE"} if os.getloadavg()[0] > os.cpu_count() else {}
        return {
            **waiting,
            **self.secrets.environment({**os.environ, **self.job["env"]}),
            **(self.leases.environment() if self.leases else {}),
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "PYTHONUNBUFFERED": "1",
            **({"FT_DEVICE": self.device} if self.device else {}),
            "FT_RESUME": "1" if self.resuming else "0",
        }

    def record(self, event):
        """One event of a child, on its way to the journal."""
        if event["kind"] == "prepared":
            self.python = event["python"]
            return
        if event["kind"] == "error":
            said = (event["class"], event["message"])
            if said == self.explained:
                return  # of several processes that train together, another one says so too
            self.explained = said
            if event["class"] in TRANSIENT and not self.tried_again:
                self.held = {"t": _now(), **event}
                return
        if event["kind"] in ("metric", "checkpoint"):
            self.last_step = event["step"]
        self.journal.append(**event)
        if event["kind"] == "checkpoint" and not self.stopping:
            self.stop_for(self.budget.out_of_room())

    def tick(self):
        """What must go on while a child runs or something is waited for. Returns the seconds until it must be called again."""
        self.keep_to_budget()
        if self.stopping and not self.told_stopping:  # a signal handler may not write
            self.told_stopping = True
            self.journal.append("stopping", **({"reason": self.explained[1]} if self.budget.kill_at else {}))
        values = self.beats.values()
        if values:
            self.journal.append("system", values=values)
            self.budget.note()
        return min(0.5, self.beats.seconds_left())

    def wait_to_try_again(self):
        """What is known to pass is given one more start, from the last checkpoint. Ends early when asked to stop."""
        seconds = float(os.environ.get("FT_RETRY_SECONDS", self.job.get("retrySeconds", 30)))
        failure, message = self.held["class"], self.held["message"]
        self.journal.append("warning", message=f"{failure}: {message}; the step is started once more in {seconds:.0f} s, from the last checkpoint")
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stopping:
            time.sleep(min(self.tick(), 0.2, max(0.0, until - time.monotonic())))
        self.held, self.tried_again, self.resuming = None, True, True

    def keep_to_budget(self):
        """Whether the budget is used up: then the child saves and ends, and is killed when it does not within its grace."""
        if self.budget.kill_at is None and not self.stopping:
            self.stop_for(self.budget.out_of_time())
        if self.budget.grace_is_over() and self.child:
            self.child.signal(signal.SIGKILL)
        return self.budget.kill_at is not None

    def stop_for(self, reason):
        if reason is None:
            return
        hint = "raise it in the recipe for the next run; `ft runs resume --ignore-budget` goes on with this one"
        self.journal.append("error", **{"class": "budget"}, message=reason, hint=hint)
        self.explained = ("budget", reason)
        self.budget.start_grace()
        self.stop(None, None)

    def stop(self, number, _frame):
        """SIGTERM, SIGINT, SIGUSR1: the child saves a checkpoint at the end of its step and exits 33."""
        self.stopping = True
        self.by_hand = self.by_hand or number == signal.SIGINT
        if self.child:
            self.child.signal(signal.SIGTERM)

    def end(self, code):
        """Writes the end of it. Returns the exit code that the launcher gets to see."""
        self.journal.release()
        self.budget.note()
        is_preemption = self.options.platform_restarts and not (self.by_hand or self.budget.kill_at or is_cancelled())
        status, code = outcome(code, self.options.platform_restarts, is_preemption)
        self.secrets.remove(for_good=status != "preempted")
        step = {} if self.last_step is None else {"step": self.last_step}
        self.journal.append("end", status=status, exitCode=code, **step)
        if code == 0:
            _write_json("COMPLETE", {"attempt": self.options.attempt, "at": _now()})
        return code

    def last_words(self, error):
        """The system failed us, most often a full disk: end the child, then say so in the room kept for it, in events and stdout.log."""
        if self.child:
            self.child.kill()
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        failure = "disk-full" if full else "permission" if isinstance(error, PermissionError) else "unknown"
        message = f"the supervisor stopped: {error}" + (f" ({room_here()})" if full else "")
        try:
            self.journal.release()
            with open("stdout.log", "a", encoding="utf-8") as log:
                log.write(f"run.py: {message}\n")
            hint = {"hint": HINTS["disk-full"]} if full else {}
            self.journal.append("error", **{"class": failure}, message=message, **hint)
            self.end(FAILURES[failure])
        except OSError:
            print(f"run.py: {message}", file=sys.stderr)
        return FAILURES[failure]


def _preparing(module, env=None):
    return {"name": "prepare", "module": module, "args": [], "env": env or {}}


def _write_json(path, content):
    """Whole or not at all."""
    with open(f"{path}.tmp", "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.tmp", path)


def _now():
    return int(time.time() * 1000)
