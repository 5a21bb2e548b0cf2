"""`python -m ft_trainer.axolotl_train config/axolotl.yaml`: Axolotl's own `train` command, with events, checked resume and a sealed result."""

import json
import os
import sys

from . import checkpoints, events, probe
from .child import run_child, settle
from .exit_codes import RESUME_ME
from .failures import NonFiniteLoss

CHECKPOINTS = "out/checkpoints"


def train(stop):
    """Trains as the config says and leaves the result in the job's adapterDir. Returns the exit code."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    resume = os.environ.get("FT_RESUME") == "1"
    if resume and checkpoints.flaw(job["adapterDir"]) is None:
        print("the training was complete; its result is unchanged")
        return 0

    events.phase("loading")
    from axolotl.cli.train import do_cli

    from . import exact_chat
    from .axolotl_plugin import FtPlugin
    from .saving import save

    settle()
    exact_chat.install()
    FtPlugin.stop = stop
    changes = {}
    if resume:
        checkpoint = checkpoints.last_complete(CHECKPOINTS, events.warn)
        if checkpoint is None:
            events.warn("there is no complete checkpoint to resume from: training starts at step 0")
        else:
            changes["resume_from_checkpoint"] = checkpoint
    do_cli(sys.argv[1], **changes)
    if FtPlugin.callback.non_finite:
        step, value = FtPlugin.callback.non_finite
        raise NonFiniteLoss(f"the loss became {value} at step {step}")
    if FtPlugin.callback.interrupted:
        return RESUME_ME
    if probe.ROWS:
        return 0

    events.phase("saving")
    save(FtPlugin.trainer, job)
    return 0


if __name__ == "__main__":
    run_child(train)
