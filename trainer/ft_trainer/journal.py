"""
events.jsonl, append only: one write a line, numbered within the attempt, and a lock, so that a run has one supervisor. With `echo` each line
goes to stdout too, for launchers that see nothing but the log.
"""

import errno
import fcntl
import json
import os
import re
import time


class Locked(Exception):
    """Another supervisor holds the journal."""


class Journal:
    """Opens (and locks) the journal of a job. Raises Locked. Whatever a crash left, the next line starts on a new line."""

    RESERVE = "events.reserve"
    #: Marks an event among the other lines of a log.
    ECHO_PREFIX = b"ft-event "

    def __init__(self, path, attempt, echo=False):
        self.attempt, self.echo = attempt, echo
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        _lock(self.fd)
        with open(path, "rb") as file:
            written = file.read()
        if written and not written.endswith(b"\n"):
            os.write(self.fd, b"\n")
        self.seq = max(map(int, re.findall(rb'"attempt":%d,"seq":(\d+)' % attempt, written)), default=0)

    def append(self, kind, **fields):
        """Appends one event; `t` may be given by the child that saw it. Raises OSError (ENOSPC) when the line does not fit."""
        event = {"v": 1, "attempt": self.attempt, "seq": self.seq + 1, "t": int(time.time() * 1000), "kind": kind, **fields}
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        if os.write(self.fd, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.seq += 1
        if self.echo:
            self._say(self.ECHO_PREFIX + line)

    def _say(self, data):
        """A log that nobody reads any more must not end the run: the file has the event."""
        try:
            while data:
                data = data[os.write(1, data) :]
        except OSError:
            self.echo = False

    def reserve(self):
        """Keeps a little room on the disk, so that a run that fills it can still say so."""
        with open(self.RESERVE, "wb") as file:
            file.write(bytes(65536))

    def release(self):
        """Gives the room back, and ends a line that a full disk has cut."""
        if os.path.exists(self.RESERVE):
            os.unlink(self.RESERVE)
        size = os.fstat(self.fd).st_size
        if size and os.pread(self.fd, 1, size - 1) != b"\n":
            os.write(self.fd, b"\n")


def _lock(fd):
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Locked from None
    except OSError:
        pass  # a file system without locks: supervisor.json is the check that is left
