"""Checks rendered train_unsloth.py scripts against the real Unsloth: `validate_unsloth.py <folder of its packages> <objective>=<file>...`

Nothing of Unsloth is imported (it wants a GPU): each script is compiled, each name that it imports is looked up in the packages' source, and each
keyword is looked up in the signature, or in the dataclass, that receives it. Prints {file: number of keywords} as JSON.
"""

import ast
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from engine_keys import unsloth  # noqa: E402
from engine_keys.source import Source  # noqa: E402

CONSTANTS = {"MODEL": "FastLanguageModel.from_pretrained", "ADAPTER": "FastLanguageModel.get_peft_model"}


def main():
    folder = sys.argv[1]
    scopes = unsloth.table(Source(folder))["scopes"]
    named = (argument.split("=", 1) for argument in sys.argv[2:])
    print(json.dumps({path: check(path, objective, scopes, folder) for objective, path in named}))


def check(path, objective, scopes, folder):
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    compile(tree, path, "exec")
    for module, name in imported(tree):
        if not defines(folder, module, name):
            raise SystemExit(f"{path}: {module} has no {name}")
    keywords = 0
    for name, value in constants(tree):
        if name == "NEW_TOKENS":
            continue
        keys = scopes[CONSTANTS[name]] if name in CONSTANTS else {**scopes[objective], **(scopes["UnslothTrainingArguments"] if objective == "sft" else {})}
        for key in value:
            if key not in keys:
                raise SystemExit(f"{path}: {name} has {key}, which Unsloth does not take")
            if keys[key].get("unused"):
                raise SystemExit(f"{path}: {name} has {key}, which Unsloth takes and never reads")
            keywords += 1
    return keywords


def imported(tree):
    """(module, name) of every import from unsloth and trl."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("unsloth", "trl"):
            for alias in node.names:
                yield node.module, alias.name


def defines(folder, module, name):
    """Whether the package's source names it in an import, a class, a function, or a table of what it offers."""
    parts = module.split(".")
    base = pathlib.Path(folder, *parts)
    files = [base / "__init__.py"] if base.is_dir() else [base.with_suffix(".py")]
    if parts[0] == "unsloth":  # star imports: anywhere in the package, and in its zoo
        files = [*pathlib.Path(folder, "unsloth").rglob("*.py"), *pathlib.Path(folder, "unsloth_zoo").rglob("*.py")]
    return any(f"{name}" in file.read_text(encoding="utf-8") and named_in(file, name) for file in files if os.path.exists(file))


def named_in(file, name):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return True
        if isinstance(node, ast.alias) and node.name == name:
            return True
        if isinstance(node, ast.Constant) and node.value == name:
            return True
    return False


def constants(tree):
    """The settings at the top: name and keys."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            yield node.targets[0].id, [key.value for key in value.keys] if isinstance(value, ast.Dict) else []


if __name__ == "__main__":
    main()
