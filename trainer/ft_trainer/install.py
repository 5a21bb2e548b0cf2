"""uv's part of an environment: the venv, then exactly the locked packages, with progress and plain words when it fails."""

import os
import re
import subprocess

from . import events
from .failures import Refusal
from .processes import dying_with_me, without_trainer

_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def make_venv(uv, place, lock):
    events.phase("preparing", f"making the {lock.engine} environment")
    failed, said = _uv(uv, ["venv", "--no-project", "--python", f">={lock.python},<3.15", place])
    if failed:
        hint = f"install Python {lock.python} or newer on this machine, or give uv access to the network, so that it fetches one"
        raise _why(said) or Refusal("dependency", f"{lock.engine} {lock.version} needs Python {lock.python} to 3.14: {_last(said)}", hint)


def install_packages(uv, place, lock, accelerator, driver):
    """Installs the lock. Returns a notice when the machine gets another torch build than the one that fits it best, else None."""
    backend, python = torch_backend(accelerator, driver), ["--python", os.path.join(place, "bin", "python")]
    torch = f"torch=={lock.pinned('torch')}"
    if backend and _has_torch_index(uv, backend, python, torch):
        rest = os.path.join(place, "requirements-without-torch.txt")
        with open(rest, "w", encoding="utf-8") as file:
            file.write(without_torch(lock.text))
        _install(uv, lock, [*python, "--no-deps", "--require-hashes", "-r", rest])
        _install(uv, lock, [*python, "--torch-backend", backend, torch])
        return None
    _install(uv, lock, [*python, "--no-deps", "--require-hashes", "-r", lock.file])
    if backend is None:
        return None
    why = "the index of torch's other builds can't be reached"
    if accelerator == "cpu":
        return f"{why}: torch comes with CUDA packages that are not used here (about 4 GB more)"
    return f"{why}: installed the CUDA 13 build, which {'does not use AMD GPUs' if accelerator == 'rocm' else f'needs a newer driver than {driver}'}"


def torch_backend(accelerator, driver):
    """None: the build in the lock fits (CUDA 13 with a driver for it, Apple). Else uv's name of the torch index that does."""
    if accelerator == "mps":
        return None
    if accelerator == "cuda":
        return None if int(re.match(r"\d*", driver or "580")[0] or 580) >= 580 else "auto"
    return "auto" if accelerator == "rocm" else "cpu"


def without_torch(text):
    """The lock without torch and the CUDA packages that PyPI's torch needs."""
    blocks = re.split(r"\n(?=\S)", text)
    return "\n".join(block for block in blocks if not re.match(r"(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==", block))


def _has_torch_index(uv, backend, python, torch):
    """A quick look, so that a machine without that index loses seconds, not minutes."""
    args = ["pip", "install", "--dry-run", "--no-deps", "--torch-backend", backend, *python, torch]
    failed, _ = _uv(uv, args, {"UV_HTTP_TIMEOUT": "5", "UV_HTTP_RETRIES": "0"}, timeout=20)
    return not failed


def _install(uv, lock, args):
    failed, said = _uv(uv, ["pip", "install", *args])
    if failed:
        hint = "check the network or UV_DEFAULT_INDEX (a mirror), then resume; nothing half-made is left"
        raise _why(said) or Refusal("network", f"can't install the {lock.engine} {lock.version} environment: {_last(said)}", hint)


def _uv(uv, args, extra=None, timeout=None):
    """(failed, what it said). Its words go to stdout.log, the sizes that it names become progress."""
    process = subprocess.Popen(
        [uv, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**without_trainer(os.environ), **(extra or {}), "NO_COLOR": "1"},
        preexec_fn=dying_with_me(),
    )
    try:
        if timeout is None:
            said = "".join(_followed(process.stderr))
        else:
            _, said = process.communicate(timeout=timeout)
        return process.wait() != 0, said
    except subprocess.TimeoutExpired:
        return True, ""
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def _followed(lines):
    sizes, done = {}, 0
    for line in lines:
        print(line, end="", flush=True)
        yield line
        begun = re.match(r"\s*Downloading (\S+) \(([\d.]+)\s?([KMG]?i?B)\)", line)
        ended = re.match(r"\s*Downloaded (\S+)", line)
        step = re.match(r"(Resolved|Prepared) (\d+) packages?", line)
        if begun:
            sizes[begun[1]] = float(begun[2]) * _UNITS.get(begun[3], 1)
        elif ended:
            done += sizes.get(ended[1], 0)
        elif step:
            events.phase("preparing", f"{'getting' if step[1] == 'Resolved' else 'installing'} {step[2]} packages")
        if begun or ended:
            events.emit("progress", done=done, total=sum(sizes.values()), unit="bytes")


def _why(said):
    """A full disk has a class of its own."""
    if re.search(r"No space left on device|os error 28|Disk quota exceeded", said):
        return Refusal("disk-full", "the disk is full: an engine's environment takes about 6 GB", "free some space, or set FT_CACHE to another disk")
    return None


def _last(said):
    return " ".join(line.strip() for line in said.strip().splitlines()[-4:])
