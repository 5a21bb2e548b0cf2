"""What trainings end with: a result, a probe's measure, or a failure with its name. In this one process, whose imports cost more than they do."""

import json
import math
import os
import subprocess
import tempfile
import unittest
from unittest import mock

os.environ["HF_HUB_OFFLINE"] = "1"

from job_folder import LORA, QLORA, end_step, make_job, run_step
from tiny_model_case import TinyModelCase

from ft_trainer import evaluate, peaks, probe, trl_train
from ft_trainer.exit_codes import FAILURES


class OutcomesTest(TinyModelCase):
    def train(self, name, trl, folder=None, **options):
        """A job's training, in its folder, made the working directory: (exit code, the events it sent)."""
        folder = folder or os.path.join(self.scratch, name)
        make_job(folder, self.model, trl, **options)
        os.chdir(folder)
        return end_step(trl_train.train, "config/trl.yaml")

    def assert_failed(self, told, code, failure):
        self.assertEqual(code, FAILURES[failure], told)
        self.assertEqual([event["class"] for event in told if event["kind"] == "error"], [failure])
        self.assertFalse(os.path.exists("out/adapter"))

    def test_full_training_leaves_a_whole_model(self):
        code, told = self.train("full", {"max_steps": 6, "eval_strategy": "steps", "eval_steps": 3}, evaluate={"method": "full"})
        self.assertEqual(code, 0, told)
        self.assertTrue({"model.safetensors", "config.json", "tokenizer.json"} <= set(os.listdir("out/adapter")))
        held_out = values_of(told, "eval_loss")
        self.assertEqual(len(held_out), 2)
        self.assertLess(held_out[1], held_out[0])
        self.assertEqual(evaluated(), 14)

    def test_qlora_trains_and_evaluates_on_a_cpu(self):
        code, told = self.train("qlora", {**QLORA, "max_steps": 6}, evaluate={"method": "qlora"})
        self.assertEqual(code, 0, told)
        losses = values_of(told, "loss")
        self.assertLess(losses[5], losses[0])
        self.assertEqual(evaluated(), 14)

    def test_a_probe_takes_two_steps_of_the_longest_rows_and_saves_nothing(self):
        whole = []
        with mock.patch.object(probe, "ROWS", 8), mock.patch.object(probe, "keep_longest", wraps=probe.keep_longest) as keep:
            keep.side_effect = lambda trainer: whole.append(max(peaks.row_lengths(trainer.train_dataset))) or mock.DEFAULT
            code, told = self.train("probe", {**LORA, "gradient_accumulation_steps": 2, "save_steps": 1})
        self.assertEqual(code, 0, told)
        self.assertEqual(max(event["step"] for event in told if event["kind"] == "metric"), 2)
        self.assertEqual(values_of(told, "longest_row_tokens"), whole)
        self.assertEqual([len(event["inputIds"]) for event in told if event["kind"] == "sample"][0], whole[0])
        self.assertEqual([os.listdir(os.path.join("out", name)) for name in os.listdir("out")], [[]])

    def test_a_loss_that_is_not_finite_stops_the_run(self):
        code, told = self.train("nan", {"learning_rate": 1e30, "max_grad_norm": 0, "lr_scheduler_type": "constant"})
        self.assert_failed(told, code, "nan-loss")
        losses = [event["values"]["loss"] for event in told if "loss" in event.get("values", {})]
        self.assertIsNone(losses[-1])

    def test_an_adapter_that_changes_nothing_fails_the_run(self):
        code, told = self.train("idle", {**LORA, "max_steps": 1, "warmup_steps": 1})
        self.assert_failed(told, code, "nothing-learnt")

    def test_a_key_that_the_engine_does_not_know_is_named(self):
        code, told = self.train("unknown-key", {"lora_rnak": 8, "max_stepz": 3})
        self.assertEqual(code, 1)
        self.assertIn("lora_rnak, max_stepz", told[-1]["message"])

    def test_a_disk_that_fills_up_is_a_failure_with_a_reason(self):
        """A disk that has room for the run but not for its first checkpoint."""
        disk = tempfile.mkdtemp()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "ft", disk], capture_output=True, check=False).returncode != 0:
            self.skipTest("mounting a small tmpfs needs root")
        self.addCleanup(os.rmdir, disk)
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        self.addCleanup(os.chdir, self.scratch)
        code, told = self.train("full-disk", {}, folder=os.path.join(disk, "job"))
        self.assert_failed(told, code, "disk-full")


def values_of(told, name):
    """The numbers of that name, in their order."""
    values = [event["values"].get(name) for event in told if "values" in event]
    return [value for value in values if value is not None and math.isfinite(value)]


def evaluated():
    """Evaluates the training of the working directory; how many results there are."""
    run_step(evaluate.evaluate, "config/evaluate.json")
    with open("out/eval/items.jsonl", encoding="utf-8") as file:
        return len([json.loads(line) for line in file])


if __name__ == "__main__":
    unittest.main()
