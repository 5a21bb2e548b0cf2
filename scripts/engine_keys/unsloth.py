"""Unsloth."""


def table(source):
    return {"scopes": {}}
