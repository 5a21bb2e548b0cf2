"""Folders that are whole or do not count: ft-checkpoint.json, written last, holds the sha256 of every file."""

import hashlib
import json
import os
import re

MANIFEST = "ft-checkpoint.json"


def seal(folder):
    """Writes the manifest of a finished checkpoint or adapter: everything is on disk first. Returns the manifest's own sha256, hex."""
    files = {}
    for name in _files(folder):
        path = os.path.join(folder, name)
        _sync(path)
        files[name] = {"sha256": file_sha256(path), "bytes": os.path.getsize(path)}
    content = json.dumps({"version": 1, "files": files}, indent=1).encode() + b"\n"
    partial = os.path.join(folder, f"{MANIFEST}.tmp")
    with open(partial, "wb") as file:
        file.write(content)
    _sync(partial)
    os.replace(partial, os.path.join(folder, MANIFEST))
    _sync(folder)
    return hashlib.sha256(content).hexdigest()


def flaw(folder):
    """Why a folder does not count, or None when it is exactly what was sealed."""
    try:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
            files = json.load(file)["files"]
    except FileNotFoundError:
        return f"it has no {MANIFEST} (the save was cut short)"
    except (ValueError, KeyError):
        return f"its {MANIFEST} is damaged"
    for name, expected in files.items():
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            return f"{name} is missing"
        if os.path.getsize(path) != expected["bytes"] or file_sha256(path) != expected["sha256"]:
            return f"{name} has changed"
    return None


def last_complete(folder, warn):
    """Path of the newest checkpoint-N that counts, or None. Says of each newer one why it was passed over."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    steps = sorted((int(name[11:]) for name in names if re.fullmatch(r"checkpoint-\d+", name)), reverse=True)
    for step in steps:
        path = os.path.join(folder, f"checkpoint-{step}")
        reason = flaw(path)
        if reason is None:
            return path
        warn(f"checkpoint-{step} is passed over: {reason}")
    return None


def _files(folder):
    found = []
    for base, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(base, name), folder) for name in names if name not in (MANIFEST, f"{MANIFEST}.tmp")]
    return sorted(found)


def file_sha256(path):
    """Hash of a file's content, hex."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
