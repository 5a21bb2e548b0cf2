"""The ids and labels that the pinned Unsloth makes of rows, by unsloth_zoo's own functions; see mask_cases.py.

Layouts "text" and "prompt-completion" go through sft_prepare_dataset, which Unsloth puts in the place of SFTTrainer._prepare_dataset.
"messages" are rendered to text as its notebooks do, and masked by train_on_responses_only with the case's "markers".
"""

import os
import types

os.environ.update(UNSLOTH_ALLOW_CPU="1", UNSLOTH_IS_PRESENT="1", UNSLOTH_DATASET_NUM_PROC="0")

from mask_cases import answer, refusal  # noqa: E402
from transformers import DataCollatorForSeq2Seq  # noqa: E402,F401 (before unsloth_zoo patches it)
from unsloth_zoo.dataset_utils import sft_prepare_dataset, train_on_responses_only  # noqa: E402


def label_case(case, tokenizer, rows):
    usable = []
    for row in rows:
        reason = refusal(row, tokenizer)
        if reason is None:
            usable.append(row["row"])
        else:
            yield row["row"], reason
    if not usable:
        return
    rows = rows.select(usable)
    if case["layout"] == "messages":
        texts = [tokenizer.apply_chat_template(row["messages"], tokenize=False, **row.get("chat_template_kwargs", {})) for row in rows]
        made = prepared(case, tokenizer, rows.from_dict({"text": texts}))
        mask = train_on_responses_only(
            None, tokenizer=tokenizer, return_function=True, instruction_part=case["markers"]["user"], response_part=case["markers"]["assistant"]
        )
        labels = mask({"input_ids": [row["input_ids"] for row in made]})["labels"]
    else:
        made = prepared(case, tokenizer, rows.remove_columns("row"))
        labels = [row.get("labels", row["input_ids"]) for row in made]
    for index, row, label in zip(usable, made, labels):
        # train_on_responses_only leaves such rows out of a trainer's dataset; a prompt + completion line stays.
        if case["layout"] != "messages" or any(each != -100 for each in label):
            yield index, row["input_ids"], label


def prepared(case, tokenizer, rows):
    """The trainer and its arguments are stand-ins: the function reads nothing of them but these."""
    args = types.SimpleNamespace(max_length=case["max_length"], dataset_text_field="text", dataset_num_proc=None, assistant_only_loss=False)
    trainer = types.SimpleNamespace(completion_only_loss=case["layout"] == "prompt-completion")
    return sft_prepare_dataset(trainer, rows, tokenizer, args, False, None, "train")


if __name__ == "__main__":
    answer(label_case)
