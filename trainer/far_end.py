"""
The far end of a job folder: what ft does on a machine that it reaches by ssh (or another way of running a program there). Standard library,
one file: ft hands its text to the far python3 with each call, so nothing is installed there and no two versions can meet.

    python3 -c <this text> COMMAND ARGUMENT...

Results are one line of JSON on stdout, before any bytes. What a person could mend ends with one line on stderr and exit code 41 (the disk is
full), 51 (a folder that cannot be written), as ft_trainer/exit_codes.py has them, or 1.
"""

import errno
import getpass
import glob
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time

CHUNK = 1 << 20
ALREADY_RUNNING = 75
DISK_FULL, PERMISSION = 41, 51


def main(argv):
    command, *arguments = argv
    try:
        sys.exit(COMMANDS[command](*arguments))
    except OSError as error:
        refuse(error, arguments[0])


def refuse(error, folder):
    """Says what the system refused, and where."""
    path = error.filename or os.path.abspath(os.path.expanduser(folder))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = "its quota is used up" if error.errno == errno.EDQUOT else "%d bytes are free" % disk_of(path)["freeBytes"]
        fail("%s: %s" % (path, why), DISK_FULL)
    words = error.strerror or str(error)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        fail("%s: %s, as %s" % (path, words, user()), PERMISSION)
    fail("%s: %s" % (path, words))


def where(root, *names):
    """Absolute path of a folder below a root that may begin with ~/; says too whether it is there."""
    path = os.path.join(os.path.abspath(os.path.expanduser(root)), *names)
    say({"path": path, "exists": os.path.isdir(path)})


def list_files(folder):
    """Regular files below a folder, by relative path: bytes of each. Links are not followed and not listed."""
    files = {}
    for base, names, found in os.walk(folder):
        names[:] = [name for name in names if not os.path.islink(os.path.join(base, name))]
        for name in found:
            path = os.path.join(base, name)
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode):
                files[os.path.relpath(path, folder)] = status.st_size
    say({"files": files})


def hash_files(folder):
    """sha256 of the files whose relative paths come as a JSON list on stdin; null where one is not there."""
    hashes = {}
    for name in json.load(sys.stdin):
        try:
            with opened(folder, name) as file:
                digest = hashlib.sha256()
                for chunk in iter(lambda: file.read(CHUNK), b""):
                    digest.update(chunk)
                hashes[name] = digest.hexdigest()
        except OSError:
            hashes[name] = None
    say({"sha256": hashes})


def receive(folder):
    """
    Files on stdin, each a line {path, offset, bytes, size, sha256, mode} and its bytes. A file grows as <path>.part, and gets its name
    once its sha256 is right; what was received before the link broke stays, and is gone on with at `offset`.
    """
    done = []
    source = sys.stdin.buffer
    for line in iter(source.readline, b""):
        head = json.loads(line)
        target = os.path.join(folder, safe(head["path"]))
        part = target + ".part"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(part, "r+b" if head["offset"] else "wb") as file:
            file.seek(head["offset"])
            file.truncate()
            copy(source, file, head["bytes"])
            file.flush()
            os.fsync(file.fileno())
        if os.path.getsize(part) < head["size"]:
            continue
        if file_sha256(part) != head["sha256"]:
            os.unlink(part)
            fail("%s arrived damaged" % head["path"])
        os.chmod(part, head["mode"])
        os.replace(part, target)
        done.append(head["path"])
    say({"received": done})


def send(folder):
    """The files that a JSON list of {path, offset} on stdin asks for: a line {path, bytes} and the bytes from there on, for each."""
    out = sys.stdout.buffer
    for asked in json.load(sys.stdin):
        with opened(folder, asked["path"]) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(asked["offset"])
            count = max(0, size - asked["offset"])
            out.write(json.dumps({"path": asked["path"], "bytes": count}).encode() + b"\n")
            copy(file, out, count)
    out.flush()


def link(folder, name, target):
    """Makes a link in the folder, in place of what was there under that name."""
    path = os.path.join(folder, safe(name))
    temporary = "%s.%d" % (path, os.getpid())
    os.symlink(target, temporary)
    os.replace(temporary, path)
    say({})


def secrets(file):
    """Keeps stdin in a file that nobody else can read, not even for a moment."""
    content = sys.stdin.buffer.read()
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    temporary = "%s.%d" % (file, os.getpid())
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
        out.write(content)
    os.replace(temporary, file)
    say({})


def forget(*files):
    """Takes files of secrets away."""
    for file in files:
        try:
            os.unlink(file)
        except FileNotFoundError:
            pass
    say({})


def look(folder, events_from, events_limit, log_from, log_limit):
    """
    Whether the supervisor lives; then events.jsonl from an offset on, and stdout.log from an offset on or, where that is further back than
    the limit, its end. The line says how many bytes of each follow it.
    """
    supervisor = read_json(os.path.join(folder, "supervisor.json"))
    alive = bool(supervisor) and start_time(supervisor["pid"]) == supervisor["startTime"]
    events, _, events_size = part(os.path.join(folder, "events.jsonl"), int(events_from), int(events_limit))
    log_start, limit = int(log_from), int(log_limit)
    log_size = size_of(os.path.join(folder, "stdout.log"))
    if log_size - log_start > limit or log_size < log_start:
        log_start = max(0, log_size - limit)
    log, log_start, log_size = part(os.path.join(folder, "stdout.log"), log_start, limit)
    say(
        {
            "there": os.path.isdir(folder),
            "supervisor": supervisor,
            "alive": alive,
            "events": {"bytes": len(events), "size": events_size},
            "log": {"bytes": len(log), "from": log_start, "size": log_size},
        }
    )
    sys.stdout.buffer.write(events + log)
    sys.stdout.buffer.flush()


def start(folder):
    """
    Starts the program that stdin names ({python, args, env, attempt}) in the folder, in a session of its own that outlives the link, unless
    the attempt's supervisor is alive already. Says by what it is found: {pid, startTime, attempt}.
    """
    asked = json.load(sys.stdin)
    file = os.path.join(folder, "supervisor.json")
    before = read_json(file)
    if before and before["attempt"] == asked["attempt"] and start_time(before["pid"]) == before["startTime"]:
        return say({key: before[key] for key in ("pid", "startTime", "attempt")})
    log = os.open(os.path.join(folder, "stdout.log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        child = subprocess.Popen(
            [asked["python"], *asked["args"]],
            cwd=folder,
            env={**os.environ, **asked["env"]},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    except OSError as error:
        fail("%s cannot be run there: %s" % (asked["python"], error.strerror))
    deadline = None
    while True:
        code = child.poll()
        now = read_json(file)
        if now and now["attempt"] == asked["attempt"] and now != before:
            return say({key: now[key] for key in ("pid", "startTime", "attempt")})
        if code is not None:
            deadline = deadline or time.monotonic() + (5 if code == ALREADY_RUNNING else 0)
            if time.monotonic() >= deadline:
                words, _, _ = part(os.path.join(folder, "stdout.log"), max(0, size_of(os.path.join(folder, "stdout.log")) - 2000), 2000)
                fail("exit code %s: %s" % (code, " / ".join(words.decode("utf-8", "replace").strip().splitlines()[-5:])))
        time.sleep(0.02)


def stop(folder, pid, started, name):
    """Sends a signal to a supervisor if it is the one that is meant; KILL goes to all of its session. Says whether it still lives."""
    pid = int(pid)
    lives = start_time(pid) == started
    if name == "TERM":
        leave_marker(folder)
    if lives or name == "KILL":
        try:
            if name == "KILL":
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, getattr(signal, "SIG" + name))
        except (ProcessLookupError, PermissionError):
            pass
    say({"alive": lives})


def mark_cancelled(folder):
    """Leaves the marker by which a run that its platform starts again knows that it is over."""
    leave_marker(folder)
    say({})


def leave_marker(folder):
    if os.path.isdir(folder):
        open(os.path.join(folder, "cancel"), "a").close()


def begin(folder):
    """Makes the folder, takes away what an earlier attempt left in it to end it by, and lists its files as `list` does."""
    os.makedirs(folder, exist_ok=True)
    try:
        os.unlink(os.path.join(folder, "cancel"))
    except FileNotFoundError:
        pass
    list_files(folder)


def runs(root):
    """Of each run folder below the root: its id, latest attempt, supervisor, whether that lives, and what tells the folder from any other."""
    found, machine = [], machine_id()
    folder = os.path.join(os.path.expanduser(root), "runs")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        supervisor = read_json(os.path.join(folder, name, "supervisor.json"))
        alive = bool(supervisor) and start_time(supervisor["pid"]) == supervisor["startTime"]
        try:
            status = os.stat(os.path.join(folder, name))
        except FileNotFoundError:
            continue  # removed since it was listed
        identity = "%s:%d:%d" % (machine, status.st_dev, status.st_ino)
        found.append({"run": name, "supervisor": supervisor, "alive": alive, "identity": identity})
    say({"runs": found})


def remove(root, name):
    """Takes a run folder away with all that is in it; its secrets too. One whose supervisor lives is left."""
    import shutil

    root = os.path.abspath(os.path.expanduser(root))
    folder = os.path.join(root, "runs", safe(name))
    supervisor = read_json(os.path.join(folder, "supervisor.json"))
    if supervisor and start_time(supervisor["pid"]) == supervisor["startTime"]:
        fail("run %s is alive there" % name)
    if os.path.isdir(folder):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            fail("%s could not be removed: %s" % (error.filename or folder, error.strerror or error))
    # Of each attempt a file, of containers a folder with it.
    for kept in (os.path.join(root, "secrets"), os.path.join(root, "mounted-secrets")):
        for entry in os.listdir(kept) if os.path.isdir(kept) else []:
            path = os.path.join(kept, entry)
            if entry.startswith(name + "-"):
                shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.unlink(path)
    say({})


def machine_id():
    """The same for all who ask this machine, however they reach it, until it is started again."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return os.uname().nodename


def machine(root):
    """What a run would find here: Python, cores, memory, room where the jobs and the caches lie, and whether a file can be written there."""
    try:
        shm = os.statvfs("/dev/shm")
        shm_bytes = shm.f_blocks * shm.f_frsize
    except OSError:
        shm_bytes = None
    say(
        {
            "python": "%d.%d.%d" % sys.version_info[:3],
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memoryBytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "shmBytes": shm_bytes,
            "disk": disk_of(root),
            "caches": disk_of(ft_cache(os.environ)),
            "unwritable": unwritable(root),
        }
    )


def room(folder):
    """
    Where a run's bytes would lie: the disks of the folder for jobs, of ft's cache and of the Hub's. Says too whether the environment
    and the base ({id, revision}) that stdin names are there; * stands for anything, null for none.
    """
    asked = json.load(sys.stdin)
    env = {**os.environ, **asked["env"]}
    cache, hub = ft_cache(env), hub_cache(env)
    base = asked["base"]
    snapshot = base and ("models--" + base["id"].replace("/", "--"), "snapshots", base["revision"])
    made = asked["environment"] and ("envs", asked["environment"], "ft-env.json")
    say(
        {
            "jobs": disk_of(folder),
            "environments": {**disk_of(cache), "isThere": is_in(cache, made)},
            "hub": {**disk_of(hub), "isThere": is_in(hub, snapshot)},
        }
    )


def is_in(folder, names):
    """Whether something of these names, one below the other and with * in them, is in the folder; `names` may be None."""
    return bool(names) and bool(glob.glob(os.path.join(glob.escape(os.path.expanduser(folder)), *names)))


def ft_cache(env):
    """As ft_trainer/environment.py has it."""
    return env.get("FT_CACHE") or os.path.join(env.get("XDG_CACHE_HOME") or "~/.cache", "ft")


def hub_cache(env):
    """As huggingface_hub has it."""
    home = env.get("HF_HOME") or os.path.join(env.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return env.get("HF_HUB_CACHE") or os.path.join(home, "hub")


def disk_of(folder):
    """Absolute path, its disk, and what is free there for this user; of the nearest folder that is there."""
    path = os.path.abspath(os.path.expanduser(folder))
    there = nearest(path)
    disk = os.statvfs(there)
    return {"path": path, "device": os.stat(there).st_dev, "freeBytes": disk.f_bavail * disk.f_frsize}


def unwritable(folder):
    """Why nothing can be written there, found by writing; None: it can. Access rights alone say nothing of root, quotas and read-only disks."""
    place = nearest(os.path.abspath(os.path.expanduser(folder)))
    if not os.path.isdir(place):
        return "%s is no folder" % place
    trial = os.path.join(place, ".ft-trial.%d" % os.getpid())
    try:
        with open(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return "%s: %s, as %s" % (place, error.strerror or error, user())
    finally:
        try:
            os.unlink(trial)
        except OSError:
            pass
    return None


def nearest(path):
    """The path, or what is there of it."""
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def user():
    try:
        return "user %s" % getpass.getuser()
    except Exception:  # a container's ids need no name
        return "user %d" % os.getuid()


def opened(folder, name):
    """A regular file of the folder, wherever its links would lead not."""
    path = os.path.join(folder, safe(name))
    if os.path.realpath(path) != os.path.join(os.path.realpath(folder), safe(name)):
        raise OSError("%s is a link" % name)
    return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def safe(name):
    """Throws for what would lead out of the folder."""
    if os.path.isabs(name) or ".." in name.split("/") or "\0" in name or name == "":
        fail("%r is no path within a job folder" % name)
    return os.path.normpath(name)


def part(path, offset, limit):
    """(bytes, offset, size of the file); nothing where it is not there."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(offset)
            return file.read(max(0, min(limit, size - offset))), offset, size
    except FileNotFoundError:
        return b"", offset, 0


def size_of(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def copy(source, target, count):
    while count > 0:
        chunk = source.read(min(CHUNK, count))
        if not chunk:
            fail("the stream ended %d bytes early" % count)
        target.write(chunk)
        count -= len(chunk)


def file_sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


def start_time(pid):
    """As ft_trainer/processes.py: field 22 of /proc/<pid>/stat, or what ps prints; None for one that is not there."""
    if not sys.platform.startswith("linux"):
        listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], stdout=subprocess.PIPE, universal_newlines=True)
        return listed.stdout.strip() or None
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            state, *fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else fields[18]


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def fail(message, code=1):
    sys.stderr.write(message + "\n")
    sys.exit(code)


COMMANDS = {
    "where": where,
    "list": list_files,
    "hash": hash_files,
    "receive": receive,
    "send": send,
    "link": link,
    "secrets": secrets,
    "forget": forget,
    "look": look,
    "mark-cancelled": mark_cancelled,
    "begin": begin,
    "start": start,
    "stop": stop,
    "runs": runs,
    "remove": remove,
    "machine": machine,
    "room": room,
}

if __name__ == "__main__":
    main(sys.argv[1:])
