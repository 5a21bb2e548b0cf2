"""What would go wrong later is told before the steps start: folders of another owner, GPUs that are gone or still full, too little shared memory."""

import glob
import json
import os
import re

from .failures import Refusal
from .gpus import nvidia, visible
from .known_failures import GPU_LOST, SHM_FLAG
from .processes import start_time

#: An idle GPU's own use stays under this, MiB.
_IDLE_MIB = 1024
#: Less than that in /dev/shm and NCCL or data loading workers fail at once or in the middle; Docker gives 64 MB.
_SHM_BYTES = 2**30


def device_of(folder="config"):
    """The kind of device that the job was made for ("cuda", "cpu", ...); None: not said."""
    try:
        with open(os.path.join(folder, "evaluate.json"), encoding="utf-8") as file:
            return json.load(file).get("device")
    except (OSError, ValueError):
        return None


def refuse_unwritable(job):
    """Raises Refusal when a folder that the run writes to is someone else's: it was made by another user, or in a container as root."""
    for path in (".", "out", job["checkpointDir"], job["adapterDir"], "out/eval", "cache"):
        if os.path.isdir(path) and not os.access(path, os.W_OK | os.X_OK):
            owner, here = os.stat(path).st_uid, os.path.abspath(path)
            hint = f"chown -R {os.getuid()} {os.path.abspath('.')}, or run as that user"
            raise Refusal("permission", f"{here} belongs to user {owner}, and the run is user {os.getuid()}: it can't write there", hint)


def refuse_lost_gpu(device):
    """Raises Refusal when the job wants an NVIDIA GPU and nvidia-smi sees none. Without that program torch is asked, by the step."""
    rows, problem = nvidia("index", "uuid") if device == "cuda" else (None, None)
    if problem or rows == []:
        raise Refusal("gpu-lost", f"the job trains on a GPU, and there is none here: {problem or 'nvidia-smi lists none'}", GPU_LOST)


def memory_held(visible_devices):
    """Of each GPU of CUDA_VISIBLE_DEVICES that is not empty: a sentence with how much is taken, and by which process."""
    rows, _ = nvidia("index", "uuid", "memory.used")
    used = [(row[0], row[1], int(row[2])) for row in visible(rows or [], visible_devices) if len(row) > 2 and row[2].isdigit()]
    holders = (nvidia("gpu_uuid", "pid", of="compute-apps")[0] or []) if used else []
    for index, uuid, mebibytes in used:
        if mebibytes > _IDLE_MIB:
            pids = [int(row[1]) for row in holders if row[0] == uuid and row[1].isdigit()]
            by = ", ".join(_process(pid) for pid in pids) or "no process that can be seen from here"
            advice = f"end it, or `nvidia-smi --gpu-reset -i {index}` when nobody uses the GPU"
            yield f"GPU {index} has {mebibytes / 1024:.1f} GiB in use before the run begins, held by {by}: {advice}"


def small_shm(job, place="/dev/shm"):
    """A sentence when /dev/shm has too little room for what the job does."""
    several = any(step["module"] == "ft_trainer.launch" for step in job["steps"])
    if not (several or _has_workers()) or not os.path.isdir(place):
        return
    room = os.statvfs(place)
    free = room.f_bavail * room.f_frsize
    if free < _SHM_BYTES:
        who = "processes that train together" if several else "data loading workers"
        yield f"/dev/shm has {free / 1e6:.0f} MB free, and {who} want {_SHM_BYTES / 1e6:.0f}: {SHM_FLAG}"


def _has_workers():
    for path in glob.glob("config/*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            if re.search(r"""dataloader_num_workers["']?\s*[:=]\s*[1-9]""", file.read()):
                return True
    return False


def _process(pid):
    if start_time(pid) is None:
        return f"process {pid}, which is dead or outside this container"
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return f"process {pid} ({file.read().strip()})"
    except OSError:
        return f"process {pid}"
