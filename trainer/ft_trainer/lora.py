"""What PEFT can do with an adapter and TRL's keys cannot say: which layers, how it starts, LoRA+, and a PiSSA adapter for the original base."""

import json
import math
import os


def adapt(model, model_args, extras):
    """
    (model, peft_config, start) for the trainer. Where the adapter starts at something (pissa, loftq) the model has it already and the
    config is None: then TRL's trainers take a copy of it as their frozen reference, not the base without it. `start`: the first weights
    of a PiSSA adapter, which `for_original_base` needs; else None.
    """
    from peft import get_peft_model, get_peft_model_state_dict
    from trl import get_peft_config

    config = get_peft_config(model_args)
    if config is None:
        return model, None, None
    extras = extras or {}
    config.target_modules, config.layers_to_transform = targets(model, config.target_modules, extras.get("layers"))
    start = extras.get("init", "default")
    if start in ("default", "gaussian"):
        config.init_lora_weights = True if start == "default" else start
        return model, config, None
    if start == "pissa":
        config.init_lora_weights = start
    model = get_peft_model(model, config)
    if start == "loftq":
        _to_what_was_lost(model, os.path.realpath(model_args.model_name_or_path))
    # What is loaded or copied from here on has its weights: it must not be taken out of the base a second time.
    model.peft_config["default"].init_lora_weights = True
    weights = {name: weight.detach().cpu().clone() for name, weight in get_peft_model_state_dict(model).items() if "lora_" in name}
    return model, None, weights if start == "pissa" else None


def _to_what_was_lost(model, base):
    """
    LoftQ (Li et al., arXiv 2310.08659): B A becomes the best approximation of what the 4 bits lost. peft.replace_lora_weights_loftq
    does it without the adapter's scale, so that alpha = 2 r loses as much again, and only on a GPU.
    """
    import torch
    from peft.tuners.lora import Linear4bit
    from peft.utils.integrations import dequantize_module_weight
    from peft.utils.loftq_utils import _SafetensorLoader

    if not getattr(model, "is_loaded_in_4bit", False):
        raise ValueError("an adapter can only start at what 4 bits lost (loftq) on a 4-bit base")
    original = _SafetensorLoader(model, base)
    for name, module in model.named_modules():
        if isinstance(module, Linear4bit):
            kept = dequantize_module_weight(module.get_base_layer()).float()
            lost = original.get_tensor(f"{name.removeprefix('base_model.model.')}.weight").to(kept) - kept
            left, sizes, right = torch.linalg.svd(lost, full_matrices=False)
            rank, a, b = module.r["default"], module.lora_A["default"].weight, module.lora_B["default"].weight
            roots = (sizes[:rank] / module.scaling["default"]).sqrt()
            a.data = (roots[:, None] * right[:rank]).to(a)
            b.data = (left[:, :rank] * roots).to(b)


def targets(model, modules, layers):
    """
    (target_modules, layers_to_transform) as PEFT takes them. A single text is all-linear or a regular expression to PEFT, and TRL makes
    one of a list of one name; and PEFT takes layers only with names, so that a regular expression has to say them itself.
    """
    import torch

    if isinstance(modules, str) and modules.isidentifier():
        modules = [modules]
    if layers is None or not isinstance(modules, str):
        return modules, layers
    if modules == "all-linear":
        heads = {id(model.get_output_embeddings()), id(getattr(model, "score", None))}
        linear = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) and id(module) not in heads]
        return sorted({name.rpartition(".")[2] for name in linear}), layers
    indices = "|".join(map(str, layers))
    return rf"(?=(?:[A-Za-z_]\w*\.)*(?:{indices})\.)(?:{modules})", None


def keep_whole_modules(model):
    """
    On a 4-bit base TRL makes all that is trained bfloat16. An adapter takes any input then; a module that is trained whole (a score, new
    tokens' embeddings) does not: it gets the base's precision back.
    """
    if getattr(model, "is_loaded_in_4bit", False):
        base = model.get_base_model().dtype
        for name, parameter in model.named_parameters():
            if ".modules_to_save." in name and parameter.requires_grad:
                parameter.data = parameter.data.to(base)


def lora_plus(trainer, ratio):
    """The optimizer that the trainer's arguments ask for, with a learning rate for B that is `ratio` times that of A (arXiv 2402.12354)."""
    from peft.optimizers import create_loraplus_optimizer

    optimizer_class, options = trainer.get_optimizer_cls_and_kwargs(trainer.args, trainer.model)
    decay = {"loraplus_weight_decay": trainer.args.weight_decay}
    return create_loraplus_optimizer(trainer.model, optimizer_class, loraplus_lr_ratio=ratio, **decay, **options)


def for_original_base(folder, start):
    """
    Makes a saved PiSSA adapter one of the original base: training took B0 A0 out of the base, so the change is B A - B0 A0, an adapter of
    twice the rank (Meng et al., arXiv 2404.02948, appendix C). `start`: A0 and B0 by name.
    """
    import torch
    from safetensors.torch import load_file, save_file

    weights_path, config_path = (os.path.join(folder, name) for name in ("adapter_model.safetensors", "adapter_config.json"))
    weights = load_file(weights_path)
    for name, first in start.items():
        first = first.to(weights[name].dtype)
        if "lora_A" in name:
            weights[name] = torch.cat([weights[name], first], dim=0)
        elif "lora_B" in name:
            weights[name] = torch.cat([weights[name], -first], dim=1)
    save_file(weights, weights_path, metadata={"format": "pt"})
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    # The scale, alpha / r or alpha / sqrt(r), stays what it was.
    config["lora_alpha"] *= math.sqrt(2) if config["use_rslora"] else 2
    config["r"] *= 2
    with open(config_path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2, sort_keys=True)
