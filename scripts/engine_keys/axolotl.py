"""Axolotl: one scope `config`, and one a plugin that adds keys."""

from .describe import class_keys


def table(source):
    return {"scopes": {"config": class_keys(*source.find("axolotl.utils.schemas.config.AxolotlInputConfig"))}}
