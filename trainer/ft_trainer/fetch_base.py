"""`python -m ft_trainer.fetch_base`, in the engine's environment: the base from the Hub at its commit into the Hub's cache, linked as `model`."""

import json
import os
import re
import threading
import time

from . import events
from .child import run_child
from .failures import Refusal, is_closed

_INDEX = "model.safetensors.index.json"
_SMALL = re.compile(
    r"(config|generation_config|tokenizer.*|special_tokens_map|added_tokens|vocab|chat_template.*|preprocessor_config|processor_config)"
    r"\.(json|txt|model|jinja)|merges\.txt|spiece\.model|tekken\.json|" + re.escape(_INDEX)
)


def fetch(_stop):
    with open("job.json", encoding="utf-8") as file:
        hub = json.load(file)["model"]["hub"]
    folder = _cached(hub) or _download(hub)
    os.symlink(folder, "model.new")
    os.replace("model.new", "model")
    return 0


def _cached(hub):
    """The snapshot's folder when all of it is there: then nobody is asked."""
    from huggingface_hub import constants

    folder = os.path.join(constants.HF_HUB_CACHE, _name(hub), "snapshots", hub["revision"])
    names = set(os.listdir(folder)) if os.path.isdir(folder) else set()
    wanted = weights_of(names)
    if _INDEX in names:
        with open(os.path.join(folder, _INDEX), encoding="utf-8") as file:
            wanted = set(json.load(file)["weight_map"].values())
    here = {name for name in names if os.path.exists(os.path.join(folder, name))}
    return folder if "config.json" in here and wanted and here.issuperset(wanted) else None


def _download(hub):
    from huggingface_hub import HfApi, constants, errors, snapshot_download

    name, revision = hub["id"], hub["revision"]
    events.phase("preparing", f"looking up {name} on the Hub")
    try:
        files = {entry.path: entry.size for entry in HfApi().list_repo_tree(name, revision=revision, recursive=True) if hasattr(entry, "size")}
        wanted = [path for path in files if _SMALL.fullmatch(path)] + sorted(weights_of(files))
        total = sum(files[path] for path in wanted)
        events.phase("preparing", f"downloading {name} ({total / 1e9:.1f} GB)")
        blobs = os.path.join(constants.HF_HUB_CACHE, _name(hub), "blobs")
        threading.Thread(target=_watch, args=(blobs, total), daemon=True).start()
        return snapshot_download(name, revision=revision, allow_patterns=wanted)
    except errors.GatedRepoError:
        raise
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        hint = "if it is private, give the run a token that can read it (HF_TOKEN); else choose another base"
        raise Refusal("auth", f"the base {name} at {revision} is not on the Hub, or not for this token", hint) from None
    except OSError as error:
        if not is_closed(error):
            raise
        hint = "give the Hub's cache to the user that the run runs as, or set HF_HOME to another folder"
        raise Refusal("permission", f"the base can't be written to the Hub's cache: {error}", hint) from None


def weights_of(names):
    """Of a repository's files, those with the model's weights: no pickles, no second formats (as src/models/model-folder.ts)."""
    everything = {name for name in names if name.endswith(".safetensors") and "/" not in name}
    standard = {name for name in everything if name.startswith("model")}
    return standard or {name for name in everything if not name.startswith(("consolidated", "adapter_"))}


def _watch(blobs, total):
    """Progress, from what lies there: the library shows its own to terminals alone."""
    while True:
        time.sleep(2)
        sizes = [entry.stat().st_size for entry in os.scandir(blobs)] if os.path.isdir(blobs) else []
        events.emit("progress", done=min(sum(sizes), total), total=total, unit="bytes")


def _name(hub):
    return f"models--{hub['id'].replace('/', '--')}"


if __name__ == "__main__":
    run_child(fetch)
