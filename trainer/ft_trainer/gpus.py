"""What nvidia-smi says about the GPUs here, and which accelerator an environment is for (as src/engines/machine.ts)."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys

#: Seconds that a vendor's tool may take: a stuck driver must not hold the run.
_PATIENCE = 10


def ask(program, *args):
    """(rows, problem) of a tool's table: rows of cells, or None and its own words. (None, None): there is no such program."""
    if not shutil.which(program):
        return None, None
    try:
        answer = subprocess.run([program, *args], capture_output=True, text=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None, f"{program}: no answer within {_PATIENCE} s"
    except OSError as error:
        return None, f"{program}: {error.strerror}"
    if answer.returncode != 0:
        words = (answer.stderr or answer.stdout).strip().splitlines()
        return None, f"{program}: {words[0] if words else 'it failed'}"
    return [[cell.strip() for cell in line.split(",")] for line in answer.stdout.splitlines() if line.strip()], None


def nvidia(*fields, of="gpu"):
    """`ask`, for fields of each GPU (`of`: "gpu") or of each process on them ("compute-apps")."""
    return ask("nvidia-smi", f"--query-{of}={','.join(fields)}", "--format=csv,noheader,nounits")


def visible(gpus, setting):
    """CUDA's own rule for CUDA_VISIBLE_DEVICES, over rows of (index, uuid, ...): unset means all, a wrong name hides the rest."""
    if setting is None:
        return gpus
    chosen = []
    for name in (part.strip() for part in setting.split(",")):
        found = [gpu for gpu in gpus if name == gpu[0] or (name.startswith("GPU-") and gpu[1].startswith(name))]
        if not found and re.match(r"(GPU|MIG)-", name):
            found = [[name, name]]  # a slice: nvidia-smi lists only whole ones
        if not found:
            break
        chosen.append(found[0])
    return chosen


def detect_accelerator():
    """(kind, driver): "cuda", "rocm", "mps" or "cpu", and the version of the driver where it is told."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps", None
    rows, _ = nvidia("index", "uuid", "driver_version")
    seen = visible(rows or [], os.environ.get("CUDA_VISIBLE_DEVICES"))
    if seen:
        return "cuda", rows[0][2]
    return ("rocm", None) if amd() else ("cpu", None)


def amd():
    """(index, name) of each AMD GPU, in the order that HIP numbers them; [] without rocm-smi, or when it says nothing sensible."""
    if not shutil.which("rocm-smi"):
        return []
    try:
        answer = subprocess.run(["rocm-smi", "--showproductname", "--json"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
        cards = [name for name in json.loads(answer.stdout) if re.fullmatch(r"card\d+", name)] if answer.returncode == 0 else []
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return [[str(index), f"amd-{name}"] for index, name in enumerate(sorted(cards, key=lambda name: int(name[4:])))]
