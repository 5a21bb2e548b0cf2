"""The same lock as ft's own (src/file-lock.ts): a file with its owner's pid and host, touched while he lives, taken over when he is dead."""

import json
import os
import socket
import threading
import time
from contextlib import contextmanager

_BEAT_SECONDS = 5
_SILENT_SECONDS = 60


@contextmanager
def file_lock(path, on_wait):
    """Held within the `with`. `on_wait(pid)` is called once when another process holds it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    told = False
    while not _acquire(path):
        owner = _living_owner(path)
        if owner and not told:
            told = True
            on_wait(owner)
        time.sleep(0.25)
    ended = threading.Event()
    threading.Thread(target=_touch, args=(path, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        _remove(path)


def _acquire(path):
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, file)
    return True


def _living_owner(path):
    """The owner's pid; None when it can't be told just now, or after a dead owner's lock was removed."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        silent = time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return None
    pid, host = _parse(text)
    is_dead = pid is not None and host == socket.gethostname() and not _is_alive(pid)
    if not is_dead and silent < _SILENT_SECONDS:
        return pid
    # Two waiters may see the same dead lock: whoever moves a living one away by mistake puts it back.
    aside = f"{path}.{os.getpid()}"
    try:
        os.rename(path, aside)
        with open(aside, encoding="utf-8") as file:
            if file.read() != text:
                os.link(aside, path)
    except OSError:
        pass
    _remove(aside)
    return None


def _parse(text):
    try:
        owner = json.loads(text)
        return int(owner["pid"]), owner["host"]
    except (ValueError, KeyError, TypeError):
        return None, None


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _touch(path, ended):
    while not ended.wait(_BEAT_SECONDS):
        try:
            os.utime(path)
        except OSError:
            pass


def _remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
