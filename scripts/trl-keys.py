"""Makes src/engines/trl/keys.ts from the source of the pinned TRL and transformers: python scripts/trl-keys.py <site-packages>.

An AST walk, no torch needed: the fields of the dataclasses that `trl sft --config` parses, and the chat templates for which TRL has a
training twin with {% generation %} markers.
"""

import ast
import hashlib
import json
import pathlib
import sys

site = pathlib.Path(sys.argv[1])
CLASSES = [
    ("trl/scripts/utils.py", "ScriptArguments"),
    ("trl/scripts/utils.py", "DatasetMixtureConfig"),
    ("trl/trainer/model_config.py", "ModelConfig"),
    ("trl/trainer/sft_config.py", "SFTConfig"),
    ("trl/trainer/base_config.py", "_BaseConfig"),
    ("transformers/training_args.py", "TrainingArguments"),
]


def fields(path, name):
    """Annotated names of a dataclass body, with the type as written."""
    tree = ast.parse((site / path).read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]
    if not found:
        sys.exit(f"{path} has no class {name}: the version moved, look at it")
    return {
        statement.target.id: ast.unparse(statement.annotation)
        for statement in found[0].body
        if isinstance(statement, ast.AnnAssign) and not ast.unparse(statement.annotation).startswith("ClassVar")
    }


def version(package):
    return next(site.glob(f"{package}-*.dist-info")).name.removesuffix(".dist-info").split("-")[1]


keys = {}
for path, name in CLASSES:
    for key, kind in fields(path, name).items():
        keys.setdefault(key, kind)
templates = site / "trl/chat_templates"
known = sorted(
    hashlib.sha256(file.read_bytes()).hexdigest()
    for file in templates.glob("*.jinja")
    if (templates / f"{file.stem}_training.jinja").exists()
)
print("// Made by scripts/trl-keys.py from the engine's own source; do not edit.")
print(f'export const trlVersion = "{version("trl")}";')
print("\n/** Every key of `trl sft --config`, with its Python type. */")
print(f"export const trlKeys: Record<string, string> = {json.dumps(dict(sorted(keys.items())), indent=2)};")
print("\n/** sha256 of the chat templates for which TRL has a training twin. */")
print(f"export const trlTrainingTemplates: readonly string[] = {json.dumps(known, indent=2)};")
