"""The ways in which a launched run goes wrong, each provoked: told before the steps start, or named with its next step."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from job_folder import fake_job, make_job, read_events, run, start, wait_for

try:
    import torch
except ImportError:
    torch = None


class ChecksTest(unittest.TestCase):
    def gpu_job(self, what="steps", **options):
        """A job that was made for a GPU."""
        return fake_job(self, what, evaluate={"device": "cuda"}, **options)

    def nvidia_smi(self, script):
        """Environment with a program of that name on PATH; $1 is its query."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        path = os.path.join(scratch.name, "nvidia-smi")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)
        return {"PATH": f"{scratch.name}:{os.environ['PATH']}"}

    def failure(self, folder, code, *options, **settings):
        self.assertEqual(run(folder, *options, **settings), code)
        return read_events(folder, "error")[-1]

    def test_gpus_that_the_container_has_lost_are_told_before_anything_starts(self):
        for script, words in (("echo 'Failed to initialize NVML: Unknown Error'; exit 255", "Failed to initialize NVML"), ("exit 0", "lists none")):
            folder = self.gpu_job()
            error = self.failure(folder, 50, env=self.nvidia_smi(script))
            self.assertEqual(error["class"], "gpu-lost")
            self.assertIn(words, error["message"])
            self.assertIn("systemctl daemon-reload", error["hint"])
            self.assertFalse(read_events(folder, "metric"))

    def test_memory_that_someone_holds_is_told_with_its_size_and_process(self):
        living = subprocess.Popen(["sleep", "60"])
        self.addCleanup(living.wait)
        self.addCleanup(living.kill)
        script = f"""case "$1" in
  *memory.used*) echo "0, GPU-a, 24000"; echo "1, GPU-b, 412"; echo "2, GPU-c, 2048"; echo "3, GPU-d, 9999" ;;
  *compute-apps*) echo "GPU-a, {living.pid}"; echo "GPU-c, 4194300" ;;
  *index*) for i in a b c d; do echo "$i, GPU-$i"; done ;;
esac"""
        folder = self.gpu_job()
        self.assertEqual(run(folder, env={**self.nvidia_smi(script), "CUDA_VISIBLE_DEVICES": "0,1,2"}), 0)
        first, second = (event["message"] for event in read_events(folder, "warning"))
        self.assertIn(f"GPU 0 has 23.4 GiB in use before the run begins, held by process {living.pid} (sleep)", first)
        self.assertIn("GPU 2 has 2.0 GiB in use before the run begins, held by process 4194300, which is dead", second)

    def test_a_driver_that_is_too_old_is_told_with_both_versions(self):
        text = "The NVIDIA driver on your system is too old (found version 12020). Please update your GPU driver"
        error = self.failure(fake_job(self, f"raise {text}"), 47)
        self.assertEqual(error["class"], "dependency")
        self.assertIn("the driver here is for CUDA 12.2, this torch is built for", error["hint"])
        if torch:
            self.assertIn(f"CUDA {torch.version.cuda}", error["hint"])

    @unittest.skipUnless(torch and not torch.cuda.is_available(), "needs the engine's environment on a machine without a GPU")
    def test_a_training_for_a_gpu_that_torch_does_not_see_does_not_go_on_on_the_cpu(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        folder = make_job(os.path.join(scratch.name, "job"), "/nowhere", evaluate={"device": "cuda"})
        error = self.failure(folder, 50, env={"FT_RETRY_SECONDS": "0"})
        self.assertEqual(error["class"], "gpu-lost")
        self.assertIn("Found no NVIDIA driver", error["message"])
        self.assertEqual([event["phase"] for event in read_events(folder, "phase")].count("loading"), 2)

    @unittest.skipUnless(torch, "needs the engine's environment")
    def test_an_interface_that_is_not_there_is_named_with_the_setting(self):
        error = self.failure(fake_job(self, "gloo"), 43, env={"GLOO_SOCKET_IFNAME": "nosuch0", "FT_RETRY_SECONDS": "0"})
        self.assertIn("nosuch0", error["message"])
        self.assertIn("NCCL_SOCKET_IFNAME", error["hint"])

    def test_processes_that_only_lost_each_other_are_told_to_look_at_the_network(self):
        error = self.failure(fake_job(self, "exit-with 48"), 43, env={"FT_RETRY_SECONDS": "0"})
        self.assertEqual(error["class"], "network")
        self.assertIn("NCCL_DEBUG=INFO", error["hint"])

    def test_a_small_shared_memory_is_told_with_the_flag_where_it_is_needed(self):
        small = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=64m shm /dev/shm && exec "$@"', "sh"]
        if subprocess.run([*small, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("a small /dev/shm needs root")
        alone = fake_job(self, "steps")
        several = fake_job(self, "steps")
        with open(os.path.join(several, "config/axolotl.yaml"), "w", encoding="utf-8") as file:
            file.write("dataloader_num_workers: 2\n")
        for folder in (alone, several):
            subprocess.run([*small, sys.executable, os.path.join(folder, "trainer/run.py")], check=True)
        self.assertFalse(read_events(alone, "warning"))
        warning = read_events(several, "warning")[0]["message"]
        self.assertIn("/dev/shm has 67 MB free", warning)
        self.assertIn("--shm-size", warning)

    @unittest.skipUnless(hasattr(os, "getuid") and os.getuid() == 0, "becomes another user: needs root")
    def test_a_folder_of_another_owner_is_named_before_the_steps_start(self):
        scratch = tempfile.mkdtemp(dir="/tmp")  # which anybody may enter, whatever TMPDIR says
        self.addCleanup(shutil.rmtree, scratch)
        folder = fake_job(self, "steps", folder=os.path.join(scratch, "job"))
        for base, _, names in os.walk(scratch):  # whatever umask it was made under, and the checkout before it
            os.chmod(base, 0o755)
            for name in names:
                if not os.path.islink(os.path.join(base, name)):
                    os.chmod(os.path.join(base, name), 0o644)
        python = shutil.which("python3", path="/usr/bin:/bin")  # the engine's may lie where only root may look

        def run_as_nobody():
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, os.path.join(folder, "trainer/run.py")]
            return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})

        result = run_as_nobody()
        self.assertEqual(result.returncode, 51, result.stderr)
        self.assertIn("can't write to its folder as user 65534", result.stderr)
        os.chown(folder, 65534, 65534)
        result = run_as_nobody()
        self.assertEqual(result.returncode, 51, result.stderr)
        error = read_events(folder, "error")[0]
        self.assertEqual(error["class"], "permission")
        self.assertIn(f"{folder}/out belongs to user 0, and the run is user 65534", error["message"])
        self.assertFalse(read_events(folder, "metric"))


class RetryTest(unittest.TestCase):
    def starts(self, folder):
        with open(os.path.join(folder, "starts"), encoding="utf-8") as file:
            return file.read().split()

    def test_what_passes_is_started_once_more_from_the_last_checkpoint(self):
        folder = fake_job(self, "flaky 1")
        self.assertEqual(run(folder, env={"FT_RETRY_SECONDS": "0.3"}), 0)
        self.assertEqual(self.starts(folder), ["0", "1"])
        self.assertFalse(read_events(folder, "error"))
        self.assertIn("network: ConnectionError: Connection to the Hub was lost; the step is started once more", read_events(folder, "warning")[0]["message"])

    def test_and_never_twice(self):
        folder = fake_job(self, "flaky 2")
        self.assertEqual(run(folder, env={"FT_RETRY_SECONDS": "0"}), 43)
        self.assertEqual(self.starts(folder), ["0", "1"])
        self.assertEqual([error["class"] for error in read_events(folder, "error")], ["network"])

    def test_out_of_memory_and_other_failures_are_not_tried_again(self):
        for what, code in (("memory", 40), ("exit", 9), ("killed", 46)):
            folder = fake_job(self, what)
            self.assertEqual(run(folder, env={"FT_RETRY_SECONDS": "0"}), code)
            self.assertEqual([event["phase"] for event in read_events(folder, "phase")].count("training"), 1)
            self.assertFalse(read_events(folder, "warning"))

    def test_the_wait_beats_and_ends_at_once_when_asked(self):
        folder = fake_job(self, "flaky 9", heartbeat=0.2)
        supervisor = start(folder)
        wait_for(lambda: read_events(folder, "warning"), what="the wait")
        before = len(read_events(folder, "system"))
        wait_for(lambda: len(read_events(folder, "system")) > before + 1, what="heartbeats")
        supervisor.send_signal(signal.SIGTERM)
        supervisor.communicate(timeout=30)
        self.assertEqual(supervisor.returncode, 33)
        self.assertEqual(self.starts(folder), ["0"])


if __name__ == "__main__":
    unittest.main()
