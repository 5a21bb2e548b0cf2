"""Makes data/engine-keys/<engine>-<version>.json from an engine's own source: python scripts/engine-keys.py <engine> <folder of its packages>

trl, unsloth: an AST walk over the unpacked packages (trl + transformers; unsloth), no torch needed.
axolotl: its pydantic schemas, with pydantic, pyyaml, addict and packaging installed and everything heavy replaced by engine_stubs.
"""

import ast
import hashlib
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    engine, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    version = next(folder.glob(f"{engine}-*.dist-info")).name.removesuffix(".dist-info").split("-")[1]
    table = {"engine": engine, "version": version, **{"trl": trl, "axolotl": axolotl, "unsloth": unsloth}[engine](folder)}
    target = ROOT / "data" / "engine-keys" / f"{engine}-{version}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(one_key_a_line(table), encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {sum(len(keys) for keys in table['scopes'].values())} keys")


def one_key_a_line(table):
    """JSON that a diff reads well: a line for each key of a scope."""
    scopes = {
        name: "{\n" + ",\n".join(f"      {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in sorted(keys.items())) + "\n    }"
        for name, keys in table["scopes"].items()
    }
    body = ",\n".join(f"    {json.dumps(name)}: {text}" for name, text in scopes.items())
    rest = "".join(f'  {json.dumps(name)}: {json.dumps(value)},\n' for name, value in table.items() if name != "scopes")
    return "{\n" + rest + '  "scopes": {\n' + body + "\n  }\n}\n"


# --- Python source (trl, unsloth)


def trl(site):
    """A scope a trainer, and what all of them share."""
    config = {
        "sft": "trl/trainer/sft_config.py:SFTConfig",
        "dpo": "trl/trainer/dpo_config.py:DPOConfig",
        "kto": "trl/trainer/kto_config.py:KTOConfig",
        "reward": "trl/trainer/reward_config.py:RewardConfig",
        "grpo": "trl/trainer/grpo_config.py:GRPOConfig",
        "orpo": "trl/experimental/orpo/orpo_config.py:ORPOConfig",
        "cpo": "trl/experimental/cpo/cpo_config.py:CPOConfig",
    }
    shared = [
        "transformers/training_args.py:TrainingArguments",
        "trl/trainer/base_config.py:_BaseConfig",
        "trl/trainer/model_config.py:ModelConfig",
        "trl/scripts/utils.py:DatasetMixtureConfig",
        "trl/scripts/utils.py:ScriptArguments",
    ]
    enums = enum_values(site / "transformers/trainer_utils.py") | enum_values(site / "transformers/training_args.py")
    nested = {"DatasetConfig": fields(site, "trl/scripts/utils.py:DatasetConfig", enums, {})}
    common = {}
    for place in shared:
        common.update(fields(site, place, enums, nested))
    scopes = {"common": common, **{name: fields(site, place, enums, nested) for name, place in config.items()}}
    scopes["grpo"].update(fields(site, "trl/scripts/grpo.py:GRPOScriptArguments", enums, nested))
    return {"trainingTemplates": training_templates(site / "trl/chat_templates"), "scopes": scopes}


def training_templates(folder):
    """sha256 of the chat templates for which TRL has a twin with {% generation %} markers."""
    known = [file for file in folder.glob("*.jinja") if (folder / f"{file.stem}_training.jinja").exists()]
    return sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in known)


def unsloth(site):
    """A scope for each call of a script; `cli` is what `unsloth train -c` reads, as far as the package has it."""
    calls = {
        "from_pretrained": ("unsloth/models/loader.py", "FastLanguageModel", "from_pretrained"),
        "get_peft_model": ("unsloth/models/llama.py", "FastLlamaModel", "get_peft_model"),
        "training": ("unsloth/trainer.py", "UnslothTrainingArguments", "__init__"),
    }
    return {"scopes": {scope: parameters(site / file, owner, name) for scope, (file, owner, name) in calls.items()}}


def fields(site, place, enums, nested):
    """The annotated fields of a dataclass."""
    path, name = place.split(":")
    node = class_node(site / path, name)
    found = {}
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or ast.unparse(statement.annotation).startswith("ClassVar"):
            continue
        found[statement.target.id] = key_of(statement.annotation, *field_call(statement.value), enums, nested)
    return found


def class_node(path, name):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]
    if not found:
        sys.exit(f"{path} has no class {name}: the version moved, look at it")
    return found[0]


def field_call(value):
    """Default and metadata of `field(default=..., metadata={...})`."""
    if not isinstance(value, ast.Call):
        return value, {}
    words = {word.arg: word.value for word in value.keywords}
    metadata = words.get("metadata")
    pairs = zip(metadata.keys, metadata.values) if isinstance(metadata, ast.Dict) else []
    default = words.get("default", words.get("default_factory"))
    if isinstance(default, ast.Lambda):
        default = default.body
    return default, {literal(key): literal(text) for key, text in pairs}


def parameters(path, owner, name):
    """The keyword parameters of a method."""
    method = next(node for node in class_node(path, owner).body if isinstance(node, ast.FunctionDef) and node.name == name)
    arguments = method.args.args + method.args.kwonlyargs
    defaults = [None] * (len(method.args.args) - len(method.args.defaults)) + method.args.defaults + method.args.kw_defaults
    skipped = ("self", "cls", "model")
    return {argument.arg: key_of(argument.annotation, default, {}, {}, {}) for argument, default in zip(arguments, defaults) if argument.arg not in skipped}


def key_of(annotation, default, metadata, enums, nested):
    value = literal(default)
    text = ast.unparse(annotation) if annotation else "Any"
    parts = re.split(r"\s*\|\s*|(?<=Optional\[).*", text) if "[" not in text else split_union(text)
    key = {"type": text, "json": sorted({kind for part in parts for kind in json_types(part, enums)})}
    if default is not None and value is not UNKNOWN:
        key["default"] = value
    choices = metadata.get("choices") if isinstance(metadata.get("choices"), list) else None
    values = choices or [each for part in parts for each in enum_of(part, enums)]
    if values:  # `SchedulerType | str` too: the text becomes the enumeration
        key["enum"] = values
    doc = first_sentence(metadata.get("help"))
    if doc:
        key["doc"] = doc
    for name, keys in nested.items():
        if name in text:
            key["items"] = keys
    return key


class Unknown:
    pass


UNKNOWN = Unknown()


def literal(node):
    if node is None:
        return UNKNOWN
    if isinstance(node, ast.Name) and node.id in ("list", "dict"):
        return [] if node.id == "list" else {}
    try:
        value = ast.literal_eval(node)
    except ValueError:
        if isinstance(node, ast.JoinedStr):
            return UNKNOWN
        return UNKNOWN
    try:
        json.dumps(value)
    except TypeError:
        return UNKNOWN
    return value


def split_union(text):
    """`dict[str, Any] | str | None` at its outer bars; Optional[X] and Union[X, Y] taken apart."""
    outer = re.fullmatch(r"(?:typing\.)?(Optional|Union)\[(.*)\]", text)
    if outer:
        parts = split_at(outer.group(2), ",")
        return [inner for part in parts for inner in split_union(part)] + (["None"] if outer.group(1) == "Optional" else [])
    parts = split_at(text, "|")
    return parts if len(parts) == 1 else [inner for part in parts for inner in split_union(part)]


def split_at(text, sign):
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == sign and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def json_types(part, enums):
    simple = {"bool": ["boolean"], "int": ["integer"], "float": ["number", "integer"], "str": ["string"], "None": ["null"]}
    if part in simple:
        return simple[part]
    if part.startswith("Literal["):
        return sorted({json_type(value) for value in ast.literal_eval(part[7:])})
    name = part.split("[")[0].lower()
    if name in ("list", "tuple", "sequence", "iterable"):
        return ["array"]
    if name in ("dict", "mapping"):
        return ["object"]
    return ["string"] if part in enums else ["any"]


def json_type(value):
    if value is None:
        return "null"
    return {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}[type(value)]


def enum_of(part, enums):
    if part.startswith("Literal["):
        return list(ast.literal_eval(part[7:]))
    return enums.get(part, [])


def enum_values(path):
    """{class name: its members' values} of the string enumerations of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
            values = [statement.value.value for statement in node.body if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)]
            if values and all(isinstance(value, str) for value in values):
                found[node.name] = values
    return found


def first_sentence(text):
    if not isinstance(text, str):
        return None
    flat = " ".join(text.replace("%%", "%").split())
    return re.split(r"(?<=[.!?])\s", flat)[0][:240] or None


# --- pydantic (axolotl)


def axolotl(site):
    sys.path[:0] = [str(pathlib.Path(__file__).parent), str(site)]
    import engine_stubs  # noqa: F401
    from axolotl.utils.schemas.config import AxolotlInputConfig

    schema = AxolotlInputConfig.model_json_schema()
    keys = {name: of_schema(part, schema["$defs"], ()) for name, part in schema["properties"].items()}
    aliases = {field.alias for field in AxolotlInputConfig.model_fields.values() if field.alias}
    for name in unused(site / "axolotl", keys):
        if name not in aliases:
            keys[name]["unused"] = True
    return {"scopes": {"config": keys}}


def of_schema(part, definitions, above):
    """A JSON Schema as a key; nested objects and the objects of lists bring their keys along."""
    shapes = [resolve(shape, definitions) for shape in part.get("anyOf", [part])]
    kinds = sorted({kind for _, shape in shapes for kind in kinds_of(shape)})
    key = {"type": " | ".join(dict.fromkeys(shown(name, shape) for name, shape in shapes)), "json": kinds}
    if "default" in part:
        key["default"] = part["default"]
    values = [value for _, shape in shapes for value in shape.get("enum", [shape["const"]] if "const" in shape else [])]
    if values and not any(kinds_of(shape) == ["string"] and "enum" not in shape and "const" not in shape for _, shape in shapes):
        key["enum"] = values
    doc = first_sentence(part.get("description") or next((shape.get("description") for name, shape in shapes if name is None and shape.get("description")), None))
    if doc:
        key["doc"] = doc
    keys, items = {}, {}
    for name, shape in shapes:
        if name not in above:
            keys.update(children(name, shape, definitions, above))
        for inner_name, inner in [resolve(inner, definitions) for inner in item_shapes(shape)]:
            if inner_name not in above:
                items.update(children(inner_name, inner, definitions, above))
    if keys:
        key["keys"] = keys
    if items:
        key["items"] = items
    return key


def resolve(shape, definitions):
    if "$ref" not in shape:
        return None, shape
    name = shape["$ref"].split("/")[-1]
    return name, definitions[name]


def children(name, shape, definitions, above):
    return {child: of_schema(part, definitions, (*above, name)) for child, part in sorted(shape.get("properties", {}).items())}


def item_shapes(shape):
    items = shape.get("items")
    return items.get("anyOf", [items]) if isinstance(items, dict) else []


def kinds_of(shape):
    if "enum" in shape or "const" in shape:
        return sorted({json_type(value) for value in shape.get("enum", [shape.get("const")])})
    kind = shape.get("type")
    if kind is None:
        return ["any"]
    return ["integer", "number"] if kind == "number" else [kind]


def shown(name, shape):
    if name:
        return name
    if shape.get("type") == "array" and item_shapes(shape):
        return f"list[{' | '.join(inner['$ref'].split('/')[-1] if '$ref' in inner else inner.get('type', 'any') for inner in item_shapes(shape))}]"
    return shape.get("type", "any") if "enum" not in shape else "enum"


def unused(package, keys):
    """Keys whose name occurs nowhere in the package but in its schemas, nor by its beginning ("wandb_..."): accepted, and without effect."""
    words, beginnings = set(), []
    for file in package.rglob("*.py"):
        if "schemas" not in file.parts:
            text = file.read_text(encoding="utf-8")
            words.update(re.findall(r"\w+", text))
            beginnings += re.findall(r"""key\.startswith\(["'](\w+_)["']\)""", text)
    return [name for name in keys if name not in words and not name.startswith(tuple(beginnings))]


if __name__ == "__main__":
    main()
