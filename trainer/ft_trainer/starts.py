"""Which start of the job this is: whether another one runs already, the attempt's number, and whether someone cancelled the run for good."""

import json
import os
import re
import socket
import time

from .journal import Locked
from .processes import start_time

#: A file in the job folder: whoever cancels a run makes it, so that a platform's own restart does not bring it back.
CANCEL = "cancel"


def is_cancelled():
    return os.path.exists(CANCEL)


def next_attempt(at_least):
    """One more than the last attempt that left a trace here; never under `at_least`."""
    return max(at_least, _noted().get("attempt", 0) + 1, _last_told() + 1)


def refuse_second():
    """Raises Locked when supervisor.json names a living process; the journal's lock covers the moment before it is written."""
    other = _noted()
    if other and other["pid"] != os.getpid() and start_time(other["pid"]) == other["startTime"]:
        raise Locked


def refuse_second_elsewhere(interval):
    """
    Raises Locked when a supervisor on another machine still writes here: a platform that lost sight of it has started the job twice. There its
    pid means nothing, and shared disks often know no locks; but it beats, every `interval` seconds.
    """
    if _noted().get("host", socket.gethostname()) == socket.gethostname() or _has_ended():
        return
    seen = os.stat("events.jsonl")
    if time.time() - seen.st_mtime > 600:  # clocks do not differ by that much
        return
    until = time.monotonic() + 2.5 * interval
    while time.monotonic() < until:
        time.sleep(min(1.0, interval / 4))
        if os.stat("events.jsonl").st_size > seen.st_size:
            raise Locked


def _has_ended():
    """Whether the last line of events.jsonl is an end, or there is none."""
    try:
        with open("events.jsonl", "rb") as file:
            file.seek(max(0, os.path.getsize("events.jsonl") - 4096))
            return b'"kind":"end"' in file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except FileNotFoundError:
        return True


def _noted():
    """supervisor.json: what the last supervisor wrote about itself. {}: there was none."""
    try:
        with open("supervisor.json", encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return {}


def _last_told():
    """The last attempt in events.jsonl: supervisor.json may not have come along."""
    try:
        with open("events.jsonl", "rb") as file:
            return max((int(number) for line in file for number in re.findall(rb'^\{"v":1,"attempt":(\d+),', line)), default=0)
    except FileNotFoundError:
        return 0
