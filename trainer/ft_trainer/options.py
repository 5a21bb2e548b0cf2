"""The command line of run.py."""

import argparse
import os


def parse_options():
    """What a launcher asked for. `python` is None when nobody named one: then --prepare's, else the one that runs this."""
    parser = argparse.ArgumentParser(prog="run.py", description="Runs the steps of this job folder.")
    parser.add_argument("--attempt", type=int, default=1, help="counts from 1; numbers the events")
    parser.add_argument("--resume", action="store_true", help="go on from the last complete checkpoint")
    parser.add_argument("--only", choices=["train", "evaluate"], help="run this step alone")
    parser.add_argument(
        "--platform-restarts",
        action="store_true",
        help="the platform starts the job again by itself: each start is the next attempt and resumes; SIGTERM without a file `cancel` is a preemption",
    )
    parser.add_argument("--echo-events", action="store_true", help="print each event line too, after `ft-event `")
    parser.add_argument("--secrets", metavar="FILE", help="JSON object, name -> value, mode 0600: environment of the steps; removed at the end")
    parser.add_argument("--python", default=os.environ.get("FT_PYTHON"), help="runs the steps (default: $FT_PYTHON, else --prepare's, else the one that runs this)")
    parser.add_argument("--prepare", action="store_true", help="make the engine's environment (unless --python) and fetch the base, where they are not here")
    parser.add_argument("--gpus", type=int, default=0, help="take so many GPUs of this machine for this run alone; waits for them")
    parser.add_argument("--leases", metavar="DIR", help="where the machine's runs note which GPUs they hold; with --gpus")
    parser.add_argument("--share-gpus", action="store_true", help="with --gpus: take also GPUs that other runs hold, where those share too")
    options = parser.parse_args()
    if (options.gpus > 0) != bool(options.leases):
        parser.error("--gpus and --leases go together")
    if options.share_gpus and not options.gpus:
        parser.error("--share-gpus needs --gpus")
    for name in ("secrets", "leases"):  # run.py goes into the job folder
        if getattr(options, name):
            setattr(options, name, os.path.abspath(getattr(options, name)))
    return options
