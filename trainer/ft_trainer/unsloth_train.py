"""`python -m ft_trainer.unsloth_train config/train_unsloth.py`: the rendered script, with events, checked resume and a sealed result."""

import json
import os
import runpy
import sys

from . import checkpoints, events, probe
from .child import run_child, settle
from .exit_codes import RESUME_ME
from .failures import NonFiniteLoss

CHECKPOINTS = "out/checkpoints"


def train(stop):
    """Trains as the script says and leaves the result in the job's adapterDir. Returns the exit code."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    resume = os.environ.get("FT_RESUME") == "1"
    if resume and checkpoints.flaw(job["adapterDir"]) is None:
        print("the training was complete; its result is unchanged")
        return 0

    events.phase("loading")
    sys.path.insert(0, os.getcwd())  # a person's reward functions lie in rewards/
    script = runpy.run_path(sys.argv[1], run_name="train_unsloth")  # imports unsloth before anything else of transformers

    from .callback import EventsCallback
    from .saving import save

    settle()
    callback = EventsCallback(stop)
    checkpoint = None
    if resume:
        checkpoint = checkpoints.last_complete(CHECKPOINTS, events.warn)
        if checkpoint is None:
            events.warn("there is no complete checkpoint to resume from: training starts at step 0")
    trainer = script["make_trainer"](callbacks=[callback])
    # The filter would replace a NaN in the logs by the mean of the losses before it, and hide it from our callback.
    trainer.args.logging_nan_inf_filter = False
    if probe.ROWS:
        probe.keep_longest(trainer)
    trainer.train(resume_from_checkpoint=checkpoint)
    if callback.non_finite:
        step, value = callback.non_finite
        raise NonFiniteLoss(f"the loss became {value} at step {step}")
    if callback.interrupted:
        return RESUME_ME
    if probe.ROWS:
        return 0

    events.phase("saving")
    save(trainer, job)
    return 0


if __name__ == "__main__":
    run_child(train)
