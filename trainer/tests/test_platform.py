"""run.py under a platform that starts the job again by itself: preemption, cancelling for good, numbered attempts; events in the log."""

import json
import os
import signal
import subprocess
import unittest

from job_folder import fake_job, read_events, run, start, wait_for

PLATFORM = "--platform-restarts"


def preempt(folder, number=signal.SIGTERM, meanwhile=lambda: None, options=(PLATFORM,)):
    """Starts the job, signals it as soon as it trains, returns its exit code."""
    before = len(read_events(folder, "end"))
    supervisor = start(folder, *options)
    training = lambda: [e for e in read_events(folder, "phase") if e["phase"] == "training"]  # noqa: E731
    wait_for(lambda: len(training()) > before, what="the training")
    meanwhile()
    supervisor.send_signal(number)
    supervisor.communicate(timeout=60)
    return supervisor.returncode


def mark_cancelled(folder):
    with open(os.path.join(folder, "cancel"), "w", encoding="utf-8"):
        pass


class PlatformTest(unittest.TestCase):
    def test_a_preempted_run_saves_and_each_start_is_the_next_attempt(self):
        folder = fake_job(self, "checkpoint")
        self.assertEqual(preempt(folder, signal.SIGTERM), 33)
        self.assertEqual(preempt(folder, signal.SIGUSR1), 33)
        ends = read_events(folder, "end")
        self.assertEqual([(end["attempt"], end["status"], end["exitCode"], end["step"]) for end in ends], [(1, "preempted", 33, 7), (2, "preempted", 33, 7)])
        os.unlink(os.path.join(folder, "supervisor.json"))  # the events alone tell the attempt as well
        self.assertEqual(preempt(folder), 33)
        self.assertEqual(read_events(folder, "end")[-1]["attempt"], 3)
        self.assertEqual([event["seq"] for event in read_events(folder) if event["attempt"] == 3][0], 1)

    def test_a_signal_to_the_whole_group_as_srun_sends_it_is_a_preemption_too(self):
        folder = fake_job(self, "checkpoint")
        supervisor = start(folder, PLATFORM)
        wait_for(lambda: len(read_events(folder, "phase")) == 2, what="the training")
        os.killpg(supervisor.pid, signal.SIGUSR1)
        supervisor.communicate(timeout=20)
        self.assertEqual((supervisor.returncode, read_events(folder, "end")[0]["status"]), (33, "preempted"))

    def test_only_a_later_attempt_resumes_and_one_that_killed_it_counts_too(self):
        folder = fake_job(self, "resume")
        self.assertEqual(run(folder, PLATFORM, "--attempt", "4"), 0)
        self.assertEqual(run(folder, PLATFORM), 0)  # done: nothing happens
        os.unlink(os.path.join(folder, "COMPLETE"))
        self.assertEqual(run(folder, PLATFORM), 0)
        self.assertEqual([(event["attempt"], event["message"]) for event in read_events(folder, "warning")], [(4, "FT_RESUME=1"), (5, "FT_RESUME=1")])
        fresh = fake_job(self, "resume")
        run(fresh, PLATFORM)
        self.assertEqual(read_events(fresh, "warning")[0]["message"], "FT_RESUME=0")

    def test_a_cancelled_run_ends_with_a_code_that_no_platform_restarts(self):
        folder = fake_job(self, "checkpoint")
        self.assertEqual(preempt(folder, meanwhile=lambda: mark_cancelled(folder)), 34)
        self.assertEqual(read_events(folder, "end")[0]["status"], "cancelled")
        self.assertEqual(run(folder, PLATFORM), 34)  # a platform that starts it all the same
        second = [event for event in read_events(folder) if event["attempt"] == 2]
        self.assertEqual([event["kind"] for event in second], ["phase", "end"])
        self.assertEqual(second[-1]["status"], "cancelled")

    def test_ctrl_c_and_a_used_up_budget_are_no_preemption(self):
        self.assertEqual(preempt(fake_job(self, "checkpoint"), signal.SIGINT), 34)
        limits = {"seconds": 1.0, "secondsFrom": "compute.budget.hours", "bytes": None, "graceSeconds": 10}
        folder = fake_job(self, "checkpoint", limits=limits)
        self.assertEqual(run(folder, PLATFORM), 34)
        self.assertEqual(read_events(folder, "end")[0]["status"], "cancelled")

    def test_without_a_platform_a_cancel_file_changes_nothing(self):
        folder = fake_job(self, "checkpoint")
        mark_cancelled(folder)
        self.assertEqual(preempt(folder, options=()), 33)
        self.assertEqual(read_events(folder, "end")[0]["status"], "cancelled")

    def test_a_start_beside_a_living_one_on_another_machine_leaves_that_one_alone(self):
        folder = fake_job(self, "steps", heartbeat=0.4)
        with open(os.path.join(folder, "supervisor.json"), "w", encoding="utf-8") as file:
            json.dump({"pid": os.getpid(), "startTime": "0", "attempt": 1, "startedAt": 0, "host": "another-machine"}, file)
        beat = """while true; do echo '{"v":1,"attempt":1,"seq":1,"t":1,"kind":"system","values":{}}' >> events.jsonl; sleep 0.4; done"""
        other = subprocess.Popen(["sh", "-c", beat], cwd=folder)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        wait_for(lambda: read_events(folder), what="the other's heartbeat")
        self.assertEqual(run(folder, PLATFORM), 75)
        other.kill()
        other.wait()
        self.assertEqual(run(folder, PLATFORM), 0)  # silent: its machine is gone
        self.assertEqual(read_events(folder, "end")[0]["attempt"], 2)

    def test_echoed_events_are_the_lines_of_the_file(self):
        folder = fake_job(self, "steps")
        supervisor = start(folder, "--echo-events", stdout=subprocess.PIPE)
        out, _ = supervisor.communicate()
        lines = out.decode().splitlines()
        self.assertTrue(all(line.startswith("ft-event ") for line in lines))
        self.assertEqual([json.loads(line[len("ft-event ") :]) for line in lines], read_events(folder))

    def test_a_log_that_nobody_reads_any_more_does_not_end_the_run(self):
        folder = fake_job(self, "steps")
        supervisor = start(folder, "--echo-events", stdout=subprocess.PIPE)
        supervisor.stdout.close()
        self.assertEqual(supervisor.wait(), 0)
        supervisor.stderr.close()


if __name__ == "__main__":
    unittest.main()
