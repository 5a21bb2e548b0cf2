"""
Event lines from a child to its supervisor (trainer/run.py), through the pipe that FT_EVENTS_FD names, or FT_EVENTS_PATH where several
processes train together: then the first speaks for all, and the others only of errors. Without a pipe, says nothing.
"""

import fcntl
import json
import math
import os
import threading
import time

#: The phase announced last; failures.py reads it to tell bad data from other errors.
current_phase = "preparing"

_lock = threading.Lock()
_rank = int(os.environ.get("RANK", "0"))


def _pipe():
    if "FT_EVENTS_PATH" in os.environ:
        return os.open(os.environ["FT_EVENTS_PATH"], os.O_WRONLY | os.O_CLOEXEC)
    return int(os.environ["FT_EVENTS_FD"]) if "FT_EVENTS_FD" in os.environ else None


_fd = _pipe()


def emit(kind, **fields):
    """Sends one event; the supervisor adds v, attempt and seq. A supervisor that is gone ends this process: nobody follows the run."""
    if _fd is None or (_rank > 0 and kind != "error"):
        return
    line = json.dumps({"kind": kind, "t": int(time.time() * 1000), **fields}, allow_nan=False) + "\n"
    data = line.encode()
    try:
        with _lock:
            fcntl.flock(_fd, fcntl.LOCK_EX)  # a long line is written in pieces
            while data:
                data = data[os.write(_fd, data) :]
            fcntl.flock(_fd, fcntl.LOCK_UN)
    except BrokenPipeError:
        os._exit(1)


def phase(name, detail=None):
    """Announces a phase (loading, tokenizing, training, saving, evaluating)."""
    global current_phase
    current_phase = name
    emit("phase", phase=name, **({"detail": detail} if detail else {}))


def warn(message):
    emit("warning", message=message)


def numbers(values):
    """Only the numbers of a dict, non-finite ones as None: JSON has no NaN."""
    return {
        key: (value if math.isfinite(value) else None)
        for key, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
