"""Supervises one attempt of a job: runs its steps as children and writes events.jsonl. Standard library only, so that it starts at once.

    python trainer/run.py [--attempt N] [--resume] [--only evaluate] [--platform-restarts] [--echo-events]

Exits 0 (all steps done), 33 (interrupted, resumable), 34 (cancelled where a platform would restart it), 75 (already running) or with the code
of a failure class (ft_trainer/exit_codes.py). `run.py --help` tells the options. Runs on Python 3.9, whatever the engine wants.
"""

import json
import os
import sys

if sys.version_info < (3, 9):
    sys.exit("run.py needs Python 3.9 or newer, and this is %d.%d" % sys.version_info[:2])

from ft_trainer.exit_codes import ALREADY_RUNNING, FAILURES
from ft_trainer.journal import Journal, Locked
from ft_trainer.nodes import Joiner, is_first
from ft_trainer.options import parse_options
from ft_trainer.starts import next_attempt, refuse_second, refuse_second_elsewhere
from ft_trainer.supervisor import Supervisor


def main():
    options = parse_options()
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    if not is_first():
        options.resume = options.resume or options.platform_restarts  # the step itself looks whether there is a checkpoint
        return Joiner(job, options).run()
    try:
        refuse_second()
        if options.platform_restarts:
            if os.path.exists("COMPLETE") and not options.only:
                return 0  # a platform that lost count starts what is done once more
            refuse_second_elsewhere(job["heartbeatSeconds"])
            options.attempt = next_attempt(options.attempt)
            options.resume = options.resume or options.attempt > 1
        journal = Journal("events.jsonl", options.attempt, echo=options.echo_events)
    except PermissionError as error:
        print(f"run {job['id']} can't write to its folder as user {os.getuid()}: {error}", file=sys.stderr)
        return FAILURES["permission"]
    except Locked:
        print(f"run {job['id']} is already running here (see supervisor.json)", file=sys.stderr)
        return ALREADY_RUNNING
    return Supervisor(job, journal, options).run()


if __name__ == "__main__":
    sys.exit(main())
