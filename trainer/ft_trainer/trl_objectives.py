"""Each objective as TRL's own script for it builds it (trl/scripts/*.py; orpo and cpo, which have none, in the same shape)."""

import importlib
import os

from . import events

#: Objective -> module, config and trainer. SimPO is a loss of CPO.
CLASSES = {
    "sft": ("trl", "SFTConfig", "SFTTrainer"),
    "dpo": ("trl", "DPOConfig", "DPOTrainer"),
    "kto": ("trl", "KTOConfig", "KTOTrainer"),
    "orpo": ("trl.experimental.orpo", "ORPOConfig", "ORPOTrainer"),
    "cpo": ("trl.experimental.cpo", "CPOConfig", "CPOTrainer"),
    "simpo": ("trl.experimental.cpo", "CPOConfig", "CPOTrainer"),
    "reward": ("trl", "RewardConfig", "RewardTrainer"),
    "grpo": ("trl", "GRPOConfig", "GRPOTrainer"),
}


def parse_config(path, objective):
    """The four dataclasses of the objective's script. Raises ValueError naming every key that the engine does not know."""
    from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, TrlParser

    if objective == "grpo":
        from trl.scripts.grpo import GRPOScriptArguments as ScriptArguments
    config_class, _ = _classes(objective)
    parser = TrlParser((ScriptArguments, config_class, ModelConfig, DatasetMixtureConfig))
    *parsed, unknown = parser.parse_args_and_config(["--config", path], return_remaining_strings=True)
    if unknown:
        keys = ", ".join(text[2:] for text in unknown if text.startswith("--")) or " ".join(unknown)
        raise ValueError(f"{path} has keys that this version of TRL does not know: {keys}")
    return parsed


def make_trainer(script_args, training_args, model_args, dataset_args, extras, stop):
    """
    As the script does it, but with the model and tokenizer as objects: only so can tokens be added, an adapter be initialised, and the
    trainers that know no quantisation get a 4-bit base. Returns the trainer, our callback in it, and the first weights of a PiSSA adapter.
    """
    from transformers import EarlyStoppingCallback

    from . import lora, rewards, trl_model
    from .callback import EventsCallback

    objective = extras["objective"]
    # The filter would replace a NaN in the logs by the mean of the losses before it, and hide it from our callback.
    training_args.logging_nan_inf_filter = False
    train_dataset, eval_dataset = _datasets(script_args, dataset_args, training_args.eval_strategy != "no")
    judges = {"reward_funcs": rewards.functions(script_args.reward_funcs)} if objective == "grpo" else {}
    model, processor = trl_model.load(training_args, model_args, objective)
    known, size = trl_model.add_tokens(model, processor, extras["newTokens"])
    train_dataset, eval_dataset = (_tokenized(rows, processor) for rows in (train_dataset, eval_dataset))
    model, adapter, pissa_start = lora.adapt(model, model_args, extras["lora"])

    callback = EventsCallback(stop)
    early = extras["earlyStopping"]
    _, trainer_class = _classes(objective)
    if objective in ("orpo", "cpo", "simpo"):
        events.phase("tokenizing")  # their constructors do it, and nothing else that can fail
    drops = extras["tooLong"] == "drop"
    trainer = _announcing(trainer_class, extras["loraPlusRatio"], drops)(
        model=model,
        args=training_args,
        train_dataset=train_dataset,
        eval_dataset=eval_dataset,
        processing_class=processor,
        peft_config=adapter,
        callbacks=[callback, *([EarlyStoppingCallback(early["patience"])] if early else [])],
        **judges,
    )
    lora.keep_whole_modules(trainer.model)
    # Trainers load their frozen reference from the base model's folder, which lacks the tokens that were added to this one.
    reference = getattr(trainer, "ref_model", None)
    if size > known and reference is not None:
        if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
            raise ValueError("a frozen reference that is sharded cannot get new tokens: train an adapter, or on one GPU")
        trl_model.make_room(reference, known, size)
    return trainer, callback, pissa_start


def _classes(objective):
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    module, *names = CLASSES[objective]
    return [getattr(importlib.import_module(module), name) for name in names]


def _datasets(script_args, dataset_args, with_eval):
    from datasets import load_dataset
    from trl import get_dataset

    if dataset_args.datasets:
        dataset = get_dataset(dataset_args)
        if with_eval and script_args.dataset_test_split not in dataset:
            # A mixture has no held-out split of its own; the job folder has.
            dataset[script_args.dataset_test_split] = load_dataset("json", data_files="data/test.jsonl", split="train")
    elif script_args.dataset_name:
        dataset = load_dataset(script_args.dataset_name, name=script_args.dataset_config, streaming=script_args.dataset_streaming)
    else:
        raise ValueError("Either `datasets` or `dataset_name` must be provided.")
    return dataset[script_args.dataset_train_split], dataset[script_args.dataset_test_split] if with_eval else None


def _tokenized(rows, processor):
    """Rows of segments, which TRL does not know, as ids and labels, which it does."""
    if rows is None or "segments" not in rows.column_names:
        return rows
    from .exact_chat import tokenize_segments

    tokenizer = getattr(processor, "tokenizer", processor)
    return rows.map(tokenize_segments, fn_kwargs={"tokenizer": tokenizer}, remove_columns=rows.column_names)


def _announcing(trainer_class, lora_plus_ratio, drops_too_long):
    """
    The engine's trainer, which also tells when loading is over and tokenizing begins (its constructor does both), can do LoRA+, and can leave
    out the rows that it would cut.
    """

    class AnnouncingTrainer(trainer_class):
        def _prepare_dataset(self, *args, **kwargs):
            if events.current_phase == "loading":  # not again for the held-out split
                events.phase("tokenizing")
            prepare = super()._prepare_dataset
            if not drops_too_long:
                return prepare(*args, **kwargs)
            from .too_long import prepare_short

            return prepare_short(prepare, *args, **kwargs)

        def create_optimizer(self, *args, **kwargs):
            if lora_plus_ratio is not None and self.optimizer is None:
                from .lora import lora_plus

                self.optimizer = lora_plus(self, lora_plus_ratio)
            return super().create_optimizer(*args, **kwargs)

    return AnnouncingTrainer
