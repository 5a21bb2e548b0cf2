"""Event lines from a child to its supervisor (trainer/run.py), through the pipe that FT_EVENTS_FD names. Without one, says nothing."""

import json
import math
import os
import threading
import time

#: The phase announced last; failures.py reads it to tell bad data from other errors.
current_phase = "preparing"

_lock = threading.Lock()
_fd = int(os.environ["FT_EVENTS_FD"]) if "FT_EVENTS_FD" in os.environ else None


def emit(kind, **fields):
    """Sends one event; the supervisor adds v, attempt and seq. A supervisor that is gone ends this process: nobody follows the run."""
    if _fd is None:
        return
    line = json.dumps({"kind": kind, "t": int(time.time() * 1000), **fields}, allow_nan=False) + "\n"
    data = line.encode()
    try:
        with _lock:
            while data:
                data = data[os.write(_fd, data) :]
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
