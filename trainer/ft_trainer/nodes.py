"""
Several machines that train one run: FT_NODES of them, this is FT_NODE_RANK (from 0), and they meet at MASTER_ADDR:MASTER_PORT. The first
supervises: it writes events and results, and evaluates. The others join its training, and are done with it.
"""

import os
import signal
import sys

from .exit_codes import FAILURES, RESUME_ME
from .failures import Refusal
from .secret_file import Secrets
from .supervisor import Supervisor

LAUNCH = "ft_trainer.launch"


def is_first():
    return int(os.environ.get("FT_NODES", "1")) == 1 or int(os.environ["FT_NODE_RANK"]) == 0


def launch_arguments():
    """For `accelerate launch`, besides those of the job: which of the machines this is. [] where there is only one."""
    if int(os.environ.get("FT_NODES", "1")) == 1:
        return []
    meeting = ["--main_process_ip", os.environ["MASTER_ADDR"], "--main_process_port", os.environ["MASTER_PORT"]]
    return ["--num_machines", os.environ["FT_NODES"], "--machine_rank", os.environ["FT_NODE_RANK"], *meeting]


class Joiner(Supervisor):
    """What a machine after the first does. The run's files are the first one's: this one writes none."""

    def __init__(self, job, options):
        super().__init__({**job, "limits": None}, _NoJournal(), options)

    def run(self):
        """Returns 0 also when the training was stopped: the first machine says what came of it, and the platform hears the largest code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP):
            signal.signal(number, _leave_to_the_first)
        try:
            self.secrets = Secrets(self.options.secrets)
            code = self.prepare() if self.options.prepare else 0
            for step in self.job["steps"]:
                if code == 0 and step["module"] == LAUNCH:
                    code = self.run_step(step)
        except Refusal as refusal:
            self.journal.append("error", message=str(refusal), hint=refusal.hint)
            code = FAILURES[refusal.failure]
        finally:
            self.secrets.remove(for_good=False)
        return 0 if code == RESUME_ME else code

    def tick(self):
        return 0.5


class _NoJournal:
    """The first machine's is the run's; what goes wrong here is said in the log."""

    def append(self, kind, **fields):
        if kind == "error":
            print(f"machine {os.environ['FT_NODE_RANK']} of the run: {fields['message']}", file=sys.stderr, flush=True)


def _leave_to_the_first(_number, _frame):
    """The processes that train agree on when to stop, over all machines."""
