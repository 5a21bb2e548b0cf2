"""Reads rendered axolotl.yaml files with axolotl's own schemas: `validate_axolotl.py <folder with the axolotl package> <file>...` prints {file: config} as JSON.

Everything heavy is replaced by engine_stubs.py, so that a version validates which cannot be installed here. A key that axolotl would pass over
silently, at any depth, and a value that its schema or its checks of a GPU's capabilities refuse, end it with an error.
"""

import functools
import json
import sys

sys.path.insert(0, sys.argv[1])
import engine_stubs  # noqa: E402, F401
import yaml  # noqa: E402
from axolotl.integrations.liger.args import LigerArgs  # noqa: E402
from axolotl.utils.schemas.config import AxolotlConfigWCapabilities, AxolotlInputConfig  # noqa: E402
from pydantic import BaseModel  # noqa: E402

GPU = {"bf16": True, "fp8": False, "tf32": True, "n_gpu": 8, "n_node": 1, "compute_capability": "sm_90"}


def main():
    print(json.dumps({path: validate(path) for path in sys.argv[2:]}, default=str))


def validate(path):
    with open(path, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    plugins = [LigerArgs] if any("liger" in plugin for plugin in config["plugins"]) else []
    unknown = list(unknown_keys(config, [AxolotlInputConfig, *plugins], ""))
    if unknown:
        raise SystemExit(f"{path}: axolotl would pass over {', '.join(unknown)}")
    capabilities = {"torch_version": "2.13.0", "flash_attn_version": None}
    read = schema_with(*plugins).model_validate({**config, "capabilities": {**GPU}, "env_capabilities": capabilities})
    return {key: value for key, value in read.model_dump(mode="json").items() if key in config}


@functools.cache
def schema_with(*plugins):
    class WithPlugins(AxolotlConfigWCapabilities, *plugins):
        """As axolotl merges its plugins' arguments into the schema."""

    return WithPlugins


def unknown_keys(values, models, prefix):
    """Dotted keys that none of the models has, all the way down."""
    for key, value in values.items():
        fields = [field for model in models for name, field in model.model_fields.items() if key in (name, field.alias)]
        if not fields:
            yield prefix + key
            continue
        inner = [model for field in fields for model in models_in(field.annotation)]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and inner:
                yield from unknown_keys(item, inner, f"{prefix}{key}.")


def models_in(annotation):
    """The pydantic models within a type: of Union[X, list[Y]] both."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_in(part)]


if __name__ == "__main__":
    main()
