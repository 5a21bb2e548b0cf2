"""`python -m ft_trainer.trl_sft config/trl.yaml`: TRL's own sft script (trl/scripts/sft.py), with events, checked resume and a sealed result."""

import json
import os
import shutil
import sys

from . import checkpoints, events
from .child import limit_threads, run_child
from .exit_codes import RESUME_ME
from .failures import NonFiniteLoss


def train(stop):
    """Trains as the config says and leaves the result in the job's adapterDir. Returns the exit code."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    resume = os.environ.get("FT_RESUME") == "1"
    if resume and checkpoints.flaw(job["adapterDir"]) is None:
        print("the training was complete; its result is unchanged")
        return 0

    events.phase("loading")
    script_args, training_args, model_args, dataset_args = parse_config(sys.argv[1])
    limit_threads()
    trainer, callback = make_trainer(script_args, training_args, model_args, dataset_args, stop)

    checkpoint = None
    if resume:
        checkpoint = checkpoints.last_complete(training_args.output_dir, events.warn)
        if checkpoint is None:
            events.warn("there is no complete checkpoint to resume from: training starts at step 0")
    trainer.train(resume_from_checkpoint=checkpoint)
    if callback.non_finite:
        step, value = callback.non_finite
        raise NonFiniteLoss(f"the loss became {value} at step {step}")
    if callback.interrupted:
        return RESUME_ME

    events.phase("saving")
    save(trainer, job)
    trainer.end()
    return 0


def parse_config(path):
    """The four dataclasses of trl/scripts/sft.py. Raises ValueError naming every key that the engine does not know."""
    from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, SFTConfig, TrlParser

    parser = TrlParser((ScriptArguments, SFTConfig, ModelConfig, DatasetMixtureConfig))
    *parsed, unknown = parser.parse_args_and_config(["--config", path], return_remaining_strings=True)
    if unknown:
        keys = ", ".join(text[2:] for text in unknown if text.startswith("--")) or " ".join(unknown)
        raise ValueError(f"{path} has keys that this version of TRL does not know: {keys}")
    return parsed


def make_trainer(script_args, training_args, model_args, dataset_args, stop):
    """As trl/scripts/sft.py does it; what differs says why. Returns the trainer and our callback in it."""
    from datasets import load_dataset
    from trl import SFTTrainer, get_dataset, get_peft_config, get_quantization_config

    from .callback import EventsCallback

    class AnnouncingTrainer(SFTTrainer):
        """Only tells when loading is over and tokenizing begins: the trainer does both in its constructor."""

        def _prepare_dataset(self, *args, **kwargs):
            if events.current_phase == "loading":  # not again for the held-out split
                events.phase("tokenizing")
            return super()._prepare_dataset(*args, **kwargs)

    model_init_kwargs = dict(
        revision=model_args.model_revision,
        trust_remote_code=training_args.trust_remote_code,
        attn_implementation=model_args.attn_implementation,
        dtype=model_args.dtype,
    )
    quantization = get_quantization_config(model_args)
    if quantization is not None and training_args.device.type == "cpu":
        model_init_kwargs["device_map"] = {"": "cpu"}  # bitsandbytes wants to be told
    if training_args.model_init_kwargs is not None:
        model_init_kwargs.update(training_args.model_init_kwargs)
    training_args.model_init_kwargs = model_init_kwargs
    # The filter would replace a NaN in the logs by the mean of the losses before it, and hide it from our callback.
    training_args.logging_nan_inf_filter = False

    if dataset_args.datasets:
        dataset = get_dataset(dataset_args)
        if training_args.eval_strategy != "no" and script_args.dataset_test_split not in dataset:
            # A mixture has no held-out split of its own; the job folder has.
            dataset[script_args.dataset_test_split] = load_dataset("json", data_files="data/test.jsonl", split="train")
    elif script_args.dataset_name:
        dataset = load_dataset(script_args.dataset_name, name=script_args.dataset_config, streaming=script_args.dataset_streaming)
    else:
        raise ValueError("Either `datasets` or `dataset_name` must be provided.")

    callback = EventsCallback(stop)
    trainer = AnnouncingTrainer(
        model=model_args.model_name_or_path,
        args=training_args,
        train_dataset=dataset[script_args.dataset_train_split],
        eval_dataset=dataset[script_args.dataset_test_split] if training_args.eval_strategy != "no" else None,
        quantization_config=quantization,
        peft_config=get_peft_config(model_args),
        callbacks=[callback],
    )
    return trainer, callback


def save(trainer, job):
    """Weights, tokenizer and chat template, sealed, moved into place whole. An adapter names its base as the job does, not by our path."""
    target = job["adapterDir"]
    partial = f"{target}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    trainer.save_model(partial)
    for name in ("training_args.bin", "README.md"):  # a pickle of what config/ says, and an empty form that names our path as the base
        if os.path.exists(os.path.join(partial, name)):
            os.unlink(os.path.join(partial, name))
    config_path = os.path.join(partial, "adapter_config.json")
    if os.path.exists(config_path):
        with open(config_path, encoding="utf-8") as file:
            config = json.load(file)
        config["base_model_name_or_path"] = job["model"]["id"]
        config["revision"] = job["model"]["revision"]
        with open(config_path, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2, sort_keys=True)
    checkpoints.seal(partial)
    shutil.rmtree(target, ignore_errors=True)
    os.rename(partial, target)


if __name__ == "__main__":
    run_child(train)
