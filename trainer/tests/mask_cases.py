"""What the *_labels.py scripts share: cases in, the engine's ids and labels out, one JSON line a case.

stdin: {"cases": [{"model": folder with a tokenizer, "template": Jinja, "layout": messages, prompt-completion or text, "file": path of JSON lines,
"max_length", "assistant_only"}]}. A line of stdout is the answer to a case: [[row, input_ids, labels], ...] for the rows that the engine keeps and
[row, reason] for those that it stops at.
"""

import functools
import gc
import json
import pathlib
import sys
import uuid

import datasets
from transformers import AutoTokenizer


sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from ft_trainer import exact_chat  # noqa: E402


def answer(label_case):
    """`label_case(case, tokenizer, rows)` yields (row, input_ids, labels) or (row, reason); rows are a Dataset, each with its number as `row`."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what the engines print
    datasets.disable_progress_bars()
    # Caches are keyed by a hash of the tokenizer, which takes longer than all the rest.
    datasets.fingerprint.Hasher.hash = classmethod(lambda _, __: uuid.uuid4().hex)
    exact_chat.install()  # as ft's runs do where rows hold tools, calls or reasoning
    gc.freeze()  # what was imported stays: Axolotl's sampler collects garbage for every case
    request = json.load(sys.stdin)
    for case in request["cases"]:
        tokenizer = load_tokenizer(case["model"])
        tokenizer.chat_template = case["template"]
        answers.write(json.dumps(list(label_case(case, tokenizer, read_rows(case["file"])))) + "\n")
        answers.flush()


@functools.lru_cache(None)
def read_rows(path):
    """As the engines read data/train.jsonl."""
    rows = datasets.load_dataset("json", data_files=path, split="train")
    return rows.add_column("row", list(range(len(rows))))


@functools.lru_cache(None)
def load_tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


def refusal(row, tokenizer, **how):
    """Why the template refuses the row, or None: engines stop at the first such row, and the others are to be seen."""
    how = {"tokenize": False, **(row.get("chat_template_kwargs") or {}), **how}
    try:
        if "messages" in row:
            tokenizer.apply_chat_template(row["messages"], **how)
        elif "prompt" in row:
            tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, **how)
            tokenizer.apply_chat_template(row["prompt"] + row["completion"], **how)
    except Exception as error:  # whatever a template can do
        return f"{type(error).__name__}: {error}"
    return None
