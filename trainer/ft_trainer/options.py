"""The command line of run.py."""

import argparse
import os
import sys


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
    options = parser.parse_args()
    options.secrets = options.secrets and os.path.abspath(options.secrets)  # run.py goes into the job folder
    return options
