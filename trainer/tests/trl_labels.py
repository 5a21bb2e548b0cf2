"""The ids and labels that the pinned TRL makes of rows, by its SFTTrainer; see mask_cases.py."""

import tempfile

from mask_cases import answer, refusal
from transformers import LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

MODELS = {}


def label_case(case, tokenizer, rows):
    usable = []
    trainer = None
    for row in rows:
        if trainer is None and refusal(row, tokenizer) is None:
            trainer = make_trainer(case, tokenizer, rows.select([row["row"]]))
        swapped = {"chat_template": trainer.chat_template} if trainer and trainer.chat_template else {}
        reason = refusal(row, tokenizer, **swapped)
        if reason is None:
            usable.append(row["row"])
        else:
            yield row["row"], reason
    if usable and case.get("packing"):
        yield from unpacked(trainer, rows.select(usable))
    elif usable:
        yield from prepared(trainer, rows.select(usable))


def unpacked(trainer, rows):
    """The sequences that packed ones are made of; which row each comes from is not told: 0."""
    for pack in trainer._prepare_dataset(rows, trainer.processing_class, trainer.args, True, None, "train"):
        at = 0
        for length in pack["seq_lengths"]:
            yield 0, pack["input_ids"][at : at + length], pack["labels"][at : at + length]
            at += length


def prepared(trainer, rows):
    """By the trainer's own method; row by row where it stops at one."""
    try:
        made = trainer._prepare_dataset(rows, trainer.processing_class, trainer.args, False, None, "train")
    except RuntimeError as error:
        if len(rows) == 1:
            yield rows[0]["row"], str(error)
            return
        for index in range(len(rows)):
            yield from prepared(trainer, rows.select([index]))
        return
    for row in made:
        yield row["row"], row["input_ids"], row["labels"]


def make_trainer(case, tokenizer, rows):
    """The weights don't matter, only the trainer's data preparation does; its constructor chooses the template."""
    return SFTTrainer(
        model=model_for(len(tokenizer)),
        args=SFTConfig(
            output_dir=OUT,
            max_length=case["max_length"],
            assistant_only_loss=case["assistant_only"],
            completion_only_loss=case["layout"] == "prompt-completion",
            use_cpu=True,
            bf16=False,
            report_to=[],
        ),
        train_dataset=rows,
        processing_class=tokenizer,
    )


def model_for(size):
    if size not in MODELS:
        shape = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
        MODELS[size] = LlamaForCausalLM(LlamaConfig(vocab_size=size, **shape))
    return MODELS[size]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as OUT:
        answer(label_case)
