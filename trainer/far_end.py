"""
The far end of a job folder: what ft does on a machine that it reaches by ssh (or another way of running a program there). Standard library,
one file: ft hands its text to the far python3 with each call, so nothing is installed there and no two versions can meet.

    python3 -c <this text> COMMAND ARGUMENT...

Results are one line of JSON on stdout, before any bytes. What a person could mend ends with exit code 1 and one line on stderr.
"""

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


def main(argv):
    command, *arguments = argv
    sys.exit(COMMANDS[command](*arguments))


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


def forget(file):
    """Takes a file of secrets away."""
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
    kept = os.path.join(root, "secrets")
    for entry in os.listdir(kept) if os.path.isdir(kept) else []:
        if entry.startswith(name + "-"):
            os.unlink(os.path.join(kept, entry))
    say({})


def machine_id():
    """The same for all who ask this machine, however they reach it, until it is started again."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return os.uname().nodename


def machine(root):
    """What a run would find here: Python, cores, memory, room where the jobs lie."""
    folder = os.path.abspath(os.path.expanduser(root))
    there = folder
    while not os.path.exists(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    disk = os.statvfs(there)
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
            "freeBytes": disk.f_bavail * disk.f_frsize,
            "shmBytes": shm_bytes,
            "canWrite": os.access(there, os.W_OK | os.X_OK),
        }
    )


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


def fail(message):
    sys.stderr.write(message + "\n")
    sys.exit(1)


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
}

if __name__ == "__main__":
    main(sys.argv[1:])
