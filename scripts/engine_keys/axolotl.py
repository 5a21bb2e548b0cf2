"""Axolotl: one scope `config` (AxolotlInputConfig and the plugins that are always on), and one a plugin that adds keys when it is listed."""

import ast

from .describe import class_keys, merged
from .reads import mark_unread, readers
from .source import constant

CONFIG = "axolotl.utils.schemas.config.AxolotlInputConfig"

# Files that declare, validate, document or report keys; to be read there is not to be used.
NOT_USE = ("utils/schemas/", "telemetry/", "cli/config_options.py", "cli/generate_config_options.py", "cli/agent_docs/")

# Looked at one by one, 0.19.0 and 0.21.0. Validators write these under their newer names, which are used ...
MOVED = (
    *("dataset_processes", "deepcompile", "dpo_beta", "evaluation_strategy", "noisy_embedding_alpha"),
    *("pretrain_multipack_buffer_size", "sequence_parallel_degree", "diffusion_lm.allow_native_vocab_resize"),
    *("expert_backend", "liger_swiglu"),
)
# ... and these they refuse by raising.
REFUSED = (
    *("dpo_generate_during_eval", "dpo_norm_loss", "dpo_use_logits_to_keep", "flash_attn_rms_norm"),
    *("max_packed_sequence_len", "rope_scaling", "rpo_alpha", "s2_attention"),
)
# What is not silently dropped although nothing else than validators reads it.
NOT_DROPPED = (*MOVED, *REFUSED)

# The trainer is built by one of two builders: a key that only one reads does nothing for the other's objectives.
CAUSAL = ("core/builders/causal.py", "core/trainers/base.py", "core/training_args_base.py")
RL = ("core/builders/rl.py", "core/trainers/trl.py", "core/trainers/dpo/", "core/trainers/grpo/", "core/trainers/ebft/")
BUILDERS = {
    CAUSAL: ["sft", "reward"],
    RL[2:3]: ["dpo"],
    RL[3:4]: ["grpo"],
    RL: ["dpo", "grpo", "kto", "orpo", "simpo"],
}
# core/builders/rl.py reads these under `if self.cfg.rl is ...`.
ONE_OBJECTIVE = {
    "cpo_alpha": ["simpo"],
    "kto_desirable_weight": ["kto"],
    "kto_undesirable_weight": ["kto"],
    "simpo_gamma": ["simpo"],
}

# validate_config (axolotl/utils/config) turns each entry of `datasets` into one of these by `rl`; keys that the class lacks are lost.
DATASETS = {
    "SFTDataset": ["sft", "reward", "orpo", "grpo"],
    "DPODataset": ["dpo", "simpo"],
    "KTODataset": ["kto"],
    "SyntheticDataset": ["sft"],
}


def table(source):
    read_by = readers(source.folder / "axolotl", NOT_USE, "integrations/*/args.py")
    config = class_keys(*source.find(CONFIG))
    config["datasets"]["keys"] = dataset_keys(source)
    plugins = dict(sorted(plugin_keys(source)))
    for name in builtin_plugins(source):
        for key, described in plugins.pop(name).items():
            config.setdefault(key, described)
    scopes = {"config": config, **plugins}
    for keys in scopes.values():
        mark_unread(keys, read_by, NOT_DROPPED)
    for key, described in config.items():
        for files, objectives in BUILDERS.items():
            if read_by.get(key) and all(file.startswith(files) for file in read_by[key]):
                described["only"] = ONE_OBJECTIVE.get(key, objectives)
                break
    return {"scopes": scopes}


def dataset_keys(source):
    keys, only = {}, {}
    for name, objectives in DATASETS.items():
        for key, described in class_keys(*source.find(f"axolotl.utils.schemas.datasets.{name}")).items():
            keys[key] = merged(keys.get(key), described)
            only.setdefault(key, []).extend(objectives)
    everyone = {objective for objectives in DATASETS.values() for objective in objectives}
    for key, objectives in only.items():
        if set(objectives) != everyone:
            keys[key] = {**keys[key], "only": sorted(set(objectives))}
    return dict(sorted(keys.items()))


def plugin_keys(source):
    """(dotted name as `plugins:` has it, keys) of every plugin class that names a class of arguments."""
    for file in sorted((source.folder / "axolotl/integrations").rglob("*.py")):
        folder = file.relative_to(source.folder).parts[2]
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef) or "BasePlugin" not in [ast.unparse(base) for base in node.bases]:
                continue
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "get_input_args":
                    returned = [constant(inner.value) for inner in ast.walk(method) if isinstance(inner, ast.Return)]
                    yield f"axolotl.integrations.{folder}.{node.name}", class_keys(*source.find(returned[0]))


def builtin_plugins(source):
    found = source.module("axolotl.integrations.base").find("BUILTIN_PLUGINS")
    return constant(found[1].value) if found else []
