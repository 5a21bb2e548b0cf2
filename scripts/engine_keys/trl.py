"""TRL: one scope an objective, the dataclasses that its script parses; also the chat templates that TRL has a training twin for."""

import hashlib

from .describe import class_keys

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
SHARED = ("trl.trainer.model_config.ModelConfig", "trl.scripts.utils.DatasetMixtureConfig")


def table(source):
    scopes = {}
    for objective, classes in OBJECTIVES.items():
        keys = {}
        for dotted in (*classes, *SHARED):
            for key, described in class_keys(*source.find(dotted)).items():
                keys.setdefault(key, described)
        scopes[objective] = keys
    return {
        "made_from": {"transformers": source.version("transformers")},
        "scopes": scopes,
        "training_templates": training_templates(source.folder / "trl/chat_templates"),
    }


def training_templates(folder):
    """sha256 of the templates that TRL swaps for a twin with {% generation %} markers."""
    return sorted(
        hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.glob("*.jinja")
        if (folder / f"{file.stem}_training.jinja").exists()
    )
