"""Which start of the job this is: whether another one runs already, the attempt's number, and whether someone cancelled the run for good."""

import json
import os
import re

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
