"""TRL: one scope an objective, the dataclasses that its script parses; also the chat templates that TRL has a training twin for."""

import hashlib

from .describe import class_keys
from .reads import readers

# objective -> (script arguments, config). cpo also does simpo (loss_type: simpo). orpo and cpo have no `trl` command.
OBJECTIVES = {
    "sft": ("trl.scripts.utils.ScriptArguments", "trl.trainer.sft_config.SFTConfig"),
    "dpo": ("trl.scripts.utils.ScriptArguments", "trl.trainer.dpo_config.DPOConfig"),
    "kto": ("trl.scripts.utils.ScriptArguments", "trl.trainer.kto_config.KTOConfig"),
    "orpo": ("trl.scripts.utils.ScriptArguments", "trl.experimental.orpo.orpo_config.ORPOConfig"),
    "cpo": ("trl.scripts.utils.ScriptArguments", "trl.experimental.cpo.cpo_config.CPOConfig"),
    "reward": ("trl.scripts.utils.ScriptArguments", "trl.trainer.reward_config.RewardConfig"),
    "grpo": ("trl.scripts.grpo.GRPOScriptArguments", "trl.trainer.grpo_config.GRPOConfig"),
}
# Read by the script of one objective only.
ONE_OBJECTIVE = {"ignore_bias_buffers": ["dpo"]}

# Old names, which __post_init__ moves to the new ones (looked at in 1.15.0 and 1.16.0).
MOVED = ("vllm_importance_sampling_cap",)

# Where transformers reads none of the trainer's arguments.
NOT_TRAINER = ("models/", "generation", "pipelines", "quantizers", "utils/", "cli", "kernels")

SHARED = ("trl.trainer.model_config.ModelConfig", "trl.scripts.utils.DatasetMixtureConfig")


def table(source):
    read_by = readers(source.folder / "trl") | readers(source.folder / "transformers", NOT_TRAINER)
    scopes = {}
    for objective, classes in OBJECTIVES.items():
        keys = {}
        for dotted in (*classes, *SHARED):
            for key, described in class_keys(*source.find(dotted)).items():
                keys.setdefault(key, described)
        for key, described in keys.items():
            if key in ONE_OBJECTIVE:
                described["only"] = ONE_OBJECTIVE[key]
            elif key not in MOVED and all(file.endswith("_config.py") for file in read_by.get(key, ())):
                described["unused"] = True
        scopes[objective] = keys
    return {
        "madeFrom": {"transformers": source.version("transformers")},
        "scopes": scopes,
        "trainingTemplates": training_templates(source.folder / "trl/chat_templates"),
    }


def training_templates(folder):
    """sha256 of the templates that TRL swaps for a twin with {% generation %} markers."""
    return sorted(
        hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.glob("*.jinja")
        if (folder / f"{file.stem}_training.jinja").exists()
    )
