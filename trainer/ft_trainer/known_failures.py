"""What drivers, NCCL and shared memory say when they fail, as failure class and next step: they raise bare RuntimeErrors."""

import re

#: For processes on several machines, or with several network interfaces, that cannot talk to each other.
NETWORK_BETWEEN = (
    "set NCCL_SOCKET_IFNAME (GLOO_SOCKET_IFNAME on CPUs) to the interface that the machines share (`ip -brief address` lists them); "
    "NCCL_DEBUG=INFO tells in stdout.log which one is taken"
)
#: For a GPU that was there, or should be.
GPU_LOST = (
    "nvidia-smi and the kernel's log (dmesg, Xid) say what became of it; a container that lost its GPUs (often by `systemctl daemon-reload` on its "
    "machine) must be started anew, with --gpus; then resume"
)
SHM_FLAG = "start the container with --shm-size=8g or --ipc=host (Kubernetes: an emptyDir of medium Memory on /dev/shm)"

_KNOWN = [
    (r"driver on your system is too old|CUDA driver version is insufficient", "dependency", None),
    (r"no kernel image is available", "dependency", "this torch has no code for this GPU: use an environment or image of another CUDA version"),
    (
        r"No CUDA GPUs are available|Found no NVIDIA driver|no CUDA-capable device|GPU is lost|cannot find any torch accelerator"
        r"|device\(s\) is/are busy or unavailable|uncorrectable (NVLink|ECC) error|CUDA error: unknown error",
        "gpu-lost",
        GPU_LOST,
    ),
    (r"out of shared memory|insufficient shared memory|shared memory segment /dev/shm|/torch_\d+\S* .*No space left", "disk-full", f"/dev/shm is too small: {SHM_FLAG}"),
    (r"no socket interface found|Unable to find (address|interface) for|NCCL .*(unhandled system error|ncclSystemError|remote process)", "network", NETWORK_BETWEEN),
]  # fmt: skip


def known(text):
    """(class, hint) of an error's text, or None."""
    for pattern, failure, hint in _KNOWN:
        if re.search(pattern, text, re.S):
            return failure, hint or _driver_hint(text)
    return None


def _driver_hint(text):
    """Names what the driver can and what torch wants."""
    try:
        from torch import version

        wanted = f"this torch is built for CUDA {version.cuda}"
    except ImportError:
        wanted = "this torch is built for a newer CUDA"
    found = re.search(r"found version (\d+)", text)
    has = f"the driver here is for CUDA {int(found[1]) // 1000}.{int(found[1]) % 1000 // 10}" if found else "the driver here is older"
    return f"{has}, {wanted}: update the driver (CUDA 13 wants 580 or newer), or use an environment or image of the driver's CUDA"
