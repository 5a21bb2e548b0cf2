"""Runs rendered train_unsloth.py scripts in a real Unsloth environment as far as a machine without a GPU lets them: `import_unsloth.py <file>...`

Each is imported, its trainer's config is made from its settings, and its make_trainer() is called: Unsloth must come to its device check, and no
earlier error. Prints {file: what make_trainer() ended with} as JSON in the last line.
"""

import json
import os
import runpy
import sys

os.environ["UNSLOTH_ALLOW_CPU"] = "1"


def main():
    print(json.dumps({path: check(path) for path in sys.argv[1:]}))


def check(path):
    script = runpy.run_path(path, run_name="train_unsloth")
    config = next(value for name, value in script.items() if name.endswith(("Config", "TrainingArguments")))
    config(**{**script["TRAINING"], "bf16": False})  # transformers refuses bf16 where there is no such GPU
    try:
        script["make_trainer"]()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "made"


if __name__ == "__main__":
    main()
