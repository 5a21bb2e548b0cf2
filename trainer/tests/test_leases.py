"""run.py --gpus: never two runs on one GPU, whoever dies; waiting in the order of arrival."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from job_folder import fake_job, read_events, run, start, wait_for


class LeasesTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.leases, self.log = os.path.join(scratch.name, "shared/leases"), os.path.join(scratch.name, "log")

    def end_with_test(self, process):
        """Before the folders go in which it writes: those were made earlier, and so are cleaned up later."""
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def job(self, name, seconds):
        return fake_job(self, f"hold {self.log} {seconds} {name}", heartbeat=0.2)

    def start(self, folder, gpus=1, have=3, share=False, **env):
        options = ("--gpus", str(gpus), "--leases", self.leases, *(["--share-gpus"] if share else []))
        made_up = {} if have is None else {"FT_FAKE_GPUS": str(have)}
        return self.end_with_test(start(folder, *options, env={**made_up, **env}, stdout=subprocess.DEVNULL))

    def lines(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as file:
            return [line.split() for line in file]

    def waits(self, folder):
        return wait_for(lambda: [event["detail"] for event in read_events(folder, "phase") if "waiting" in event.get("detail", "")], what="the wait")

    def test_six_runs_on_three_gpus_never_share_one_though_one_of_them_is_killed(self):
        folders = [self.job(f"run-{number}", 0.5) for number in range(6)]
        doomed, ended = self.start(self.job("victim", 600), gpus=2), self.start(self.job("ended", 600))
        wait_for(lambda: len(self.lines()) == 2, what="every GPU to be held")  # so that each of the six finds none free, in whatever order they arrive
        processes = [self.start(folder, gpus=1 + number % 2) for number, folder in enumerate(folders)]
        for folder in folders:
            self.waits(folder)
        doomed.send_signal(signal.SIGKILL)
        ended.terminate()
        self.assertEqual([process.wait(timeout=120) for process in processes], [0] * 6)
        holders = {}
        for word, gpus, name in self.lines():
            for gpu in gpus.split(","):
                if word == "takes":
                    self.assertIn(holders.get(gpu), (None, "victim", "ended"), f"{name} takes {gpu}")
                    holders[gpu] = name
                else:
                    self.assertEqual(holders.pop(gpu), name)
        taken = sum(len(gpus.split(",")) for word, gpus, _ in self.lines() if word == "takes")
        self.assertEqual(taken, 3 + 9)

    def test_whoever_comes_first_goes_first_and_the_wait_says_for_whom(self):
        folders = [self.job(f"run-{number}", 0 if number else 600) for number in range(4)]
        first = self.start(folders[0], have=1)
        wait_for(self.lines, what="the first")
        others = []
        for folder in folders[1:]:
            others.append(self.start(folder, have=1))
            self.waits(folder)
        self.assertEqual(self.waits(folders[1])[0], "waiting for 1 GPU: 0 is held by run test-run")
        self.assertIn("before it: test-run", self.waits(folders[2])[0])
        wait_for(lambda: read_events(folders[3], "system"), what="a heartbeat while waiting")
        others[0].kill()  # a dead one gives its place up
        first.terminate()
        self.assertEqual([process.wait(timeout=60) for process in (first, *others[1:])], [33, 0, 0])
        self.assertEqual([name for word, _, name in self.lines() if word == "takes"], ["run-0", "run-2", "run-3"])
        self.assertEqual([name for name in os.listdir(self.leases) if name.startswith("ticket")], [])

    def test_one_that_waits_ends_at_once_when_asked(self):
        holder, waiter = self.job("holder", 60), self.job("waiter", 0)
        self.start(holder, have=1)
        wait_for(self.lines, what="the holder")
        waiting = self.start(waiter, have=1)
        self.waits(waiter)
        began = time.monotonic()
        waiting.terminate()
        self.assertEqual(waiting.wait(timeout=30), 33)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(read_events(waiter, "end")[0]["status"], "cancelled")
        self.assertEqual([name for name in os.listdir(self.leases) if name.startswith("ticket")], [])

    def test_a_process_that_keeps_the_turn_is_named_and_whoever_waits_for_it_goes_on_when_it_ends(self):
        os.makedirs(self.leases)
        program = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); f.write(sys.argv[2]); f.flush(); time.sleep(600)"
        path = os.path.join(self.leases, "queue.lock")
        stuck = self.end_with_test(subprocess.Popen([sys.executable, "-c", program, path, '{"run": "stuck-run", "pid": 77}']))
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path), what="the lock")
        folder = self.job("waiter", 0)
        waiting = self.start(folder)
        self.assertIn("process 77 of run stuck-run keeps", self.waits(folder)[0])
        wait_for(lambda: read_events(folder, "system"), what="a heartbeat while waiting")
        stuck.kill()
        self.assertEqual(waiting.wait(timeout=60), 0)

    def test_only_visible_gpus_are_taken_and_who_wants_others_does_not_wait(self):
        holder, waiter, other = self.job("holder", 60), self.job("waiter", 0), self.job("other", 0)
        self.start(holder, CUDA_VISIBLE_DEVICES="1")
        wait_for(self.lines, what="the holder")
        self.start(waiter, CUDA_VISIBLE_DEVICES="1")
        self.waits(waiter)
        self.assertEqual(self.start(other, CUDA_VISIBLE_DEVICES="2,0").wait(timeout=60), 0)
        self.assertEqual(self.lines()[:2], [["takes", "1", "holder"], ["takes", "2", "other"]])

    def test_runs_that_all_ask_to_share_hold_one_together_and_no_other_joins_them(self):
        one, other, alone = self.job("one", 60), self.job("other", 60), self.job("alone", 0)
        first = self.start(one, have=2, share=True)
        wait_for(self.lines, what="the first")
        self.start(other, have=2, share=True)  # takes the free one, while there is one
        wait_for(lambda: len(self.lines()) == 2, what="the second")
        third = self.job("third", 60)
        self.start(third, have=2, share=True)
        wait_for(lambda: len(self.lines()) == 3, what="the third")
        self.assertEqual([gpus for _, gpus, _ in self.lines()], ["0", "1", "0"])
        first.kill()
        first.wait()
        self.start(alone, have=1)
        self.assertEqual(self.waits(alone), ["waiting for 1 GPU: 0 is held by run test-run"])  # the third

    def test_amd_gpus_are_leased_by_the_number_that_hip_gives_them(self):
        tools = self.tools(amd='{"card0": {"Card Series": "MI300X"}, "card1": {"Card Series": "MI300X"}, "system": {}}')
        env = {"PATH": tools, "HIP_VISIBLE_DEVICES": "1"}
        self.start(self.job("one", 60), have=None, **env)
        wait_for(self.lines, what="the first")
        second = self.job("two", 0)
        self.start(second, have=None, **env)
        self.assertEqual(self.waits(second)[0], "waiting for 1 GPU: 1 is held by run test-run")
        self.assertEqual(self.lines(), [["takes", "1", "one"]])

    def tools(self, amd):
        """A PATH with a rocm-smi that says `amd`, and without nvidia-smi."""
        folder = tempfile.mkdtemp(dir=os.path.dirname(self.log))
        with open(os.path.join(folder, "rocm-smi"), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho '{amd}'\n")
        os.chmod(file.name, 0o755)
        return f"{folder}:/usr/bin:/bin"

    def test_more_than_the_machine_has_is_refused(self):
        folder = self.job("greedy", 0)
        code = run(folder, "--gpus", "4", "--leases", self.leases, env={"FT_FAKE_GPUS": "3"})
        self.assertEqual(code, 50)
        self.assertIn("4 GPUs asked for, and 3 can be taken", read_events(folder, "error")[0]["message"])

    def test_a_folder_that_cannot_be_written_is_named(self):
        folder = self.job("none", 0)
        code = run(folder, "--gpus", "1", "--leases", "/proc/leases", env={"FT_FAKE_GPUS": "3"})
        self.assertEqual(code, 51)
        self.assertIn("/proc/leases", read_events(folder, "error")[0]["message"])


if __name__ == "__main__":
    unittest.main()
