"""The ids and labels that the pinned Axolotl makes of conversations and texts, by its prompt strategies; see mask_cases.py."""

from axolotl.prompt_strategies import chat_template, completion
from axolotl.utils.data.utils import truncate_long_seq
from axolotl.utils.dict import DictDefault
from mask_cases import answer

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


if __name__ == "__main__":
    answer(label_case)
