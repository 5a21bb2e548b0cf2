"""`python -m ft_trainer.trl_train config/trl.yaml`: one training with TRL, of any objective, with events, checked resume and a sealed result."""

import json
import os
import sys

from . import checkpoints, events, probe
from .child import run_child, settle
from .exit_codes import RESUME_ME
from .failures import NonFiniteLoss

#: What TRL's own keys cannot say. config/train.json, beside the config of the engine, may set each.
EXTRAS = {"objective": "sft", "lora": None, "loraPlusRatio": None, "newTokens": [], "earlyStopping": None, "tooLong": "cut"}


def train(stop):
    """Trains as config/ says and leaves the result in the job's adapterDir. Returns the exit code."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    resume = os.environ.get("FT_RESUME") == "1"
    if resume and checkpoints.flaw(job["adapterDir"]) is None:
        print("the training was complete; its result is unchanged")
        return 0

    events.phase("loading")
    settle()  # first: without its GPU the rest is in vain
    from . import exact_chat
    from .saving import save
    from .trl_objectives import make_trainer, parse_config

    extras = read_extras(sys.argv[1])
    parsed = parse_config(sys.argv[1], extras["objective"])
    exact_chat.install()
    trainer, callback, pissa_start = make_trainer(*parsed, extras, stop)

    if probe.ROWS:
        probe.keep_longest(trainer)
    checkpoint = None
    if resume:
        checkpoint = checkpoints.last_complete(trainer.args.output_dir, events.warn)
        if checkpoint is None:
            events.warn("there is no complete checkpoint to resume from: training starts at step 0")
    trainer.train(resume_from_checkpoint=checkpoint)
    if callback.non_finite:
        step, value = callback.non_finite
        raise NonFiniteLoss(f"the loss became {value} at step {step}")
    if probe.ROWS:
        trainer.end()
        return 0
    trainer.accelerator.wait_for_everyone()  # whoever ends first makes the launcher end the others
    if callback.interrupted:
        return RESUME_ME

    events.phase("saving")
    save(trainer, job, pissa_start)
    trainer.end()
    return 0


def read_extras(config_path):
    """EXTRAS, with what train.json beside the config says."""
    path = os.path.join(os.path.dirname(config_path), "train.json")
    with open(path, encoding="utf-8") as file:
        return {**EXTRAS, **json.load(file)}


if __name__ == "__main__":
    run_child(train)
