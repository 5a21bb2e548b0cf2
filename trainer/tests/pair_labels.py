"""The ids and labels that an engine's preference trainers make of pairs and judged answers; see mask_cases.py. Each case has an "objective", too.

Runs in TRL's environment, in Axolotl's and in Unsloth's, whose trainers these are there; the methods that read rows need a tokenizer, but no model.
"""

import functools
import sys
import types

if sys.argv[1] == "unsloth":  # it puts its own in the place of TRL's, so it comes first
    import os

    os.environ.update(UNSLOTH_ALLOW_CPU="1")
    import unsloth  # noqa: F401

from mask_cases import answer, refusal

if sys.argv[1] == "axolotl":
    from axolotl.core.trainers.dpo import AxolotlDPOTrainer as DPOTrainer
    from axolotl.core.trainers.trl import AxolotlCPOTrainer as CPOTrainer
    from axolotl.core.trainers.trl import AxolotlKTOTrainer as KTOTrainer
    from axolotl.core.trainers.trl import AxolotlORPOTrainer as ORPOTrainer
else:
    from trl import DPOTrainer, KTOTrainer
    from trl.experimental.cpo import CPOTrainer
    from trl.experimental.orpo import ORPOTrainer
from trl import RewardTrainer
from trl.data_utils import maybe_apply_chat_template
from trl.trainer.dpo_trainer import DataCollatorForPreference
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

PREPARED = {"dpo": DPOTrainer, "kto": KTOTrainer, "reward": RewardTrainer}
BY_ROW = {"orpo": ORPOTrainer, "cpo": CPOTrainer, "simpo": CPOTrainer}


def label_case(case, tokenizer, rows):
    usable = []
    for row in rows:
        reason = why_refused(row, tokenizer)
        if reason is None:
            usable.append(row["row"])
        else:
            yield row["row"], reason
    label = label_prepared if case["objective"] in PREPARED else label_by_row
    if usable:
        yield from label(case, tokenizer, rows.select(usable))


def why_refused(row, tokenizer):
    answers = [row[name] for name in ("chosen", "rejected", "completion") if name in row]
    reasons = [refusal({**row, "completion": answer}, tokenizer) for answer in answers]
    return next((reason for reason in reasons if reason is not None), None)


def label_prepared(case, tokenizer, rows):
    limit = case["max_length"]
    trainer = types.SimpleNamespace(_tokenizer=tokenizer, calculate_KL=False, desirable_weight=1, undesirable_weight=1)
    args = types.SimpleNamespace(dataset_num_proc=None, max_length=limit, truncation_mode="keep_start", per_device_train_batch_size=1)
    made = PREPARED[case["objective"]]._prepare_dataset(trainer, rows, tokenizer, args, "train")
    for row in made:
        if case["objective"] == "reward":
            for ids in (row["chosen_ids"], row["rejected_ids"]):
                yield row["row"], ids, [-100] * len(ids)
            continue
        collator = DataCollatorForUnpairedPreference if "completion_ids" in row else DataCollatorForPreference
        batch = collator(pad_token_id=0, max_length=limit)([row])
        for ids, attended, answered in zip(batch["input_ids"], batch["attention_mask"], batch["completion_mask"]):
            real = attended == 1
            yield row["row"], ids[real].tolist(), ids.where(answered == 1, -100)[real].tolist()


def label_by_row(case, tokenizer, rows):
    trainer_class = BY_ROW[case["objective"]]
    trainer = types.SimpleNamespace(processing_class=tokenizer, is_encoder_decoder=False, max_length=case["max_length"])
    trainer.build_tokenized_answer = functools.partial(trainer_class.build_tokenized_answer, trainer)
    for row in rows:
        try:
            made = trainer_class.tokenize_row(trainer, maybe_apply_chat_template(dict(row), tokenizer))
        except Exception as error:  # the engine would stop here
            yield row["row"], f"{type(error).__name__}: {error}"
            continue
        for part in ("chosen", "rejected"):
            yield row["row"], made[f"{part}_input_ids"], made[f"{part}_labels"]


if __name__ == "__main__":
    answer(label_case)
