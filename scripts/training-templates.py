"""Copies TRL's training templates to data/training-templates: python scripts/training-templates.py <folder with the unpacked trl>.

index.json says which template each one takes the place of, by that template's sha256.
"""

import hashlib
import json
import pathlib
import shutil
import sys


def main(folder):
    source = pathlib.Path(folder) / "trl/chat_templates"
    target = pathlib.Path(__file__).parent.parent / "data/training-templates"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    index = {}
    for twin in sorted(source.glob("*_training.jinja")):
        original = source / twin.name.replace("_training", "")
        index[hashlib.sha256(original.read_bytes()).hexdigest()] = twin.name
        shutil.copyfile(twin, target / twin.name)
    (target / "index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
