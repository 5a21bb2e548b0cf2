"""
`python -m ft_trainer.launch <arguments of accelerate launch>`: several processes train together, and the supervisor sees them as one step.
Accelerate's own launcher would pass on neither events, nor an orderly stop, nor exit codes.
"""

import os
import signal
import sys

from .exit_codes import LOST_ANOTHER, RESUME_ME
from .nodes import launch_arguments


def launch(stop):
    """Runs until every process has ended. Returns 0, or the exit code of the process that failed first; negative: the signal that killed it."""
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    os.environ["FT_LAUNCHER"] = str(os.getpid())
    events = os.environ.pop("FT_EVENTS_FD", None)
    if events is not None:
        os.environ["FT_EVENTS_PATH"] = f"/proc/{os.getpid()}/fd/{events}"  # torch closes what its processes would inherit
    arguments = launch_command_parser().parse_args([*launch_arguments(), *sys.argv[1:]])
    # On SIGTERM torch ends its processes, with 30 seconds to live; ours may need longer to save. So the signal is ours.
    arguments.signals_to_handle = "SIGQUIT"
    try:
        launch_command(arguments)
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in sorted(error.failures.values(), key=lambda failure: failure.timestamp)]
        code = next((code for code in codes if code != LOST_ANOTHER), LOST_ANOTHER)
        return RESUME_ME if stop.asked and code == -signal.SIGTERM else code  # it did not listen yet: there was nothing to save
    return 0


class Stop:
    """SIGTERM and SIGINT are passed on to the processes; each saves what it has and exits 33. `asked`: that has happened."""

    def __init__(self):
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)

    def _pass_on(self, _number, _frame):
        import psutil

        self.asked = True
        processes = psutil.Process().children()
        for process in processes:
            process.send_signal(signal.SIGTERM)
        if not processes:
            os._exit(RESUME_ME)


def end_like(code):
    """Exits with a code, or dies of the same signal: the supervisor knows how to explain that."""
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    end_like(launch(Stop()))
