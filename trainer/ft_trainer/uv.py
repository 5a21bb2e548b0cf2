"""The uv that makes environments: the one on PATH when it is new enough, else a pinned one that pip puts into ft's cache (as src/engines/env/uv.ts)."""

import os
import re
import shutil
import subprocess
import sys

from . import events
from .failures import Refusal
from .file_lock import file_lock
from .processes import dying_with_me, without_trainer

#: The first with every option that is used here (--torch-backend among them).
_OLDEST = (0, 8)


def find_uv(cache, folder):
    """Command or path of a uv that works. `folder` has uv-requirements.txt. Raises Refusal."""
    requirements = os.path.abspath(os.path.join(folder, "uv-requirements.txt"))
    with open(requirements, encoding="utf-8") as file:
        version = re.search(r"^uv==(\S+)", file.read(), re.M)[1]
    place = os.path.join(cache, "uv", version)
    own = os.path.join(place, "bin", "uv")
    for command in ("uv", own):
        if _works(command):
            return command
    with file_lock(f"{place}.lock", lambda pid: events.phase("preparing", f"waiting for another ft (process {pid}) that installs uv")):
        if not os.path.exists(own):
            events.phase("preparing", f"installing uv {version}")
            _install(place, requirements)
    return own


def _works(command):
    try:
        answer = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.match(r"uv (\d+)\.(\d+)\.\d+", answer.stdout)
    return answer.returncode == 0 and bool(found) and (int(found[1]), int(found[2])) >= _OLDEST


def _install(place, requirements):
    """By this Python's pip, or by one in a throw-away venv: Debian ships Python without pip, others without venv."""
    temporary = f"{place}.making"
    shutil.rmtree(temporary, ignore_errors=True)
    os.makedirs(temporary)
    target, venv = os.path.join(temporary, "uv"), os.path.join(temporary, "venv")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", target, "-r", requirements]
    try:
        why = _run([sys.executable, *install])
        if why is not None:
            why = _run([sys.executable, "-m", "venv", venv]) or _run([os.path.join(venv, "bin", "python"), *install]) or why
            if not os.path.exists(os.path.join(target, "bin", "uv")):
                hint = "install uv (docs.astral.sh/uv) or the system's python3-venv package on this machine, then resume"
                raise Refusal("dependency", f"can't install uv, which makes the engine's environment: {why}", hint)
        os.rename(target, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _run(command):
    """Last line of what it said when it failed; None: it worked."""
    options = {"env": without_trainer(os.environ), "stdin": subprocess.DEVNULL, "preexec_fn": dying_with_me()}
    answer = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if answer.returncode == 0:
        return None
    return ((answer.stderr or answer.stdout).strip().splitlines() or ["it failed"])[-1]
