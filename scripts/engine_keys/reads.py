"""Which of a package's files read a name: a key that its schema takes and no code reads does nothing."""

import ast
import fnmatch
import re


class Readers(dict):
    """name -> files that read it. `prefixes`: names that begin so are passed on together (`for key in cfg: if key.startswith("wandb_")`)."""

    prefixes = ()


def readers(root, excluded=(), excluded_pattern=""):
    """Every attribute that is loaded and every string that is a name, below `root`.

    A common word counts as read when anything of that name is: the check errs on the side of "used".
    """
    read = Readers()
    prefixes = set()
    for file in sorted(root.rglob("*.py")):
        path = str(file.relative_to(root))
        if path.startswith(excluded or ("\0",)) or fnmatch.fnmatch(path, excluded_pattern):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                read.setdefault(node.attr, set()).add(path)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[A-Za-z_]\w*", node.value):
                read.setdefault(node.value, set()).add(path)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "key.startswith":
                prefixes.update(item.value for item in node.args if isinstance(item, ast.Constant) and item.value.endswith("_"))
    read.prefixes = tuple(sorted(prefix for prefix in prefixes if len(prefix) > 3))
    return read


def mark_unread(keys, read_by, accounted=(), at=""):
    """Sets `unused` on keys, nested ones too, that nothing reads and that are not `accounted` for. A key's aliases are one key."""
    for name in sorted(keys):
        described = keys[name]
        names = [other for other in keys if keys[other] is described]
        free = any(other in read_by or (at + other) in accounted or other.startswith(read_by.prefixes) for other in names)
        if not free:
            described["unused"] = True
        elif "keys" in described:
            mark_unread(described["keys"], read_by, accounted, f"{at}{name}.")
