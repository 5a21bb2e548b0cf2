"""What compute.budget lets a run take: seconds over all its attempts, bytes of its folder. It holds whatever becomes of ft."""

import json
import os
import time

SPENT = "spent.json"


class Budget:
    """`limits`: of job.json, or None. spent.json keeps the seconds of each attempt, so that the next one goes on counting."""

    def __init__(self, limits, attempt):
        self.limits, self.attempt = limits or {}, str(attempt)
        self.began = time.monotonic()
        self.spent = _read_spent()
        self.before = self.spent.get(self.attempt, 0.0)  # an attempt that was started twice
        self.kill_at = None

    def note(self):
        """Writes down what was spent so far; a killed supervisor loses no more than a heartbeat."""
        self.spent[self.attempt] = self.before + time.monotonic() - self.began
        try:
            with open(f"{SPENT}.tmp", "w", encoding="utf-8") as file:
                json.dump(self.spent, file)
            os.replace(f"{SPENT}.tmp", SPENT)
        except OSError:
            pass  # a full disk is told by what the run itself cannot write

    def seconds(self):
        """Of all attempts."""
        others = sum(seconds for attempt, seconds in self.spent.items() if attempt != self.attempt)
        return others + self.before + time.monotonic() - self.began

    def forgive(self, seconds):
        """Does not count them: the run waited for a GPU, and took none."""
        self.began += seconds

    def out_of_time(self):
        """Why the run must stop now, or None."""
        allowed = self.limits.get("seconds")
        if allowed is None or self.seconds() < allowed:
            return None
        return f"{self.limits['secondsFrom']} is used up: the run took {_hours(self.seconds())} of {_hours(allowed)}"

    def out_of_room(self):
        """The same for the folder's bytes; looks at every file, so not to be asked at every moment."""
        allowed = self.limits.get("bytes")
        if allowed is None:
            return None
        used = folder_bytes(".")
        if used <= allowed:
            return None
        return f"compute.budget.disk_gb is used up: the run's folder has {used / 1e9:.2f} GB of {allowed / 1e9:.2f}"

    def start_grace(self):
        """From now on the child has so long to save its checkpoint."""
        self.kill_at = time.monotonic() + self.limits.get("graceSeconds", 300)

    def grace_is_over(self):
        return self.kill_at is not None and time.monotonic() >= self.kill_at


def folder_bytes(folder):
    """Of the files in it; what links point to is not in it."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_size
            except FileNotFoundError:
                pass  # a checkpoint that is just being deleted
    return total


def _read_spent():
    try:
        with open(SPENT, encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return {}


def _hours(seconds):
    return f"{seconds / 3600:.2f} h" if seconds >= 360 else f"{seconds:.0f} s"
