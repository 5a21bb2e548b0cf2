"""
`python -m ft_trainer.evaluate config/evaluate.json`: base and adapter on the same held-out items, and answers to the items of suites; one
line of results each, resumable. Parts that have no items file are left out.
"""

import hashlib
import json
import os
import sys
import time

from . import checkpoints, events
from .child import run_child, settle
from .eval_items import Results, encode_items, load_tokenizer

#: Items are sorted by length within a window of so many batches, and written in their own order when the window is done.
WINDOW_BATCHES = 8

#: What config/evaluate.json may leave out. It must say method (full, lora, qlora), dtype, maxLength, maxNewTokens and batchSize.
DEFAULTS = {
    "objective": "sft",
    "model": "model",
    # Null: the base by itself.
    "adapter": "out/adapter",
    # Null: the adapter's folder, or the model's where there is no adapter.
    "tokenizer": None,
    # A file with the chat template; null: the tokenizer's own.
    "chatTemplate": None,
    "items": "eval/items.jsonl",
    "output": "out/eval/items.jsonl",
    "variants": ["base", "adapter"],
    # Of {name, items, output, maxNewTokens}: only answers are wanted of these, and only of suiteVariants.
    "suites": [],
    "suiteVariants": ["adapter"],
    "device": "auto",
    "rewardFuncs": [],
    "rewardWeights": None,
}


def evaluate(_stop):
    """Evaluates what is not evaluated yet. Returns the exit code."""
    with open(sys.argv[1], encoding="utf-8") as file:
        config = {**DEFAULTS, **json.load(file)}
    events.phase("loading")
    import torch

    settle()
    torch.manual_seed(0)
    tokenizer = load_tokenizer(config)
    parts = [Part(settings, tokenizer) for settings in _parts(config) if os.path.exists(settings["items"])]
    progress = Progress(parts)
    for variant, model in _variants(config, tokenizer, parts):
        for part in parts:
            todo = part.todo(variant)
            if not todo:
                continue
            events.phase("evaluating", f"{part.name}: {variant}" if part.name else variant)
            size = part.config["batchSize"] * WINDOW_BATCHES
            for start in range(0, len(todo), size):
                window = todo[start : start + size]
                measured = measure(model, tokenizer, window, part.config, progress.within)
                part.results.append(variant, measured)
                progress.add(len(window))
    return 0


def _parts(config):
    """The settings of each: those of the held-out items, then of each suite."""
    shared = {key: value for key, value in config.items() if key not in ("suites", "suiteVariants")}
    yield {**shared, "name": None, "answersOnly": False}
    for suite in config["suites"]:
        answers = {"objective": "sft", "rewardFuncs": [], "variants": config["suiteVariants"], "answersOnly": True}
        yield {**shared, **answers, **suite}


class Part:
    """Items with what is there of their results."""

    def __init__(self, settings, tokenizer):
        self.config, self.name = settings, settings["name"]
        self.items = encode_items(settings, tokenizer)
        self.results = Results(settings["output"], _fingerprint(settings))

    def todo(self, variant):
        if variant not in self.config["variants"]:
            return []
        return [item for item in self.items if (item["item"], variant) not in self.results.done]


class Progress:
    """How many rows are done, of all."""

    def __init__(self, parts):
        self.done = sum(len(part.results.done) for part in parts)
        self.total = sum(len(part.items) * len(part.config["variants"]) for part in parts)
        self.within(0)

    def within(self, rows):
        """So many of the window that is at work."""
        events.emit("progress", done=self.done + rows, total=self.total, unit="rows")

    def add(self, rows):
        self.done += rows
        self.within(0)


def measure(model, tokenizer, window, config, progress):
    """What there is to measure of each item of a window, in the window's order: losses or scores, greedy answers, their rewards."""
    rows = {item["item"]: {"item": item["item"], "nll": None, "tokens": 0} for item in window}
    if not config["answersOnly"]:
        sequences = [(rows[item["item"]], "", item) for item in window]
        sequences += [(rows[item["item"]], "rejected", item["rejected"]) for item in window if item["rejected"]]
        for batch in _batches(sequences, config["batchSize"], lambda sequence: len(sequence[2]["ids"])):
            _likelihoods(model, tokenizer, batch, config)
    answered = 0
    for batch in _batches([item for item in window if item["prompt"]], config["batchSize"], lambda item: len(item["prompt"])):
        _answers(model, tokenizer, batch, config, rows)
        answered += len(batch)
        progress(answered)
    nothing = {"output": None, "promptTokens": None, "outputTokens": None, "latencyMs": None}
    return [{**nothing, **rows[item["item"]]} for item in window]


def _likelihoods(model, tokenizer, batch, config):
    from .eval_model import loss_batch, score_batch

    items = [item for _, _, item in batch]
    if config["objective"] == "reward":
        for (row, part, _), score in zip(batch, score_batch(model, items, tokenizer.pad_token_id)):
            row[f"{part or 'chosen'}Score"] = score
        return
    for (row, part, _), (nll, tokens) in zip(batch, loss_batch(model, items, tokenizer.pad_token_id)):
        row.update({"rejectedNll": nll, "rejectedTokens": tokens} if part else {"nll": nll, "tokens": tokens})


def _answers(model, tokenizer, batch, config, rows):
    from .eval_model import answer_batch
    from .rewards import rate

    began = time.monotonic()
    answers = answer_batch(model, batch, tokenizer, config["maxNewTokens"])
    latency = 1000 * (time.monotonic() - began) / len(batch)  # the batch's time, shared equally
    for item, (text, ids) in zip(batch, answers):
        prompt = item["prompt"]
        counts = {"promptTokens": len(prompt), "outputTokens": len(ids), "latencyMs": round(latency, 3)}
        rows[item["item"]].update(output=text, promptSha256=hashlib.sha256(json.dumps(prompt).encode()).hexdigest(), **counts)
    if config["rewardFuncs"]:
        for item, rated in zip(batch, rate(config["rewardFuncs"], config["rewardWeights"], batch, answers)):
            rows[item["item"]].update(rated)


def _variants(config, tokenizer, parts):
    """Yields ("base", model) and ("adapter", model), but loads nothing that has no item left."""
    from .eval_model import load_model, with_adapter

    left = {variant for variant in ("base", "adapter") if any(part.todo(variant) for part in parts)}
    full = config["method"] == "full"
    base = load_model(config, config["model"], tokenizer) if "base" in left or ("adapter" in left and not full) else None
    if "base" in left:
        yield "base", base
    if "adapter" in left:
        if full:
            del base  # room for the other
            yield "adapter", load_model(config, config["adapter"], tokenizer)
        else:
            yield "adapter", with_adapter(base, config)


def _batches(items, size, length):
    """Batches of equal-ish length, longest first: if memory is short it shows at once."""
    ordered = sorted(items, key=length, reverse=True)
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def _fingerprint(config):
    """What the results depend on: another adapter, other items or other settings make old results worthless."""
    content = {"config": config, "items": checkpoints.file_sha256(config["items"])}
    sealed = os.path.join(config["adapter"], checkpoints.MANIFEST) if config["adapter"] else ""
    content["adapter"] = checkpoints.file_sha256(sealed) if os.path.exists(sealed) else None
    return content


if __name__ == "__main__":
    run_child(evaluate)
