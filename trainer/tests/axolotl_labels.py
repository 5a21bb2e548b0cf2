"""The ids and labels that the pinned Axolotl makes of conversations and texts, by its prompt strategies; see mask_cases.py."""

import types

import torch
from axolotl.prompt_strategies import chat_template, completion
from axolotl.utils.data.utils import truncate_long_seq
from axolotl.utils.collators.batching import V2BatchSamplerDataCollatorForSeq2Seq
from axolotl.utils.dict import DictDefault
from axolotl.utils.samplers import MultipackBatchSampler
from axolotl.utils.trainer import process_datasets_for_packing
from datasets import Dataset
from mask_cases import answer
from torch.utils.data import RandomSampler

#: As src/engines/axolotl/sections.ts writes them.
CHAT = {"type": "chat_template", "field_messages": "messages", "roles_to_train": ["assistant"], "train_on_eos": "turn"}
#: For rows as JSON text (layout messages-json).
RICH = {
    "message_field_training": "weight",
    "message_property_mappings": {key: key for key in ("role", "content", "reasoning_content", "tool_calls", "tool_call_id", "name")},
}
TEXT = {"type": "completion", "field": "text"}


def label_case(case, tokenizer, rows):
    cfg = DictDefault({"sequence_len": case["max_length"], "train_on_inputs": False})
    if case["layout"] == "text":
        strategy = completion.load(tokenizer, cfg, TEXT)
    else:
        strategy = chat_template.load(tokenizer, cfg, {**CHAT, **(RICH if case["layout"] == "messages-json" else {})})
    rows = rows.remove_columns("row")
    if case.get("packing"):
        yield from unpacked(case, [made for made in tokenized(strategy, rows, case) if isinstance(made, dict)])
        return
    for index in range(len(rows)):
        try:
            made = strategy.tokenize_prompt(rows[index : index + 1])
        except Exception as error:  # whatever a template can do
            yield index, f"{type(error).__name__}: {error}"
            continue
        made = truncate_long_seq(dict(made), case["max_length"])
        for ids, labels in zip(made["input_ids"], made["labels"]):
            # Left out: too short for Axolotl (keep_min_len), or without loss (ft's plugin, with_trained_tokens).
            if len(ids) >= 2 and any(label != -100 for label in labels):
                yield index, ids, labels


def tokenized(strategy, rows, case):
    for index in range(len(rows)):
        try:
            made = strategy.tokenize_prompt(rows[index : index + 1])
        except Exception as error:  # whatever a template can do
            yield f"{type(error).__name__}: {error}"
            continue
        made = truncate_long_seq(dict(made), case["max_length"])
        yield from ({"input_ids": ids, "labels": labels} for ids, labels in zip(made["input_ids"], made["labels"]) if len(ids) >= 2)


def unpacked(case, made):
    """The sequences that Axolotl's collator joins to packed ones, told apart by their positions; which row each comes from is not told: 0."""
    cfg = DictDefault({"sequence_len": case["max_length"], "sample_packing": True, "model_config_type": "llama"})
    rows = [{**row, "attention_mask": [1] * len(row["input_ids"])} for row in made]
    dataset, _ = process_datasets_for_packing(cfg, Dataset.from_list(rows), None)
    sampler = MultipackBatchSampler(
        RandomSampler(dataset), batch_size=1, batch_max_len=case["max_length"], lengths=[len(row["input_ids"]) for row in dataset], bin_size=200, num_processes=1
    )
    collate = V2BatchSamplerDataCollatorForSeq2Seq(tokenizer=types.SimpleNamespace(padding_side="right", pad=pad), padding=True)
    for batch in sampler:
        for features in batch:
            packed = collate([[dict(dataset[index]) for index in features]])
            ids, labels, positions = (packed[name][0].tolist() for name in ("input_ids", "labels", "position_ids"))
            starts = [at for at, position in enumerate(positions) if position == 0]
            for start, end in zip(starts, [*starts[1:], len(ids)]):
                yield 0, ids[start:end], labels[start:end]


def pad(features, **_):
    """In place of a tokenizer's: one packed sequence a batch, so nothing is to be padded."""
    return {name: torch.tensor([feature[name] for feature in features]) for name in features[0]}


if __name__ == "__main__":
    answer(label_case)
