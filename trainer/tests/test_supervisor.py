"""run.py with steps that are cheap programs: the journal, signals, deaths, full disks."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from job_folder import fake_job, read_events, read_log, run, start, wait_for

from ft_trainer import checkpoints


class SupervisorTest(unittest.TestCase):
    def job(self, what, **options):
        return fake_job(self, what, **options)

    def child_of(self, folder, supervisor):
        """Pid of the child, once it has announced itself."""
        wait_for(lambda: [e for e in read_events(folder, "phase") if e["phase"] == "training"], what="the child")
        with open(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children", encoding="utf-8") as file:
            return int(file.read().split()[0])

    def test_events_are_numbered_and_complete_is_written_after_the_end(self):
        folder = self.job("steps")
        self.assertEqual(run(folder), 0)
        events = read_events(folder)
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        self.assertEqual({(event["v"], event["attempt"]) for event in events}, {(1, 1)})
        self.assertEqual([event["kind"] for event in events][-2:], ["system", "end"])
        self.assertEqual({key: events[-1][key] for key in ("status", "exitCode", "step")}, {"status": "succeeded", "exitCode": 0, "step": 5})
        self.assertIsNone(read_events(folder, "metric")[0]["values"]["grad_norm"])
        self.assertIn("five steps done", read_log(folder))
        self.assertTrue(os.path.exists(os.path.join(folder, "COMPLETE")))
        self.assertFalse(os.path.exists(os.path.join(folder, "events.reserve")))

    def test_a_torn_last_line_is_ended_and_numbering_goes_on(self):
        folder = self.job("steps")
        run(folder)
        before = len(read_events(folder))
        with open(os.path.join(folder, "events.jsonl"), "a", encoding="utf-8") as file:
            file.write('{"v":1,"attempt":1,"se')
        self.assertEqual(run(folder), 0)
        with open(os.path.join(folder, "events.jsonl"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[before], '{"v":1,"attempt":1,"se')
        self.assertEqual(json.loads(lines[before + 1])["seq"], before + 1)
        self.assertEqual(run(folder, "--attempt", "2"), 0)
        with open(os.path.join(folder, "events.jsonl"), encoding="utf-8") as file:
            first = json.loads(file.read().splitlines()[len(lines)])
        self.assertEqual((first["attempt"], first["seq"]), (2, 1))

    def test_sigterm_lets_the_child_save_and_ends_cancelled_with_33(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            folder = self.job("checkpoint")
            supervisor = start(folder)
            self.child_of(folder, supervisor)
            supervisor.send_signal(signal.SIGHUP)
            supervisor.send_signal(number)
            supervisor.communicate(timeout=20)
            self.assertEqual(supervisor.returncode, 33)
            end = read_events(folder, "end")[0]
            self.assertEqual((end["status"], end["exitCode"], end["step"]), ("cancelled", 33, 7))
            self.assertFalse(os.path.exists(os.path.join(folder, "COMPLETE")))

    def test_sigterm_before_there_is_anything_to_save_ends_at_once(self):
        folder = self.job("sleep")
        supervisor = start(folder)
        self.child_of(folder, supervisor)
        began = time.monotonic()
        supervisor.terminate()
        supervisor.communicate(timeout=20)
        self.assertEqual(supervisor.returncode, 33)
        self.assertLess(time.monotonic() - began, 10)

    def test_failures_have_a_class_a_hint_and_an_exit_code(self):
        for what, failure, code in (("memory", "out-of-memory", 40), ("exit", "unknown", 9), ("killed", "killed", 46)):
            folder = self.job(what)
            self.assertEqual(run(folder), code, what)
            errors = read_events(folder, "error")
            self.assertEqual([error["class"] for error in errors], [failure])
            self.assertTrue(errors[0]["hint"])
            self.assertEqual(read_events(folder, "end")[0]["status"], "failed")
        self.assertIn("SIGKILL", errors[0]["message"])
        self.assertIn("out-of-memory killer", errors[0]["hint"])

    def test_kill_9_of_a_step_leaves_its_last_whole_checkpoint(self):
        folder = self.job("checkpoints 1000")
        supervisor = start(folder)
        child = self.child_of(folder, supervisor)
        wait_for(lambda: read_events(folder, "checkpoint"), what="a checkpoint")
        os.kill(child, signal.SIGKILL)
        supervisor.communicate(timeout=30)
        self.assertEqual(supervisor.returncode, 46)
        self.assertIn("SIGKILL", read_events(folder, "error")[0]["message"])
        self.assertIsNotNone(checkpoints.last_complete(os.path.join(folder, "out/checkpoints"), print))

    def test_a_second_supervisor_of_the_same_job_is_refused(self):
        folder = self.job("sleep")
        first = start(folder)
        self.child_of(folder, first)
        before = read_events(folder)
        self.assertEqual(run(folder), 75)
        self.assertEqual(read_events(folder), before)
        first.kill()
        first.communicate()

    @unittest.skipUnless(os.path.exists("/proc/self/task"), "needs /proc")
    def test_kill_9_of_the_supervisor_leaves_no_process_behind(self):
        folder = self.job("grandchild")
        supervisor = start(folder)
        child = self.child_of(folder, supervisor)
        wait_for(lambda: len(group(supervisor.pid)) == 3, what="the grandchild")
        supervisor.kill()
        supervisor.communicate()
        wait_for(lambda: not group(supervisor.pid), seconds=10, what=f"the end of {child} and its child")

    def test_a_helper_that_keeps_the_pipe_open_does_not_keep_the_run_open(self):
        folder = self.job("leave-open")
        began = time.monotonic()
        self.assertEqual(run(folder), 0)
        self.assertLess(time.monotonic() - began, 15)

    def test_heartbeats_measure_the_tree(self):
        folder = self.job("sleep", heartbeat=0.2)
        supervisor = start(folder)
        beat = wait_for(lambda: read_events(folder, "system"), what="a heartbeat")[0]["values"]
        supervisor.terminate()
        supervisor.communicate(timeout=20)
        self.assertGreater(beat["rss_bytes"], 5_000_000)
        self.assertGreater(beat["disk_free_bytes"], 0)
        self.assertGreaterEqual(beat["cpu_percent"], 0)

    def test_a_budget_of_hours_stops_with_a_checkpoint_over_all_attempts_and_kills_what_does_not_end(self):
        limits = {"seconds": 1.0, "secondsFrom": "compute.budget.hours", "bytes": None, "graceSeconds": 10}
        folder = self.job("checkpoint", limits=limits)
        began = time.monotonic()
        self.assertEqual(run(folder), 33)
        self.assertLess(time.monotonic() - began, 10)
        error, end = read_events(folder, "error")[0], read_events(folder, "end")[0]
        self.assertEqual((error["class"], end["status"], end["step"]), ("budget", "cancelled", 7))
        self.assertIn("compute.budget.hours is used up", error["message"])
        self.assertEqual(read_events(folder, "stopping")[0]["reason"], error["message"])
        self.assertEqual(run(folder, "--attempt", "2", "--resume"), 33)
        self.assertFalse([event for event in read_events(folder, "phase") if event["attempt"] == 2 and event["phase"] == "training"])

        stubborn = self.job("stubborn", limits={**limits, "graceSeconds": 1})
        began = time.monotonic()
        self.assertEqual(run(stubborn), 33)
        self.assertLess(time.monotonic() - began, 20)

    def test_a_budget_of_disk_stops_at_a_checkpoint(self):
        limits = {"seconds": None, "secondsFrom": None, "bytes": 5_000_000, "graceSeconds": 10}
        folder = self.job("save", limits=limits)
        self.assertEqual(run(folder), 33)
        self.assertIn("compute.budget.disk_gb is used up", read_events(folder, "error")[0]["message"])
        self.assertLess(read_events(folder, "end")[0]["step"], 100)

    def test_an_evaluation_alone_is_not_held_to_the_budget(self):
        limits = {"seconds": 0.01, "secondsFrom": "compute.budget.hours", "bytes": None, "graceSeconds": 1}
        folder = self.job("steps", limits=limits)
        self.assertEqual(run(folder, "--only", "train"), 0)

    def test_a_full_disk_is_told_in_the_room_kept_for_it(self):
        mount = tempfile.mkdtemp()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "ft", mount], capture_output=True, check=False).returncode != 0:
            self.skipTest("mounting a small tmpfs needs root")
        self.addCleanup(os.rmdir, mount)
        self.addCleanup(subprocess.run, ["umount", mount], check=True)
        folder = self.job("flood", folder=os.path.join(mount, "job"))
        self.assertEqual(run(folder), 41)
        with open(os.path.join(folder, "events.jsonl"), encoding="utf-8") as file:
            *_, error, end = [json.loads(line) for line in file.read().splitlines()[-2:]]
        self.assertEqual((error["kind"], error["class"]), ("error", "disk-full"))
        self.assertRegex(error["message"], f"{socket.gethostname()}: .*{mount}/job has .* MB free")
        self.assertEqual((end["kind"], end["status"], end["exitCode"]), ("end", "failed", 41))
        self.assertIn("No space left", read_log(folder))


def group(pid):
    """Living processes of a process group (zombies do not count)."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [row[0] for row in rows if row[1] == str(pid) and not row[2].startswith("Z")]


if __name__ == "__main__":
    unittest.main()
