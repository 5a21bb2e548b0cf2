"""
`python -m ft_trainer.launch <arguments of accelerate launch>`: several processes train together, and the supervisor sees them as one step.
Accelerate's own launcher would pass on neither events, nor an orderly stop, nor exit codes.
"""

import os
import signal
import sys

from .exit_codes import FAILURES, RESUME_ME


def launch():
    """Runs until every process has ended. Returns 0, or the exit code of the process that failed first."""
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    os.environ["FT_LAUNCHER"] = str(os.getpid())
    events = os.environ.pop("FT_EVENTS_FD", None)
    if events is not None:
        os.environ["FT_EVENTS_PATH"] = f"/proc/{os.getpid()}/fd/{events}"  # torch closes what its processes would inherit
    arguments = launch_command_parser().parse_args(sys.argv[1:])
    # On SIGTERM torch ends its processes, with 30 seconds to live; ours may need longer to save. So the signal is ours.
    arguments.signals_to_handle = "SIGQUIT"
    try:
        launch_command(arguments)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        return exit_code(failure.exitcode)
    return 0


class Stop:
    """SIGTERM and SIGINT are passed on to the processes; each saves what it has and exits 33. `asked`: that has happened."""

    asked = False

    def __init__(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)

    def _pass_on(self, _number, _frame):
        import psutil

        Stop.asked = True
        processes = psutil.Process().children()
        for process in processes:
            process.send_signal(signal.SIGTERM)
        if not processes:
            os._exit(RESUME_ME)


def exit_code(code):
    """Of a process that was killed (negative: the signal): as run.py has it, or 33 when we asked it to stop before it listened."""
    if code == -signal.SIGTERM and Stop.asked:
        return RESUME_ME
    return code if code >= 0 else FAILURES["killed"]


if __name__ == "__main__":
    Stop()
    sys.exit(launch())
