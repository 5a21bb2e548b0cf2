"""What is told of a full disk: the machine, the folder, what is free there, and what a checkpoint takes."""

import json
import os
import shutil
import socket


def room_here(folder="."):
    """Like "gpu-box: /home/me/ft-jobs/runs/x has 0.3 MB free, and a checkpoint takes about 20.4 MB"; empty where that can't be asked."""
    path = os.path.abspath(folder)
    try:
        free = shutil.disk_usage(path).free
    except OSError:
        return ""
    needed = _checkpoint_bytes(folder)
    return f"{socket.gethostname()}: {path} has {_size(free)} free" + (f", and a checkpoint takes about {_size(needed)}" if needed else "")


def _checkpoint_bytes(folder):
    """As the plan has it; None: it was not estimated."""
    try:
        with open(os.path.join(folder, "estimate.json"), encoding="utf-8") as file:
            return json.load(file)["disk"]["checkpoint"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _size(size):
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"
