"""Reads rendered trl.yaml files with TRL's own parser: `validate_trl.py <objective>=<file>...` prints {file: {key: value as TRL has it}} as JSON.

Any key that TRL does not know, and any value that the objective's config refuses, ends it with an error.
A config/accelerate.yaml beside it is read by accelerate.
"""

import dataclasses
import json
import os
import sys
import tempfile

import yaml


def config_class(objective):
    import trl
    from trl.experimental.cpo import CPOConfig
    from trl.experimental.orpo import ORPOConfig

    classes = {"sft": trl.SFTConfig, "dpo": trl.DPOConfig, "kto": trl.KTOConfig, "reward": trl.RewardConfig, "grpo": trl.GRPOConfig}
    return {**classes, "orpo": ORPOConfig, "cpo": CPOConfig, "simpo": CPOConfig}[objective]


def main():
    print(json.dumps({path: validate(objective, path) for objective, path in (argument.split("=", 1) for argument in sys.argv[1:])}))


def validate(objective, path):
    """What TRL made of each key of the file. Its types are the engine's, so "1e-7" as text would not pass for a number."""
    with open(path, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    # The config refuses bf16 on a machine without such a GPU. This test may run on one: there the same config is read with use_cpu.
    with tempfile.TemporaryDirectory() as folder:
        patched = os.path.join(folder, "trl.yaml")
        with open(patched, "w", encoding="utf-8") as file:
            yaml.safe_dump({**config, "use_cpu": True}, file)
        sections = parse(objective, patched)
    launcher = os.path.join(os.path.dirname(path), "accelerate.yaml")
    if os.path.exists(launcher):
        from accelerate.commands.config.config_args import load_config_from_file

        load_config_from_file(launcher)  # refuses keys that accelerate does not know
    values = {}
    for section in sections:
        values.update({field.name: getattr(section, field.name) for field in dataclasses.fields(section)})
    return {key: plain(values[key]) for key in config}


def parse(objective, path):
    from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, TrlParser
    from trl.scripts.grpo import GRPOScriptArguments

    arguments = GRPOScriptArguments if objective == "grpo" else ScriptArguments
    parser = TrlParser((arguments, config_class(objective), ModelConfig, DatasetMixtureConfig))
    *sections, unknown = parser.parse_args_and_config(["--config", path], return_remaining_strings=True)
    if unknown:
        raise SystemExit(f"{path}: TRL's {objective} does not know {' '.join(unknown)}")
    return sections


def plain(value):
    """Enumerations as their values."""
    return getattr(value, "value", value)


if __name__ == "__main__":
    main()
