"""Built-in reward functions for GRPO, in TRL's signature: completions as lists of messages, the dataset's columns as lists; one number each."""

import json
import re


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
    return [1.0 if re.fullmatch(r"\s*<think>(?:(?!</?think>).)*</think>(?:(?!</?think>).)*\S\s*", _text(completion), re.DOTALL) else 0.0 for completion in completions]


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
