"""
Runs the supervisor on a machine that may vanish, and keeps what the next one needs in a store that stays: a mounted bucket, or a repository of
the Hub. In the job folder, with trainer/ in PYTHONPATH:

    python -m ft_trainer.mirror --store /mounted/folder|hub:owner/name/folder --attempt N [--every SECONDS] -- <arguments of run.py>

What the store has is taken first, so that the supervisor resumes from it. A checkpoint goes there once it is complete, its manifest last. A file
`cancel-N` in the store asks attempt N to stop, as a signal does. Exits as the supervisor does.
"""

import argparse
import functools
import os
import shutil
import signal
import subprocess
import sys
import time

from .checkpoints import MANIFEST, flaw
from .mirror_stores import open_store
from .processes import die_with

#: What numbers the attempts and counts their seconds: without them the next machine would begin anew.
BOOKS = ("events.jsonl", "spent.json", "supervisor.json")
CHECKPOINTS = "out/checkpoints"
#: The local mark by which the supervisor tells a cancellation from a preemption.
CANCEL = "cancel"


def main():
    parser = argparse.ArgumentParser(prog="ft_trainer.mirror", description="Runs trainer/run.py and keeps its results in a store.")
    parser.add_argument("--store", required=True)
    parser.add_argument("--attempt", type=int, required=True)
    parser.add_argument("--every", type=float, default=30)
    parser.add_argument("rest", nargs="*")
    options = parser.parse_args()
    mirror = Mirror(open_store(options.store), is_first=os.environ.get("FT_NODE_RANK", "0") == "0")
    mirror.restore()
    return run(mirror, options)


def run(mirror, options):
    """Until the supervisor has ended and all is in the store. A store that fails is told and tried again: training goes on without it."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # what comes while the child is being made is then for the child
    child = subprocess.Popen([sys.executable, "trainer/run.py", *options.rest], preexec_fn=functools.partial(_begin, os.getpid(), numbers))
    for number in numbers:
        signal.signal(number, lambda number, _frame: child.send_signal(number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    asked = False
    due = time.monotonic() + options.every
    while child.poll() is None:
        time.sleep(min(0.2, options.every))
        if time.monotonic() < due:
            continue
        attempt_twice(mirror.keep_up)
        if not asked and mirror.is_first and attempt_twice(functools.partial(mirror.store.has, f"cancel-{options.attempt}")):
            asked = True
            with open(CANCEL, "w", encoding="utf-8"):
                pass
            child.send_signal(signal.SIGTERM)
        due = time.monotonic() + options.every
    if not attempt_twice(functools.partial(mirror.finish, child.returncode == 0)):
        print("ft: the results could not be brought to the store", file=sys.stderr)
        return child.returncode or 1
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _begin(parent, numbers):
    die_with(parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def attempt_twice(work):
    """What `work` returns; None when it failed twice, which is told."""
    for _ in range(2):
        try:
            return work()
        except Exception as error:  # of a mount, a network, a service: none of them may end the training
            print(f"ft: the store: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    return None


class Mirror:
    """What of the run folder is in the store already, by size and time of change. Of several machines only the first one brings anything."""

    def __init__(self, store, is_first):
        self.store = store
        self.is_first = is_first
        self.known = {}

    def restore(self):
        """Takes what the store has. Checkpoints that are not whole stay out of the way: the supervisor passes them over."""
        for path in self.store.fetch("."):
            self.known[path] = _mark(path)
        for name in _folders(CHECKPOINTS):
            reason = flaw(os.path.join(CHECKPOINTS, name))
            if reason:
                print(f"ft: {name} of the store is left out: {reason}", file=sys.stderr, flush=True)
                shutil.rmtree(os.path.join(CHECKPOINTS, name))

    def keep_up(self):
        """Brings new complete checkpoints, and the books with them; drops what was deleted here."""
        if not self.is_first:
            return
        sealed = [f"{CHECKPOINTS}/{name}" for name in _folders(CHECKPOINTS) if os.path.exists(f"{CHECKPOINTS}/{name}/{MANIFEST}")]
        files = [path for folder in sealed for path in _files(folder)]
        gone = [path for path in self.known if path.startswith(f"{CHECKPOINTS}/") and not os.path.exists(path)]
        new = self.changed(files)
        if new or gone or self.store.is_cheap:
            self.bring([*new, *self.changed(BOOKS)], gone)

    def finish(self, complete):
        """The rest, after the end. COMPLETE last: who sees it in the store sees all."""
        if not self.is_first:
            return True
        self.keep_up()
        files = [path for path in _files("out") if not path.startswith(f"{CHECKPOINTS}/")]
        self.bring(self.changed([*files, *BOOKS, "stdout.log"]), [])
        if complete:
            self.bring(["COMPLETE"], [])
        return True

    def changed(self, paths):
        return [path for path in paths if os.path.isfile(path) and self.known.get(path) != _mark(path)]

    def bring(self, paths, gone):
        marks = {path: _mark(path) for path in paths}  # before they are read: what changes meanwhile is brought again
        self.store.put(sorted(paths, key=lambda path: os.path.basename(path) == MANIFEST), gone)
        self.known.update(marks)
        for path in gone:
            del self.known[path]


def _mark(path):
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def _folders(path):
    return sorted(entry.name for entry in os.scandir(path) if entry.is_dir()) if os.path.isdir(path) else []


def _files(folder):
    return sorted(os.path.join(base, name) for base, _, names in os.walk(folder) for name in names)


if __name__ == "__main__":
    sys.exit(main())
