"""Reads rendered trl.yaml files with TRL's own parser: `validate_trl.py <file>...` prints {file: {key: value as TRL has it}} as JSON.

train.json beside each says the objective. Any key that TRL does not know, and any value that its config refuses, ends it with an error.
"""

import dataclasses
import json
import os
import sys
import tempfile

import yaml

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from ft_trainer.trl_objectives import parse_config  # noqa: E402
from ft_trainer.trl_train import read_extras  # noqa: E402


def main():
    print(json.dumps({path: validate(path) for path in sys.argv[1:]}))


def validate(path):
    """What TRL made of each key of the file. Its types are the engine's, so "1e-7" as text would not pass for a number."""
    with open(path, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    # SFTConfig refuses bf16 on a machine without such a GPU. This test may run on one: there the same config is read with use_cpu.
    with tempfile.TemporaryDirectory() as folder:
        patched = os.path.join(folder, "trl.yaml")
        with open(patched, "w", encoding="utf-8") as file:
            yaml.safe_dump({**config, "use_cpu": True}, file)
        sections = parse_config(patched, read_extras(path)["objective"])
    values = {}
    for section in sections:
        values.update({field.name: getattr(section, field.name) for field in dataclasses.fields(section)})
    return {key: plain(values[key]) for key in config}


def plain(value):
    """Enumerations as their values."""
    return getattr(value, "value", value)


if __name__ == "__main__":
    main()
