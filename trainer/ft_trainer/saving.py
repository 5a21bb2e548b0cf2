"""The result of a training, of any engine built on transformers' Trainer: saved, made independent of this machine, sealed, moved into place whole."""

import json
import os
import shutil

from . import checkpoints
from .failures import NonFiniteLoss, NothingLearnt

#: A pickle of what config/ says, and an empty form that names our path as the base.
_LEFT_OUT = ("training_args.bin", "README.md")


def save(trainer, job, pissa_start=None):
    """Weights, tokenizer and chat template in the job's adapterDir. An adapter names its base as the job does, not by our path."""
    target = job["adapterDir"]
    partial = f"{target}.partial"
    if trainer.is_world_process_zero():
        shutil.rmtree(partial, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(partial)  # by every process: each may hold a part of the weights
    trainer.accelerator.wait_for_everyone()
    if trainer.is_world_process_zero():
        _finish(partial, job, pissa_start)
        refuse_idle(partial)
        checkpoints.seal(partial)
        shutil.rmtree(target, ignore_errors=True)
        os.rename(partial, target)
    trainer.accelerator.wait_for_everyone()


def _finish(folder, job, pissa_start):
    for name in _LEFT_OUT:
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    shutil.rmtree(os.path.join(folder, "ref"), ignore_errors=True)  # the frozen copy that TRL compared with
    config_path = os.path.join(folder, "adapter_config.json")
    if not os.path.exists(config_path):
        return
    if pissa_start is not None:
        from .lora import for_original_base

        for_original_base(folder, pissa_start)
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    config["base_model_name_or_path"] = job["model"]["id"]
    config["revision"] = job["model"]["revision"]
    with open(config_path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2, sort_keys=True)


def refuse_idle(folder):
    """Raises for an adapter that changes nothing (PEFT starts every B at zero), or that has numbers which are none."""
    from safetensors import safe_open

    path = os.path.join(folder, "adapter_model.safetensors")
    if not os.path.exists(path):
        return
    with safe_open(path, framework="pt") as weights:
        tensors = {name: weights.get_tensor(name) for name in weights.keys()}
    broken = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
    if broken:
        raise NonFiniteLoss(f"the trained adapter has NaN or infinite numbers in {len(broken)} of {len(tensors)} tensors")
    halves = [tensor for name, tensor in tensors.items() if ".lora_B" in name or ".lora_embedding_B" in name]
    if halves and not any(tensor.any() for tensor in halves):
        raise NothingLearnt("nothing was learnt: every lora_B is zero")
