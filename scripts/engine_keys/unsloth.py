"""Unsloth: one scope a function that a training script calls, one an objective (TRL's keys at the TRL that Unsloth takes), and `train -c`."""

import ast
import re

from . import trl
from .describe import annotation, class_keys, field, finish
from .source import CANNOT, constant

FUNCTIONS = {
    "FastLanguageModel.from_pretrained": ("unsloth.models.loader.FastLanguageModel", "from_pretrained"),
    "FastLanguageModel.get_peft_model": ("unsloth.models.llama.FastLlamaModel", "get_peft_model"),
    "FastModel.from_pretrained": ("unsloth.models.loader.FastModel", "from_pretrained"),
    "FastModel.get_peft_model": ("unsloth.models.vision.FastBaseModel", "get_peft_model"),
    "UnslothTrainingArguments": ("unsloth.trainer.UnslothTrainingArguments", "__init__"),
    "get_chat_template": ("unsloth.chat_templates.get_chat_template", None),
    "train_on_responses_only": ("unsloth_zoo.dataset_utils.train_on_responses_only", None),
}

# **kwargs go on to PEFT's LoraConfig.
PEFT = ("FastLanguageModel.get_peft_model", "FastModel.get_peft_model")

# Objects of the script, which no recipe holds.
OBJECTS = ("self", "model", "tokenizer", "trainer", "on_model_resolved", "return_function", "auto_model")

# Parameters without annotation, whose default does not say all that the body takes (read in 2026.10.9).
TYPES = {
    "bias": "Literal['none', 'all', 'lora_only']",
    "chat_template": "str",
    "device_map": "str | dict",
    "init_lora_weights": "bool | str",
    "layers_to_transform": "int | list[int] | None",
    "load_in_fp8": "bool | Literal['block']",
    "offload_embedding": "bool | str",
    "target_modules": "list[str] | str | None",
    "use_gradient_checkpointing": "bool | str",
}


def table(source):
    scopes = {name: function_keys(source, *where) for name, where in FUNCTIONS.items()}
    for name in PEFT:
        for key, described in class_keys(*source.find("peft.tuners.lora.config.LoraConfig")).items():
            scopes[name].setdefault(key, described)
    trl_table = trl.table(source)
    for objective, keys in trl_table["scopes"].items():
        for key, default in config_defaults(source, objective).items():
            if key in keys:
                keys[key] = {**keys[key], "default": default}
        keys.update(config_fields(source))
    return {
        "madeFrom": {package: source.version(package) for package in ("peft", "transformers", "trl", "unsloth_zoo")},
        "scopes": {**scopes, **trl_table["scopes"], "config": class_keys(*source.find("unsloth_cli.config.Config"))},
        "trainingTemplates": trl_table["trainingTemplates"],
    }


def function_keys(source, dotted, method):
    """The parameters, and what the body takes out of **kwargs by name."""
    module, node = source.find(dotted)
    if method:
        node = next(item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == method)
    keys = {}
    arguments = node.args
    positional = list(zip(reversed(arguments.args), [*reversed(arguments.defaults), *[None] * len(arguments.args)]))
    for argument, default in [*positional, *zip(arguments.kwonlyargs, arguments.kw_defaults)]:
        if argument.arg not in OBJECTS:
            keys[argument.arg] = parameter(module, argument, default)
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("kwargs.pop", "kwargs.get"):
            name = constant(call.args[0])
            default = constant(call.args[1]) if len(call.args) > 1 else None
            if isinstance(name, str) and name not in OBJECTS:
                keys.setdefault(name, finish({"type": TYPES.get(name, kind_of(default))}, default, None))
    return keys


def parameter(module, argument, default):
    value = CANNOT if default is None else constant(default, module)
    described = annotation(module, argument.annotation) if argument.annotation else {"type": kind_of(value)}
    if argument.arg in TYPES:
        described = annotation(module, ast.parse(TYPES[argument.arg], mode="eval").body)
    elif argument.annotation and value is None and "None" not in described["type"]:
        described["type"] += " | None"
    comment = re.search(r"#\s*(.+)$", module.text.splitlines()[argument.lineno - 1])
    described = finish(described, value, comment[1] if comment else None)
    if comment and re.search(r"not used anymore|no effect", comment[1], re.I):
        described["unused"] = True
    return described


def kind_of(default):
    """The type that a default shows; an unknown one may be anything."""
    if default is CANNOT or default is None:
        return "Any"
    return {"int": "int", "float": "float", "bool": "bool", "str": "str", "dict": "dict", "list": "list"}[type(default).__name__]


def config_defaults(source, objective):
    """The defaults that Unsloth puts over TRL's: the dict literals `replacements` of models/rl.py, some under `if trainer_file == ...`."""
    tree = source.module("unsloth.models.rl").tree
    conditions = {
        child: ast.unparse(node.test)
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        for child in node.body
    }
    defaults = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "replacements" and isinstance(node.value, ast.Dict):
            if conditions.get(node, "") in ("", f"trainer_file == '{objective}_trainer'"):
                defaults.update(constant(node.value))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "replacements['warmup_steps']":
            defaults["warmup_steps"] = constant(node.value)
    if not defaults:
        raise SystemExit("unsloth/models/rl.py replaces no defaults any more: look at it")
    return defaults


def config_fields(source):
    """The fields that Unsloth's generated configs (a template text in models/rl.py) add to each of TRL's."""
    text = source.module("unsloth.models.rl").text
    fields = re.findall(r"^    (\w+ ?: Optional\[\w+\] = field\(.*?^ +\))", text, re.S | re.M)
    if not fields:
        raise SystemExit("unsloth/models/rl.py has no template of the configs any more: look at it")
    module, keys = source.module("unsloth.models.rl"), {}
    for code in fields:
        statement = ast.parse(code.replace("{{", "{").replace("}}", "}")).body[0]
        keys.setdefault(statement.target.id, field(module, statement, None))
    return keys
