"""Which names a package's code reads: a key that its schema takes and no code reads does nothing."""

import ast
import re


def names_read(source, package, excluded=()):
    """Every attribute that is loaded, and every string that could name one (getattr, get, lists of keys), below `package`.

    Common words count as read when anything of that name is: the check errs on the side of "used".
    `excluded`: paths below the package's folder that only declare, validate or report keys.
    """
    root = source.folder / package
    read = set()
    for file in sorted(root.rglob("*.py")):
        if any(str(file.relative_to(root)).startswith(path) for path in excluded):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                read.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                read.update(re.findall(r"[A-Za-z_]\w*", node.value) if len(node.value) < 80 else [])
    return read
