"""
The engine's Python environment on this machine, where ft itself would make it and as it would (src/engines/env): the same place, name and marker,
so that both find what the other made. From trainer/env of the job folder: requirements.lock, pyproject.toml, uv-requirements.txt.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time

from . import events
from .failures import Refusal
from .file_lock import file_lock
from .gpus import detect_accelerator
from .install import install_packages, make_venv
from .processes import dying_with_me, without_trainer
from .uv import find_uv

MARKER = "ft-env.json"
#: What must have the locked version in a new environment, besides the engine.
_CHECKED = ("transformers", "peft", "datasets", "accelerate", "bitsandbytes", "gguf")
_CHECK = """
import importlib.metadata as m, json, platform, sys
import torch
gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
print(json.dumps({"python": platform.python_version(), "torch": torch.__version__, "accelerated": bool(gpu),
                  "versions": {name: m.version(name) for name in sys.argv[1:]}}))
"""


class EngineLock:
    """The pinned packages that came with the job."""

    def __init__(self, engine, folder):
        self.engine, self.version, self.file = engine["name"], engine["version"], os.path.join(folder, "requirements.lock")
        try:
            with open(self.file, encoding="utf-8") as file:
                self.text = file.read()
            with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8") as file:
                self.python = re.search(r'^requires-python = ">=([\d.]+)"$', file.read(), re.M)[1]
        except FileNotFoundError as error:
            hint = "submit the run anew with this ft, or name the engine's Python: --python"
            raise Refusal("dependency", f"the job came without {error.filename}, so that its environment can't be made here", hint) from None
        self.hash = hashlib.sha256(self.text.encode()).hexdigest()[:8]

    def pinned(self, name):
        """Version of a package."""
        return re.search(rf"^{re.escape(name)}==([^ \\]+)", self.text, re.M)[1]


def ensure_environment(engine, folder="trainer/env"):
    """Path of the environment's Python; makes the environment when it is not there. Raises Refusal."""
    lock = EngineLock(engine, folder)
    accelerator, driver = detect_accelerator()
    place = os.path.join(cache_folder(), "envs", f"{lock.engine}-{lock.version}-{accelerator}-{lock.hash}")
    if not is_ready(place):
        _require_served_platform(lock)
        name = os.path.basename(place)
        with file_lock(f"{place}.lock", lambda pid: events.phase("preparing", f"waiting for another ft (process {pid}) that makes {name}")):
            if not is_ready(place):
                _make(place, lock, accelerator, driver, folder)
    return _python(place)


def cache_folder():
    """$FT_CACHE, else $XDG_CACHE_HOME/ft, else ~/.cache/ft."""
    if os.environ.get("FT_CACHE"):
        return os.path.abspath(os.environ["FT_CACHE"])
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "ft")


def is_ready(place):
    """Whether the environment there was finished: the marker is written last."""
    try:
        with open(os.path.join(place, MARKER), encoding="utf-8") as file:
            return json.load(file)["version"] == 1 and os.path.exists(_python(place))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _make(place, lock, accelerator, driver, folder):
    parent = os.path.dirname(place)
    os.makedirs(parent, exist_ok=True)
    free = shutil.disk_usage(parent).free
    if free < 300e6:
        raise Refusal("disk-full", f"{parent} has {free / 1e6:.0f} MB free, and the {lock.engine} environment takes about 6 GB", "set FT_CACHE to another disk")
    uv = find_uv(cache_folder(), folder)
    try:
        shutil.rmtree(place, ignore_errors=True)
        make_venv(uv, place, lock)
        notice = install_packages(uv, place, lock, accelerator, driver)
        events.phase("preparing", f"checking {lock.engine} {lock.version}")
        found = _check(_python(place), lock)
        if notice is None and accelerator != "cpu" and not found["accelerated"]:
            notice = f"torch does not see the GPU ({accelerator}, driver {driver or 'unknown'})"
        marker = {
            "version": 1, "engine": lock.engine, "engineVersion": lock.version, "accelerator": accelerator, "lockHash": lock.hash,
            "python": found["python"], "torch": found["torch"], "notice": notice, "createdAt": int(time.time() * 1000),
        }  # fmt: skip
        with open(os.path.join(place, MARKER), "w", encoding="utf-8") as file:
            file.write(json.dumps(marker, indent=2) + "\n")
    except BaseException:  # the signal that ends us too
        shutil.rmtree(place, ignore_errors=True)
        raise
    if notice:
        events.warn(notice)


def _check(python, lock):
    names = [lock.engine, *_CHECKED]
    options = {"env": without_trainer(os.environ), "preexec_fn": dying_with_me()}
    answer = subprocess.run([python, "-c", _CHECK, *names], capture_output=True, text=True, check=False, **options)
    why = (answer.stderr.strip().splitlines() or [""])[-1]
    if answer.returncode == 0:
        found = json.loads(answer.stdout.strip().splitlines()[-1])
        wrong = [f"{name} is {found['versions'][name]}" for name in names if found["versions"][name] != lock.pinned(name)]
        if not wrong:
            return found
        why = ", ".join(wrong)
    raise Refusal("dependency", f"the new {lock.engine} {lock.version} environment does not work: {why}", "resume makes it again; if it stays, report this line")


def _python(place):
    return os.path.join(place, "bin", "python")


def _require_served_platform(lock):
    here = f"{sys.platform}-{platform.machine()}"
    if here not in ("linux-x86_64", "linux-aarch64", "darwin-arm64"):
        hint = "run on 64-bit Linux or a Mac with Apple's chip: torch has wheels only for these"
        raise Refusal("dependency", f"the {lock.engine} engine has no packages for {here}", hint)
