"""Real trainings on a tiny model through the whole trainer side. Imports cost most, so there are three jobs, two at a time, that the tests share."""

import json
import math
import os
import shutil
import unittest
from concurrent.futures import ThreadPoolExecutor

from job_folder import LORA, make_job, read_events, read_log, run, run_step, start, wait_for
from tiny_model_case import TinyModelCase

from ft_trainer import checkpoints, evaluate

BOTH = ("train", "evaluate")


class TrainingTest(TinyModelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pool = ThreadPoolExecutor(2)
        cls.addClassCleanup(pool.shutdown)
        cls.jobs = {
            name: pool.submit(work)
            for name, work in {
                "straight": lambda: cls.finished("straight", steps=BOTH),
                "interrupted": cls.interrupt_and_resume,
                "on-two": cls.interrupt_two_and_resume,
            }.items()
        }

    @classmethod
    def finished(cls, name, **options):
        """A job run to its end: (folder, exit code)."""
        folder = make_job(os.path.join(cls.scratch, name), cls.model, **options)
        return folder, run(folder)

    @classmethod
    def interrupt_and_resume(cls):
        """SIGTERM when training begins (20 tiny steps take half a second); a newer checkpoint that was never finished, and one that has rotted; then resume."""
        folder = make_job(os.path.join(cls.scratch, "interrupted"), cls.model)
        supervisor = start(folder)
        wait_for(lambda: [event for event in read_events(folder, "phase") if event["phase"] == "training"], what="training")
        supervisor.terminate()
        supervisor.communicate(timeout=90)
        stopped_at = read_events(folder, "end")[0]["step"]
        saved = os.path.join(folder, f"out/checkpoints/checkpoint-{stopped_at}")
        shutil.copytree(saved, os.path.join(folder, "out/checkpoints/checkpoint-90"))
        os.unlink(os.path.join(folder, "out/checkpoints/checkpoint-90", checkpoints.MANIFEST))
        shutil.copytree(saved, os.path.join(folder, "out/checkpoints/checkpoint-91"))
        with open(os.path.join(folder, "out/checkpoints/checkpoint-91/optimizer.pt"), "r+b") as file:
            file.write(b"rotten")
        return folder, supervisor.returncode, stopped_at, run(folder, "--attempt", "2", "--resume")

    @classmethod
    def interrupt_two_and_resume(cls):
        """DPO in two processes: SIGTERM when training begins, resume."""
        trl = {**LORA, "per_device_train_batch_size": 2, "save_steps": 10}
        folder = make_job(os.path.join(cls.scratch, "on-two"), cls.model, trl, {"objective": "dpo"}, steps=("train-on-two",))
        supervisor = start(folder)
        wait_for(lambda: [event for event in read_events(folder, "phase") if event["phase"] == "training"], what="training")
        supervisor.terminate()
        supervisor.communicate(timeout=90)
        return folder, supervisor.returncode, run(folder, "--attempt", "2", "--resume")

    def test_lora_trains_evaluates_and_leaves_a_sealed_adapter(self):
        folder, code = self.jobs["straight"].result()
        self.assertEqual(code, 0, read_log(folder)[-3000:])
        phases = [event["phase"] for event in read_events(folder, "phase") if event["attempt"] == 1]
        self.assertEqual(phases, ["preparing", "loading", "tokenizing", "training", "saving", "loading", "evaluating", "evaluating"])
        losses = losses_of(folder)
        self.assertEqual(list(losses), list(range(1, 21)))
        self.assertLess(losses[20], losses[1])
        metric = read_events(folder, "metric")[3]
        self.assertEqual(metric["totalSteps"], 20)
        self.assertGreater(metric["values"]["tokens_per_second"], 0)
        self.assertEqual([event["step"] for event in read_events(folder, "checkpoint")], [5, 10, 15, 20])
        adapter = os.path.join(folder, "out/adapter")
        self.assertIsNone(checkpoints.flaw(adapter))
        self.assertTrue({"tokenizer.json", "chat_template.jinja", "adapter_model.safetensors"} <= set(os.listdir(adapter)))
        with open(os.path.join(adapter, "adapter_config.json"), encoding="utf-8") as file:
            config = json.load(file)
        self.assertEqual((config["base_model_name_or_path"], config["revision"]), ("org/tiny", "abc123"))
        self.assertEqual(read_events(folder, "warning"), [])

    def test_samples_show_what_the_engine_trains_on(self):
        folder, _ = self.jobs["straight"].result()
        with open(os.path.join(folder, "data/train.jsonl"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file][:2]
        samples = read_events(folder, "sample")
        self.assertEqual([sample["row"] for sample in samples], [0, 1])
        for sample, row in zip(samples, rows):
            self.assertEqual(sample["trainedText"], row["completion"][0]["content"] + "<|im_end|>\n")
            self.assertIn(row["prompt"][0]["content"], sample["text"])
            self.assertEqual([label for label in sample["labels"] if label != -100], sample["inputIds"][-sum(label != -100 for label in sample["labels"]) :])

    def test_the_evaluation_has_every_item_in_order_and_the_adapter_is_better(self):
        folder, _ = self.jobs["straight"].result()
        rows = results_of(folder)
        self.assertEqual([(row["variant"], row["item"]) for row in rows], [(variant, item) for variant in ("base", "adapter") for item in range(7)])
        base, adapter = (sum(row["nll"] for row in rows if row["variant"] == variant) for variant in ("base", "adapter"))
        self.assertLess(adapter, base)
        self.assertEqual([row["output"] is None for row in rows[:7]], [False] * 6 + [True])
        self.assertTrue(all(0 < row["outputTokens"] <= 8 for row in rows if row["output"] is not None))
        progress = read_events(folder, "progress")[-1]
        self.assertEqual((progress["done"], progress["total"], progress["unit"]), (14, 14, "rows"))

    def test_the_loss_is_that_of_each_row_alone(self):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder, _ = self.jobs["straight"].result()
        model = AutoModelForCausalLM.from_pretrained(self.model).eval()
        tokenizer = AutoTokenizer.from_pretrained(self.model)
        with open(os.path.join(folder, "eval/items.jsonl"), encoding="utf-8") as file:
            items = [json.loads(line) for line in file][:6]
        for item, row in zip(items, results_of(folder)):
            prompt = tokenizer.apply_chat_template(item["messages"], add_generation_prompt=True)["input_ids"]
            answer = tokenizer(item["reference"] + "<|im_end|>\n")["input_ids"]
            labels = torch.tensor([[-100] * len(prompt) + answer])
            with torch.no_grad():
                mean = model(input_ids=torch.tensor([prompt + answer]), labels=labels).loss.item()
            self.assertEqual(row["tokens"], len(answer))
            self.assertAlmostEqual(row["nll"] / row["tokens"], mean, places=4)

    def test_the_end_of_a_training_tells_its_peak_of_memory_and_its_longest_row(self):
        folder, _ = self.jobs["straight"].result()
        peak = next(event["values"] for event in read_events(folder, "system") if "training_peak_rss_bytes" in event["values"])
        self.assertGreater(peak["training_peak_rss_bytes"], 200_000_000)
        self.assertGreater(peak["longest_row_tokens"], max(len(sample["inputIds"]) for sample in read_events(folder, "sample")) - 1)
        self.assertEqual(peak["epochs"], 1.25)

    def test_a_finished_training_is_not_repeated_by_resume(self):
        folder, _ = self.jobs["straight"].result()
        before = os.stat(os.path.join(folder, "out/adapter/adapter_model.safetensors")).st_mtime_ns
        self.assertEqual(run(folder, "--attempt", "3", "--resume", "--only", "train"), 0)
        self.assertEqual(os.stat(os.path.join(folder, "out/adapter/adapter_model.safetensors")).st_mtime_ns, before)

    def test_an_evaluation_goes_on_where_it_was_cut_with_the_same_numbers(self):
        folder, _ = self.jobs["straight"].result()
        path = os.path.join(folder, "out/eval/items.jsonl")
        before = results_of(folder)
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(lines[:11]) + lines[11][:20])
        os.chdir(folder)
        run_step(evaluate.evaluate, "config/evaluate.json")
        after = results_of(folder)
        self.assertEqual(after[:11], before[:11])
        for one, other in zip(before, after):
            self.assertEqual((one["item"], one["variant"], one["output"]), (other["item"], other["variant"], other["output"]))
            self.assertAlmostEqual(one["nll"], other["nll"], places=3)

    def test_a_stopped_run_resumes_to_the_same_end(self):
        straight, _ = self.jobs["straight"].result()
        folder, stop_code, stopped_at, resume_code = self.jobs["interrupted"].result()
        self.assertEqual((stop_code, resume_code), (33, 0), read_log(folder)[-3000:])
        self.assertTrue(1 <= stopped_at < 20)
        first_end, second_end = read_events(folder, "end")
        self.assertEqual((first_end["status"], second_end["status"], second_end["step"]), ("cancelled", "succeeded", 20))
        warnings = [event["message"] for event in read_events(folder, "warning")]
        self.assertEqual(len(warnings), 2, warnings)
        self.assertIn("checkpoint-91 is passed over: optimizer.pt has changed", warnings[0])
        self.assertIn("checkpoint-90 is passed over: it has no ft-checkpoint.json", warnings[1])
        expected, resumed = losses_of(straight), losses_of(folder, attempt=2)
        self.assertEqual(list(resumed), list(range(stopped_at + 1, 21)))
        for step, loss in resumed.items():
            self.assertAlmostEqual(loss, expected[step], places=3)

    def test_two_processes_stop_together_resume_and_speak_with_one_voice(self):
        folder, stop_code, resume_code = self.jobs["on-two"].result()
        self.assertEqual((stop_code, resume_code), (33, 0), read_log(folder)[-3000:])
        stopped_at = read_events(folder, "end")[0]["step"]
        saved = [event["step"] for event in read_events(folder, "checkpoint")]
        self.assertEqual(saved, sorted({stopped_at, *saved}), "each checkpoint is sealed once")
        self.assertTrue({"rng_state_0.pth", "rng_state_1.pth"} <= set(os.listdir(os.path.join(folder, "out/checkpoints/checkpoint-20"))))
        steps = [event["step"] for event in read_events(folder, "metric") if "loss" in event["values"]]
        self.assertEqual(steps, list(range(1, 21)))
        samples = [(sample["row"], sample["part"]) for sample in read_events(folder, "sample") if sample["attempt"] == 2]
        self.assertEqual(samples, [(0, "chosen"), (0, "rejected"), (1, "chosen"), (1, "rejected")])
        self.assertEqual([event["message"] for event in read_events(folder, "warning")], [])
        os.chdir(folder)
        run_step(evaluate.evaluate, "config/evaluate.json")
        rows = results_of(folder)
        self.assertEqual([row["variant"] for row in rows], ["base"] * 6 + ["adapter"] * 6)
        base, adapter = (sum(row["rejectedNll"] - row["nll"] for row in rows if row["variant"] == variant) for variant in ("base", "adapter"))
        self.assertGreater(adapter, base)


def losses_of(folder, attempt=1):
    """Step -> logged training loss."""
    events = [event for event in read_events(folder, "metric") if event["attempt"] == attempt]
    return {event["step"]: event["values"]["loss"] for event in events if math.isfinite(event["values"].get("loss") or math.nan)}


def results_of(folder):
    with open(os.path.join(folder, "out/eval/items.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    unittest.main()
