"""Built-in reward functions for GRPO, in TRL's signature: completions as lists of messages, the dataset's columns as lists; one number each."""

import asyncio
import importlib
import inspect
import json
import math
import os
import re
import sys

_THOUGHT = re.compile(r"<think>(?:(?!</?think>).)*</think>(?:(?!</?think>).)*\S", re.DOTALL)


def exact_match(completions, answer=None, reference=None, **_columns):
    """1 where the answer is the row's `answer` (or `reference`), without white space around it or, of JSON structures, anywhere; else 0."""
    wanted = answer if answer is not None else reference
    if wanted is None:
        raise ValueError("the reward exact_match needs a column `answer` or `reference`")
    return [1.0 if _same(_text(completion), _as_text(one)) else 0.0 for completion, one in zip(completions, wanted)]


def json_valid(completions, **_columns):
    """1 where the whole answer is one JSON object or array, else 0."""
    return [0.0 if _structure(_text(completion)) is None else 1.0 for completion in completions]


def think_format(completions, **_columns):
    """1 where the answer is <think>...</think>, once and at the start, and something after it; else 0."""
    return [1.0 if _THOUGHT.fullmatch(_text(completion)) else 0.0 for completion in completions]


def functions(names):
    """Reward functions by dotted path; the job folder is searched first, as trl/scripts/grpo.py does it."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    found = []
    for name in names:
        module, _, function = name.rpartition(".")
        found.append(getattr(importlib.import_module(module), function))
    return found


def rate(names, weights, items, answers):
    """
    {"reward", "rewards": {name: value}} of each item's answer (text, ids), with the arguments that GRPOTrainer gives its reward functions.
    `reward` is the weighted sum of the values that there are; a function may return None, or a number that is not finite: no value.
    """
    short = [name.rpartition(".")[2] for name in names]
    labels = short if len(set(short)) == len(short) else names
    columns = {name: [item["columns"].get(name) for item in items] for name in sorted({name for item in items for name in item["columns"]})}
    said = {
        "prompts": [item["conversation"] for item in items],
        "completions": [[{"role": "assistant", "content": text}] for text, _ in answers],
        "completion_ids": [ids for _, ids in answers],
    }
    nowhere = {"trainer_state": None, "log_extra": lambda *_: None, "log_metric": lambda *_: None}
    rated = [{"reward": None, "rewards": {}} for _ in items]
    for label, function, weight in zip(labels, functions(names), weights or [1.0] * len(names)):
        values = function(**columns, **said, **nowhere)
        values = asyncio.run(_awaited(values)) if inspect.isawaitable(values) else values
        for row, value in zip(rated, values, strict=True):
            value = float(value) if value is not None and math.isfinite(value) else None
            row["rewards"][label] = value
            if value is not None:
                row["reward"] = (row["reward"] or 0.0) + weight * value
    return rated


async def _awaited(values):
    return await values


def _same(text, wanted):
    """As src/eval/scorers.ts compares."""
    if text == wanted:
        return True
    structure = _structure(wanted)
    return structure is not None and structure == _structure(text)


def _structure(text):
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return None


def _text(completion):
    return "".join(message["content"] or "" for message in completion).strip()


def _as_text(value):
    return (value if isinstance(value, str) else json.dumps(value)).strip()
