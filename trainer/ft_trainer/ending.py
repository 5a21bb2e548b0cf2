"""How an attempt ended: what a launcher gets to see, and why a child failed that did not say so itself."""

import signal

from .exit_codes import FAILURES, LOST_ANOTHER, RESUME_ME, STOPPED_FOR_GOOD
from .known_failures import NETWORK_BETWEEN

_KILLED = "something outside ft ended it; resume goes on from the last checkpoint"
_SIGKILL = "often the kernel's out-of-memory killer: compare memory with the machine's; then lower train.micro_batch or data.max_length, and resume"
_OOM = "the kernel's out-of-memory killer struck; lower train.micro_batch or data.max_length"


def outcome(code, platform_restarts, is_preemption):
    """Status of the end event, and the exit code. 33 makes a platform that restarts start the job again: only a preemption may say it there."""
    if code == 0:
        return "succeeded", 0
    if code != RESUME_ME:
        return "failed", code
    if is_preemption:
        return "preempted", RESUME_ME
    return "cancelled", STOPPED_FOR_GOOD if platform_restarts else RESUME_ME


def unexplained(step, code, oom_killed):
    """The error event of a child that failed without one. `code` as from Step.follow."""
    if code == LOST_ANOTHER:
        message = "the processes that train together lost each other"
        return _error("network", message, NETWORK_BETWEEN)
    if code > 0:
        failure = next((name for name, number in FAILURES.items() if number == code), "unknown")
        return _error(failure, f"{step['module']} ended with exit code {code}", "read the end of stdout.log")
    name = signal.Signals(-code).name
    message = f"{step['name']} was killed by {name}"
    if oom_killed:
        return _error("out-of-memory", message, _OOM)
    return _error("killed", message, _SIGKILL if name == "SIGKILL" else _KILLED)


def failure_code(code, explained):
    """The exit code for a step that failed: its own, or that of the class in `explained` where it has none."""
    return FAILURES.get(explained[0], FAILURES["unknown"]) if code < 0 or code == LOST_ANOTHER else code


def _error(failure, message, hint):
    return {"kind": "error", "class": failure, "message": message, "hint": hint}
