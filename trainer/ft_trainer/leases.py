"""
GPUs of a machine, each for one run at a time. A lease is a file in a folder that the machine's runs share, locked (flock) while the supervisor
lives: a dead one holds none. Who finds too few free waits in the order of arrival, by tickets that are locked the same way. Runs that all ask to
share may hold one together.
"""

import fcntl
import json
import os
import re
import time
from contextlib import contextmanager

from .failures import Refusal
from .gpus import amd, nvidia, visible


#: Longer than any turn on a busy machine. Only then the one who has it is named; whoever waits can still be stopped.
_TURN_SECONDS = 3


class Leases:
    """What one run wants, and holds until its process ends. `wanted`: how many. Raises Refusal when this machine has not so many."""

    def __init__(self, folder, run, wanted, share=False):
        self.folder, self.run, self.wanted, self.share = folder, run, wanted, share
        self.gpus = candidates()
        if len(self.gpus) < wanted:
            hint = "ask for fewer (compute.gpus); nvidia-smi shows what is here, CUDA_VISIBLE_DEVICES what of it may be taken"
            raise Refusal("gpu-lost", f"{_gpus(wanted)} asked for, and {len(self.gpus)} can be taken on this machine", hint)
        self.held = []
        self.reason = None
        self.ticket_fd = None
        _make_folder(folder)

    def take(self):
        """Whether the GPUs are held now; if not, `reason` says why. To be repeated."""
        with self._turn() as holder:
            if holder is not None:
                self.reason = f"waiting for its turn to look for GPUs: {holder} keeps {os.path.join(self.folder, 'queue.lock')}, and may hang"
                return False
            if self.ticket_fd is None:
                self._join()
            before = [ticket for number, ticket in self._tickets() if number < self.number and self._competes(ticket)]
            opened = [] if before else [(gpu, _open(self._lease(gpu))) for gpu in self.gpus]
            free = [(gpu, fd) for gpu, fd in opened if _locked(fd)]
            if self.share:
                for _, fd in free:
                    fcntl.flock(fd, fcntl.LOCK_SH)
                free += [(gpu, fd) for gpu, fd in opened if (gpu, fd) not in free and _locked(fd, fcntl.LOCK_SH)]
            free = free[: self.wanted]
            if len(free) < self.wanted or before:
                self.reason = self._why(before)
                free = []
            kept = {fd for _, fd in free}
            for _, fd in opened:
                if fd not in kept:
                    os.close(fd)
            self.held = free
            if not free:
                return False
            for _, fd in free:
                _write(fd, {"run": self.run, "pid": os.getpid(), "since": int(time.time() * 1000)})
        self.leave()
        return True

    def leave(self):
        """Gives the place in the queue up."""
        if self.ticket_fd is not None:
            os.unlink(self.ticket)
            os.close(self.ticket_fd)
            self.ticket_fd = None

    def environment(self):
        """For the steps: only the GPUs held, numbered as nvidia-smi does."""
        held = ",".join(gpu[0] for gpu, _ in self.held)
        hip = {"HIP_VISIBLE_DEVICES": held} if "HIP_VISIBLE_DEVICES" in os.environ else {}  # it goes before the other
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": held, **hip}

    def _join(self):
        self.number = max((number for number, _ in self._tickets()), default=0) + 1
        self.ticket = os.path.join(self.folder, f"ticket-{self.number:012d}")
        self.ticket_fd = _open(self.ticket)
        fcntl.flock(self.ticket_fd, fcntl.LOCK_EX)
        _write(self.ticket_fd, {"run": self.run, "gpus": [uuid for _, uuid, *_ in self.gpus]})

    def _why(self, before):
        holders = [(gpu[0], _read(self._lease(gpu)).get("run")) for gpu in self.gpus if _is_locked(self._lease(gpu))]
        held = [f"{name} {'is ' if index == 0 else ''}held by run {_plain(run)}" for index, (name, run) in enumerate(holders)]
        queue = [f"{len(before)} before it: {', '.join(_plain(ticket.get('run')) for ticket in before)}"] if before else []
        return f"waiting for {_gpus(self.wanted)}: {'; '.join([', '.join(held)] * bool(held) + queue)}"

    def _competes(self, ticket):
        return bool({uuid for _, uuid, *_ in self.gpus} & set(ticket.get("gpus", ())))

    def _tickets(self):
        """(number, content) of those who wait, by number. Tickets of the dead are removed."""
        living = []
        for name in sorted(os.listdir(self.folder)):
            path = os.path.join(self.folder, name)
            if re.fullmatch(r"ticket-\d{12}", name):
                if _is_locked(path):
                    living.append((int(name[7:]), _read(path)))
                else:
                    _remove(path)
        return living

    def _lease(self, gpu):
        return os.path.join(self.folder, f"gpu-{gpu[1]}")

    @contextmanager
    def _turn(self):
        """One looks and takes at a time, which is a matter of milliseconds. Gives None, or who has the turn and does not end it."""
        path = os.path.join(self.folder, "queue.lock")
        fd = _open(path)
        try:
            deadline = time.monotonic() + _TURN_SECONDS
            while not _locked(fd):
                if time.monotonic() > deadline:
                    holder = _read(path)
                    yield f"process {_plain(str(holder.get('pid')))} of run {_plain(holder.get('run'))}"
                    return
                time.sleep(0.01)
            _write(fd, {"run": self.run, "pid": os.getpid()})
            yield None
        finally:
            os.close(fd)


def candidates():
    """(index, uuid) of each GPU that may be taken: of those here, what CUDA_VISIBLE_DEVICES lets one see. Tests make some up: FT_FAKE_GPUS=4."""
    if "FT_FAKE_GPUS" in os.environ:
        rows = [[str(index), f"fake-{index}"] for index in range(int(os.environ["FT_FAKE_GPUS"]))]
    else:
        rows, problem = nvidia("index", "uuid")
        if problem:
            raise Refusal("gpu-lost", problem, "look at the driver: nvidia-smi, dmesg; in a container start it anew with --gpus")
        if rows is None:
            return visible(amd(), os.environ.get("HIP_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES")))
    return visible(rows or [], os.environ.get("CUDA_VISIBLE_DEVICES"))


def _make_folder(folder):
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        if not os.path.isdir(folder):
            os.mkdir(folder)
            os.chmod(folder, 0o1777)  # other users' runs take turns too
    except FileExistsError:
        pass
    except OSError as error:
        raise Refusal("permission", f"the folder of the GPU leases can't be made: {error}", "name another with --leases") from None


def _open(path):
    """A file that all may lock. Another user's may be closed to writing: it can be locked all the same, and then says nothing of us."""
    for _ in range(10):
        try:
            return os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            pass
        except PermissionError:
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
            os.fchmod(fd, 0o666)
            return fd
        except FileExistsError:
            pass  # another one has just made it
        except PermissionError as error:
            raise Refusal("permission", f"the folder of the GPU leases can't be written: {error}", "name another with --leases") from None
    raise Refusal("permission", f"{path} appears and vanishes", "look who else writes there")


def _locked(fd, how=fcntl.LOCK_EX):
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _is_locked(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return not _locked(fd)
    finally:
        os.close(fd)


def _write(fd, content):
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(content).encode(), 0)
    except OSError:
        pass  # another user's file, or a full disk: the lock is what counts


def _read(path):
    """What a lease or a ticket says; {} when it says nothing sensible."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            content = json.loads(file.read(4096))
        return content if isinstance(content, dict) else {}
    except (OSError, ValueError):
        return {}


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass  # another user's, in a folder where only he may


def _plain(run):
    """Others write these files: only what a run id can be is shown."""
    return run if isinstance(run, str) and re.fullmatch(r"[\w.-]{1,80}", run) else "(unknown)"


def _gpus(count):
    return f"{count} GPU" if count == 1 else f"{count} GPUs"
