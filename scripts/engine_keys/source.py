"""Reads Python packages without importing them: finds a name's definition across modules, evaluates what is constant."""

import ast
import builtins
import functools
import pathlib

CANNOT = object()


class Module:
    """One parsed file. `source` is the Source it came from, `name` its dotted name."""

    def __init__(self, source, name, path):
        self.source, self.name, self.path = source, name, path
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        self.is_package = path.name == "__init__.py"

    @functools.cached_property
    def names(self):
        """Everything that is bound at module level, also inside if and try: name -> node that binds it. The first one counts."""
        bound = {}
        for node in statements(self.tree.body):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                bound.setdefault(node.name, node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        bound.setdefault(target.id, node)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                bound.setdefault(node.target.id, node)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    bound.setdefault(alias.asname or alias.name, (node, alias.name))
        return bound

    def find(self, name):
        """The (module, node) that defines `name`, imports followed; None when it is not in these packages."""
        found = self.names.get(name)
        if found is None and self.is_package:
            # A lazy package: its names live in the submodules that _import_structure lists.
            return self.source.find_in_submodules(self, name)
        if not isinstance(found, tuple):
            return None if found is None else (self, found)
        node, original = found
        base = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
        parents = base[: len(base) - (node.level - 1)] if node.level else []
        module = self.source.module(".".join([*parents, *filter(None, [node.module])]))
        return module.find(original) if module and module is not self else None


class Source:
    """The unpacked packages below one folder (a site-packages, or unzipped wheels)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.modules = {}

    def module(self, name):
        if name not in self.modules:
            path = self.folder / name.replace(".", "/")
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            self.modules[name] = Module(self, name, file) if file.is_file() else None
        return self.modules[name]

    def find(self, dotted):
        """(module, node) of `package.module.name`. Stops the script when it is gone: the version moved, a person has to look."""
        module, name = dotted.rsplit(".", 1)
        found = self.module(module) and self.module(module).find(name)
        if not found:
            raise SystemExit(f"{dotted} is not there: the version moved, look at it")
        return found

    def find_in_submodules(self, package, name):
        for node in ast.walk(package.tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values):
                    listed = constant(value)
                    if isinstance(key, ast.Constant) and isinstance(listed, (list, set)) and name in listed:
                        module = self.module(f"{package.name}.{key.value}")
                        return module.find(name) if module else None
        return None

    def version(self, package):
        found = sorted(self.folder.glob(f"{package}-*.dist-info"))
        if not found:
            raise SystemExit(f"{self.folder} has no {package}: unpack its wheel there")
        return found[0].name.removesuffix(".dist-info").split("-")[1]


def statements(body):
    """Module-level statements, those inside if, try and with too."""
    for node in body:
        yield node
        for inner in ("body", "orelse", "finalbody"):
            if isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from statements(getattr(node, inner, []))
        for handler in getattr(node, "handlers", []):
            yield from statements(handler.body)


def constant(node, module=None):
    """The value of a constant expression as JSON has it; CANNOT when it is computed. With `module`, names are looked up."""
    try:
        value = ast.literal_eval(node)
        return sorted(value, key=str) if isinstance(value, (set, frozenset)) else listed(value)
    except (ValueError, TypeError, SyntaxError):
        pass
    if module is None:
        return CANNOT
    if isinstance(node, ast.Name) and not hasattr(builtins, node.id):
        found = module.find(node.id)
        value = getattr(found[1], "value", None) if found else None
        return constant(value, found[0]) if value is not None and value is not node else CANNOT
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        found = module.find(node.value.id)
        if found and isinstance(found[1], ast.ClassDef):
            return enum_members(*found).get(node.attr, CANNOT)
    if isinstance(node, ast.Attribute) and node.attr == "value":
        return constant(node.value, module)
    if isinstance(node, ast.Subscript) and (key := constant(node.slice)) is not CANNOT:
        table = constant(node.value, module)
        return table.get(key, CANNOT) if isinstance(table, dict) else CANNOT
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("int", "float", "str", "Path") and len(node.args) == 1:
        return constant(node.args[0], module)
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [constant(item, module) for item in node.elts]
        return CANNOT if any(item is CANNOT for item in items) else items
    return CANNOT


def listed(value):
    if isinstance(value, tuple):
        return [listed(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else CANNOT


def enum_members(module, node):
    """Member -> value of an Enum class, those of its parents too; empty when the class is no Enum."""
    bases = [ast.unparse(base).split(".")[-1] for base in node.bases]
    parents = [found for base in bases if (found := module.find(base)) and isinstance(found[1], ast.ClassDef)]
    inherited = {name: value for parent in parents for name, value in enum_members(*parent).items()}
    if not inherited and not any(base.endswith("Enum") for base in bases):
        return {}
    own = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, constant(statement.value)
            own[name] = value if isinstance(value, (str, int)) else name
    return {**inherited, **own}


def parents(module, node):
    """The class and its bases in these packages, nearest first (depth first is enough: no diamond of ours overrides)."""
    yield module, node
    for base in node.bases:
        found = module.find(ast.unparse(base)) if isinstance(base, ast.Name) else None
        if found and isinstance(found[1], ast.ClassDef):
            yield from parents(*found)
