"""What a key table says about one key: type as Python writes it, default, enum, first sentence of the docs, nested keys."""

import ast
import re

from .source import CANNOT, constant, enum_members, parents, statements

SKIPPED = ("model_config",)


def class_keys(module, node, seen=()):
    """Key -> description of a dataclass or pydantic model, inherited fields too; the nearest class wins."""
    keys = {}
    chain = list(parents(module, node))
    pydantic = is_pydantic(chain)
    for owner, klass in chain:
        docs = parameter_docs(ast.get_docstring(klass) or "")
        for statement in klass.body:
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            name = statement.target.id
            if name.startswith("_") or name in SKIPPED or ast.unparse(statement.annotation).startswith("ClassVar"):
                continue
            described = field(owner, statement, docs.get(name), (*seen, klass.name), local_constants(owner, klass), pydantic)
            for alias in [*aliases(statement.value), name]:
                keys.setdefault(alias, described)
    return keys


def local_constants(module, klass):
    """name -> value node of what the class body assigns for its own use; the last one counts."""
    found = {}
    for statement in statements(klass.body):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if isinstance(target, ast.Name) and getattr(statement, "value", None) is not None:
            found[target.id] = statement.value
    return found


def field(module, statement, doc, seen=(), local=None, pydantic=False):
    """One annotated name of a class body."""
    value = statement.value
    call = value if isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in ("field", "Field") else None
    options = {word.arg: word.value for word in call.keywords} if call else {}
    metadata = constant_dict(options.get("metadata")) | constant_dict(options.get("json_schema_extra"))
    doc = metadata.get("help") or metadata.get("description") or text_of(options.get("description")) or doc
    first = call.args[0] if call and call.args else None
    described = annotation(module, statement.annotation, seen, pydantic)
    if metadata.get("choices"):
        described["enum"] = list(metadata["choices"])
    default = first if first is not None else options.get("default")
    if isinstance(default, ast.Name) and default.id in (local or {}):
        default = local[default.id]
    return finish(described, default_of(module, default, options.get("default_factory"), value, call), doc)


def default_of(module, default, factory, value, call):
    if not call:
        return CANNOT if value is None else constant(value, module)
    if default is not None:
        return CANNOT if isinstance(default, ast.Constant) and default.value is ... else constant(default, module)
    if isinstance(factory, ast.Name) and factory.id in ("list", "dict"):
        return [] if factory.id == "list" else {}
    if isinstance(factory, ast.Lambda):
        return constant(factory.body, module)
    return CANNOT


def finish(described, default, doc):
    """Adds default and docs; a dict of keys in a fixed order, without what is not known."""
    if default is not CANNOT:
        described["default"] = default
    if doc:
        described["doc"] = first_sentence(doc)
    order = ("type", "default", "enum", "doc", "keys")
    return {name: described[name] for name in order if name in described}


def annotation(module, node, seen=(), pydantic=False):
    """{type, enum?, keys?} of an annotation. Optional and Union are written with |, Annotated is taken off, aliases are followed.

    `SomeEnum | str` of a dataclass takes the values of the enum only (they are converted), of a pydantic model any text.
    """
    parts = {"enum": [], "keys": {}, "text": False, "enums": 0, "depth": 0, "unknown": []}
    written = write(module, node, seen, parts)
    described = {"type": " | ".join(dict.fromkeys(split_union(written)))}
    closed = not parts["text"] or (parts["enums"] and not pydantic)
    if parts["enum"] and not parts["unknown"] and closed:
        described["enum"] = list(dict.fromkeys(parts["enum"]))
    if parts["keys"]:
        described["keys"] = dict(sorted(parts["keys"].items()))
    return described


def write(module, node, seen, parts):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = ast.parse(node.value, mode="eval").body
    if isinstance(node, ast.BinOp):
        return f"{write(module, node.left, seen, parts)} | {write(module, node.right, seen, parts)}"
    if isinstance(node, ast.Subscript):
        name = ast.unparse(node.value).split(".")[-1]
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Annotated":
            return write(module, items[0], seen, parts)
        if name == "Literal":
            values = [constant(item, module) for item in items]
            parts["enum"] += [value for value in values if isinstance(value, str)]
            return f"Literal[{', '.join(repr(value) for value in values)}]"
        wraps = name not in ("Optional", "Union")
        parts["depth"] += wraps
        inner = [write(module, item, seen, parts) for item in items]
        parts["depth"] -= wraps
        if name == "Optional":
            return f"{inner[0]} | None"
        if name == "Union":
            return " | ".join(inner)
        plain = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set", "Type": "type"}.get(name, name)
        return f"{plain}[{', '.join(inner)}]"
    name = ast.unparse(node).split(".")[-1]
    if name == "str":
        parts["text"] = True
    found = module.find(name) if isinstance(node, ast.Name) else None
    if found is None and name in module.names:
        parts["unknown"].append(name)
    if found and isinstance(found[1], ast.ClassDef):
        members = list(enum_members(*found).values())
        if members:
            parts["enum"] += members
            parts["enums"] += parts["depth"] == 0
        elif is_record(*found) and found[1].name not in seen:
            for key, inner in class_keys(*found, seen).items():
                parts["keys"][key] = merged(parts["keys"].get(key), inner)
    elif found and isinstance(found[1], (ast.Assign, ast.AnnAssign)) and isinstance(found[1].value, (ast.BinOp, ast.Subscript)):
        return write(found[0], found[1].value, seen, parts)
    return {"List": "list", "Dict": "dict"}.get(name, name)


def is_record(module, node):
    """A pydantic model or a dataclass: it has annotated fields of its own or inherited ones."""
    dataclass = any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
    return dataclass or is_pydantic(parents(module, node))


def is_pydantic(chain):
    return any(ast.unparse(base).endswith("BaseModel") for _, klass in chain for base in klass.bases)


def merged(one, other):
    """A key that several classes of a union have."""
    if one is None or one == other:
        return other
    both = {**other, **one, "type": " | ".join(dict.fromkeys([*split_union(one["type"]), *split_union(other["type"])]))}
    if "enum" in one or "enum" in other:
        both["enum"] = list(dict.fromkeys([*one.get("enum", []), *other.get("enum", [])]))
        if not ("enum" in one and "enum" in other):
            del both["enum"]
    if "keys" in one or "keys" in other:
        both["keys"] = {**other.get("keys", {}), **one.get("keys", {})}
    return both


def split_union(text):
    """Splits at the | that stand outside brackets."""
    depth, parts, current = 0, [], ""
    for char in text:
        depth += (char in "[(") - (char in ")]")
        if char == "|" and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()]


def aliases(value):
    """Other names under which a pydantic field is read."""
    if not isinstance(value, ast.Call):
        return []
    for word in value.keywords:
        if word.arg in ("alias", "validation_alias"):
            found = constant(word.value)
            if isinstance(found, str):
                return [found]
            if isinstance(word.value, ast.Call):
                return [name for item in word.value.args if isinstance(name := constant(item), str)]
    return []


def constant_dict(node):
    if not isinstance(node, ast.Dict):
        return {}
    return {
        key.value: value
        for key, item in zip(node.keys, node.values)
        if isinstance(key, ast.Constant) and (value := constant(item)) is not CANNOT
    }


def text_of(node):
    value = constant(node) if node is not None else None
    return value if isinstance(value, str) else None


def parameter_docs(docstring):
    """name -> text of the `name (`type`, ...):` entries that Hugging Face docstrings have, and of Google's `name: text`."""
    entry = re.compile(r"^( *)(\w+) ?(?:\(.*\))?: *(.*)$")
    docs, name, indent = {}, None, 0
    for line in docstring.splitlines():
        found = entry.match(line)
        if found and (name is None or len(found[1]) <= indent):
            name, indent = found[2], len(found[1])
            docs[name] = found[3]
        elif name is not None and line.strip():
            docs[name] += f" {line.strip()}"
    return docs


def first_sentence(text):
    flat = re.sub(r"\s+", " ", text).strip().replace("%%", "%")
    sentence = re.split(r"(?<![.\s(][a-z])(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\betc)[.!?](?= [A-Z`\[(])", flat, maxsplit=1)[0]
    short = sentence.rstrip(".: ")
    return short if len(short) <= 200 else f"{short[:199].rsplit(' ', 1)[0]}…"
