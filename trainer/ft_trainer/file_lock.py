"""The same lock as ft's own (src/file-lock.ts): a file with its owner's pid, start and host, touched while he lives, taken over when he is dead."""

import json
import os
import socket
import threading
import time
from contextlib import contextmanager

from .processes import start_time

_BEAT_SECONDS = 5
_SILENT_SECONDS = 60


@contextmanager
def file_lock(path, on_wait):
    """Held within the `with`. `on_wait(pid)` is called once when another process holds it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    told, mine = False, json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "startTime": start_time(os.getpid())})
    while not _acquire(path, mine):
        owner = _living_owner(path)
        if owner and not told:
            told = True
            on_wait(owner)
        time.sleep(0.25)
    ended = threading.Event()
    threading.Thread(target=_touch, args=(path, mine, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        if _says(path, mine):
            _remove(path)


def _acquire(path, text):
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    return True


def _says(path, text):
    """Whether it still is the lock that this text was written into."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read() == text
    except OSError:
        return False


def _living_owner(path):
    """The owner's pid; None when it can't be told just now, or after a dead owner's lock was removed."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        silent = time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return None
    pid, host, started = _parse(text)
    is_here = host == socket.gethostname()
    is_gone = is_here and not _is_alive(pid)
    # Silence is no death where the same process is seen to live: it is stopped, or too busy.
    if not is_gone and (silent < _SILENT_SECONDS or (is_here and started is not None and started == start_time(pid))):
        return pid
    if not _says(path, text):
        return None
    # Two waiters may see the same dead lock: whoever moves a living one away by mistake puts it back.
    aside = f"{path}.{os.getpid()}"
    try:
        os.rename(path, aside)
        if not _says(aside, text):
            os.link(aside, path)
    except OSError:
        pass
    _remove(aside)
    return None


def _parse(text):
    try:
        owner = json.loads(text)
        return int(owner["pid"]), owner["host"], owner.get("startTime")
    except (ValueError, KeyError, TypeError):
        return None, None, None


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _touch(path, mine, ended):
    while not ended.wait(_BEAT_SECONDS):
        try:
            if _says(path, mine):
                os.utime(path)
        except OSError:
            pass


def _remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
