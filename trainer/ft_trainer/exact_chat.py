"""
Conversations as their rows say them, whatever Arrow made of them. Arrow gives a column one schema: the arguments of one call would be filled
with those of all others, 1.0 and big integers would become something else (datasets' Json type keeps ten digits). So data/*.jsonl holds
tool calls as JSON text, tools and template variables as JSON text in `chat_template_kwargs`, which every trainer of TRL hands on to the
template, and "" for what a turn does not have. Here all of it is read back, just before the template sees it.
"""

import functools
import json

#: What a turn may lack, where other turns have it (src/dataset/layout.ts).
OPTIONAL = ("reasoning_content", "tool_calls", "tool_call_id", "name")


def install():
    """Wraps apply_chat_template of all tokenizers and processors of this process; once is enough."""
    from transformers import PreTrainedTokenizerBase, ProcessorMixin

    for base in (PreTrainedTokenizerBase, ProcessorMixin):
        if not hasattr(base.apply_chat_template, "is_exact"):
            base.apply_chat_template = exact(base.apply_chat_template)


def exact(apply_chat_template):
    """The same function, for turns and variables that are JSON text."""

    @functools.wraps(apply_chat_template)
    def wrapper(self, conversation, *args, as_json=None, **kwargs):
        if as_json is not None:
            kwargs.update(json.loads(as_json))
        return apply_chat_template(self, read_turns(conversation), *args, **kwargs)

    wrapper.is_exact = True
    return wrapper


def read_turns(conversation):
    """Of one conversation, or of a batch of them."""
    if isinstance(conversation, (list, tuple)):
        return [read_turns(each) for each in conversation]
    return read_turn(conversation) if isinstance(conversation, dict) else conversation


def read_turn(turn):
    kept = {key: value for key, value in turn.items() if key not in OPTIONAL or value not in ("", None)}
    if isinstance(kept.get("tool_calls"), str):
        kept["tool_calls"] = json.loads(kept["tool_calls"])
    return kept


def tokenize_segments(row, tokenizer):
    """A row of segments as Axolotl's input_output does it: each piece by itself, no token added, labels for those that are learnt."""
    ids, labels = [], []
    for segment in row["segments"]:
        piece = tokenizer(segment["text"], add_special_tokens=False)["input_ids"]
        ids += piece
        labels += piece if segment["label"] else [-100] * len(piece)
    return {"input_ids": ids, "labels": labels}
