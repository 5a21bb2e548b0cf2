"""Writes data/engine-keys/<engine>-<version>.json: python scripts/engine-keys.py <engine> <folder with the unpacked packages>.

Standard library only: the packages are read, never imported. docs/engines.md says what to unpack.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

from engine_keys import axolotl, trl, unsloth  # noqa: E402
from engine_keys.source import Source  # noqa: E402

ENGINES = {"axolotl": axolotl, "trl": trl, "unsloth": unsloth}


def main(engine, folder, out=None):
    source = Source(folder)
    version = source.version(engine)
    made = ENGINES[engine].table(source)
    path = pathlib.Path(out or pathlib.Path(__file__).parent.parent / "data/engine-keys") / f"{engine}-{version}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json({"engine": engine, "version": version, **made}), encoding="utf-8")
    for scope, keys in made["scopes"].items():
        unused = [key for key, described in keys.items() if described.get("unused")]
        print(f"{scope}: {len(keys)} keys{', unused: ' + ' '.join(unused) if unused else ''}", file=sys.stderr)
    print(path)


def as_json(table):
    """One line a key, so that a diff of two versions reads well."""
    groups = shared_keys(table.pop("scopes"))
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in table.items()]
    lines.append('  "scopes": {')
    lines.append(",\n".join(f"    {json.dumps(name)}: {json.dumps(groups['scopes'][name])}" for name in groups["scopes"]))
    lines.append("  },")
    lines.append('  "keys": {')
    blocks = []
    for group in groups["keys"]:
        rows = [f"      {json.dumps(key)}: {row(groups['keys'][group][key])}" for key in sorted(groups["keys"][group])]
        blocks.append(f"    {json.dumps(group)}: {{\n" + ",\n".join(rows) + "\n    }")
    lines.append(",\n".join(blocks))
    return "{\n" + "\n".join(lines) + "\n  }\n}\n"


def row(described):
    return json.dumps(in_order(described), ensure_ascii=False)


def in_order(described):
    order = ("type", "default", "enum", "only", "unused", "doc", "keys")
    ordered = {name: described[name] for name in order if name in described}
    if "keys" in ordered:
        ordered["keys"] = {key: in_order(value) for key, value in sorted(ordered["keys"].items())}
    return ordered


def shared_keys(scopes):
    """What all objectives have alike is stored once, as the group `all`: scope -> groups, group -> keys."""
    objectives = {name: keys for name, keys in scopes.items() if name in trl.OBJECTIVES}
    if not objectives:
        return {"scopes": {name: [name] for name in scopes}, "keys": scopes}
    first = next(iter(objectives.values()))
    alike = {key: value for key, value in first.items() if all(keys.get(key) == value for keys in objectives.values())}
    own = {
        name: {key: value for key, value in keys.items() if name not in objectives or key not in alike}
        for name, keys in scopes.items()
    }
    groups = {name: ["all", name] if name in objectives else [name] for name in scopes}
    return {"scopes": groups, "keys": {"all": alike, **own}}


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ENGINES:
        raise SystemExit(f"usage: engine-keys.py {'|'.join(ENGINES)} <folder with the unpacked packages> [output folder]")
    main(*sys.argv[1:])
