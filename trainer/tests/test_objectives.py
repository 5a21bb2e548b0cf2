"""Every objective with every method, a few steps each, in this one process: the imports of the engine cost more than the trainings."""

import json
import math
import os
import shutil
import unittest
from unittest import mock

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from job_folder import LORA, QLORA, make_job, run_step
from make_tiny_model import TEMPLATE
from peft import PeftModel
from safetensors.torch import load_file
from tiny_model_case import TinyModelCase
from transformers import AutoModelForCausalLM, AutoTokenizer

from ft_trainer import checkpoints, eval_model, evaluate, saving, trl_train

SMALL = {"max_steps": 2, "per_device_train_batch_size": 2, "save_strategy": "no", "seed": 1}
OBJECTIVES = {
    "sft": {},
    "dpo": {"beta": 0.1, "loss_type": ["sigmoid"]},
    "kto": {"beta": 0.1},
    "orpo": {"beta": 0.1},
    "simpo": {"beta": 2.0, "loss_type": "simpo", "simpo_gamma": 1.0, "cpo_alpha": 0.0},
    "cpo": {"cpo_alpha": 1.0},
    "reward": {"center_rewards_coefficient": 0.01},
    "grpo": {
        "max_completion_length": 8,
        "num_generations": 2,
        "beta": 0.02,
        "reward_funcs": ["ft_trainer.rewards.exact_match", "rewards.length.shorter"],
        "reward_weights": [1.0, 0.5],
    },
}
TOKENS = ["<call>", "</call>"]
METHODS = {"full": {}, "lora": LORA, "qlora": QLORA}


#: Shows what it is given, so that the samples tell.
CALL_TEMPLATE = (
    "{% if tools %}{{ tools | tojson }}{{ n }}{% else %}undefined{% endif %}{% for message in messages %}"
    "<|im_start|>{{ message.role }} {{ message.content }}{% if message.tool_calls is defined %}{{ message.tool_calls[0].function.arguments | tojson }}{% endif %}"
    "{% if message.name is defined %}{{ message.name }}{{ '{' }}{% endif %}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant {% endif %}"
)
ARGUMENTS = '{"b": 1.0, "a": 20000000000000000000, "2": {"x": null}, "1": 0.30000000000000004}'


class ObjectivesTest(TinyModelCase):
    def job(self, name, objective, method, trl=None, extras=None):
        """The folder of a job, made the working directory."""
        folder = os.path.join(self.scratch, name)
        task = {"lora_task_type": "SEQ_CLS"} if objective == "reward" and method != "full" else {}
        settings = {**SMALL, **OBJECTIVES[objective], **METHODS[method], **task, **(trl or {})}
        judges = {"rewardFuncs": settings.get("reward_funcs", []), "rewardWeights": settings.get("reward_weights")}
        make_job(folder, self.model, settings, {"objective": objective, **(extras or {})}, {"method": method, **judges})
        os.mkdir(os.path.join(folder, "rewards"))
        with open(os.path.join(folder, "rewards/length.py"), "w", encoding="utf-8") as file:
            file.write("def shorter(completions, **columns):\n    return [-float(len(each[0]['content'])) for each in completions]\n")
        os.chdir(folder)
        return folder

    def test_every_objective_trains_with_every_method(self):
        for objective in OBJECTIVES:
            for method in METHODS:
                with self.subTest(objective=objective, method=method):
                    self.job(f"{objective}-{method}", objective, method)
                    told = run_step(trl_train.train, "config/trl.yaml")
                    losses = [event["values"]["loss"] for event in told if "loss" in event.get("values", {})]
                    self.assertEqual(len(losses), 2)
                    self.assertTrue(all(loss is not None and math.isfinite(loss) for loss in losses), losses)
                    phases = [event["phase"] for event in told if event["kind"] == "phase"]
                    self.assertEqual([phase for phase in phases if phase != "tokenizing"], ["loading", "training", "saving"])
                    self.check_samples(objective, [event for event in told if event["kind"] == "sample"])
                    self.check_result(objective, method)

    def check_samples(self, objective, samples):
        """Two rows, and of a pair both answers, with the answer marked as what is compared."""
        parts = {"sft": [None], "kto": ["desirable", "undesirable"], "grpo": ["prompt"]}.get(objective, ["chosen", "rejected"])
        self.assertEqual({sample.get("part") for sample in samples}, set(parts))
        with open("data/train.jsonl", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file][:2]
        for sample in samples:
            row = rows[sample["row"]]
            self.assertIn(row["prompt"][0]["content"], sample["text"])
            answer = row.get(sample.get("part"), row.get("completion"))
            if objective in ("reward", "grpo"):
                self.assertEqual(set(sample["labels"]), {-100})
            else:
                self.assertTrue(sample["trainedText"].startswith(answer[0]["content"]), sample)

    def check_result(self, objective, method):
        """The adapter loads on the base (or the model alone), has changed, and is measured as its objective asks."""
        self.assertIsNone(checkpoints.flaw("out/adapter"))
        run_step(evaluate.evaluate, "config/evaluate.json")
        base, adapter = results("base"), results("adapter")
        self.assertEqual(len(base), len(adapter))
        measure = {"reward": "chosenScore", "grpo": "output"}.get(objective, "nll")
        if objective != "grpo":  # greedy answers may stay
            self.assertNotEqual([row[measure] for row in base], [row[measure] for row in adapter])
        self.assertGreater(moved("out/adapter" if method != "full" else None, self.model), 0)
        for row in adapter:
            if objective == "grpo":
                self.assertEqual(row["rewards"], {"exact_match": 0.0, "shorter": -float(len(row["output"]))})
                self.assertEqual(row["reward"], 0.5 * row["rewards"]["shorter"])
            elif objective == "reward":
                self.assertTrue(math.isfinite(row["chosenScore"]) and math.isfinite(row["rejectedScore"]))
            elif objective == "kto":
                self.assertEqual(row["tokens"] > 0, row["item"] % 2 == 0)
            elif objective != "sft":
                self.assertTrue(row["rejectedNll"] > 0 and row["rejectedTokens"] > 0)

    def test_a_pissa_adapter_is_one_of_the_original_base_also_after_resume_and_with_a_reference(self):
        for resume in ("0", "1"):
            if resume == "0":
                self.job("pissa", "dpo", "lora", {"save_strategy": "steps", "save_steps": 1, "lora_dropout": 0}, {"lora": {"init": "pissa", "layers": [0, 2]}})
            else:
                shutil.rmtree("out/adapter")
                shutil.rmtree("out/checkpoints/checkpoint-2")
            with mock.patch.dict(os.environ, FT_RESUME=resume), mock.patch.object(saving, "save", wraps=saving.save) as saved:
                told = run_step(trl_train.train, "config/trl.yaml")
            steps = [event["step"] for event in told if event["kind"] == "metric"]
            self.assertEqual(steps[0], 2 if resume == "1" else 1)
            first = next(event["values"] for event in told if event["kind"] == "metric")
            if resume == "0":  # as the reference, which is the base: nothing is preferred yet
                self.assertAlmostEqual(first["loss"], math.log(2), places=4)
            self.assertEqual(config_of("out/adapter")["r"], 2 * LORA["lora_r"])
            self.assertEqual(layers_of("out/adapter"), {"0", "2"})
            self.assert_same_model(saved.call_args.args[0].model, adapted(self.model))

    def test_dora_and_rslora_go_with_pissa(self):
        self.job("dora", "sft", "lora", {"use_dora": True, "use_rslora": True, "lora_dropout": 0}, {"lora": {"init": "pissa"}})
        with mock.patch.object(saving, "save", wraps=saving.save) as saved:
            run_step(trl_train.train, "config/trl.yaml")
        self.assert_same_model(saved.call_args.args[0].model, adapted(self.model))

    def test_a_template_of_our_own_renders_preferences_and_is_saved(self):
        folder = self.job("template", "kto", "lora")
        template = TEMPLATE.replace("You are a helpful assistant", "the red dog")
        with open(f"{folder}/config/chat_template.jinja", "w", encoding="utf-8") as file:
            file.write(template)
        told = run_step(trl_train.train, "config/trl.yaml")
        self.assertIn("the red dog", next(event for event in told if event["kind"] == "sample")["text"])
        self.assertEqual(AutoTokenizer.from_pretrained("out/adapter").chat_template, template)

    def test_tools_and_calls_reach_the_template_as_the_rows_say_them(self):
        for objective in ("sft", "dpo", "kto", "orpo", "simpo", "reward"):
            with self.subTest(objective=objective):
                folder = self.job(f"tools-{objective}", objective, "lora", {"max_length": 512, "max_steps": 1})
                with open(f"{folder}/config/chat_template.jinja", "w", encoding="utf-8") as file:
                    file.write(CALL_TEMPLATE)
                rewrite_rows("data/train.jsonl", with_call)
                told = run_step(trl_train.train, "config/trl.yaml")
                for sample in (event for event in told if event["kind"] == "sample"):
                    if sample["row"] == 0:
                        self.assertIn('[{"default": 1.0}]20000000000000000000', sample["text"])
                        self.assertIn(ARGUMENTS, sample["text"])
                    else:
                        self.assertIn("undefined", sample["text"])
                        self.assertNotIn("{", sample["text"])

    def test_segments_and_tokens_train_what_they_say(self):
        segments = [{"label": False, "text": "the red"}, {"label": True, "text": " dog runs"}]
        rows = {"segments": {"segments": segments}, "tokens": {"input_ids": [5, 6, 7, 8], "attention_mask": [1] * 4, "labels": [-100, 6, -100, 8]}}
        for kind, row in rows.items():
            self.job(f"rows-{kind}", "sft", "lora", {"max_steps": 1, "max_length": 4 if kind == "tokens" else 96})
            rewrite_rows("data/train.jsonl", lambda index, _: row)
            sample = next(event for event in run_step(trl_train.train, "config/trl.yaml") if event["kind"] == "sample")
            if kind == "segments":
                self.assertEqual((sample["text"], sample["trainedText"]), ("the red dog runs", " dog runs"))
            else:
                self.assertEqual((sample["inputIds"], sample["labels"]), (row["input_ids"], row["labels"]))

    def assert_same_model(self, one, other, tokens=range(3, 40)):
        ids = torch.tensor([list(tokens)])
        with torch.no_grad():
            difference = one.eval()(ids).logits - other.eval()(ids).logits
        self.assertLess(difference.abs().max().item(), 1e-4)

    def test_loftq_starts_nearer_to_the_original_base_than_its_4_bits(self):
        still = {"max_steps": 1, "learning_rate": 0.0, "lora_dropout": 0, "lora_r": 32, "lora_alpha": 64}
        self.job("loftq", "dpo", "qlora", still, {"lora": {"init": "loftq"}})
        with mock.patch.object(saving, "save", wraps=saving.save) as saved:
            told = run_step(trl_train.train, "config/trl.yaml")
        first = next(event["values"] for event in told if event["kind"] == "metric")
        self.assertAlmostEqual(first["loss"], math.log(2), places=3)  # the reference starts at the same
        model = saved.call_args.args[0].model
        original = load_file(f"{self.model}/model.safetensors")["model.layers.0.mlp.up_proj.weight"]
        layer = model.base_model.model.model.layers[0].mlp.up_proj
        with torch.no_grad():
            whole = layer(torch.eye(128)).T
            bare = layer.base_layer(torch.eye(128)).T
        self.assertLess((whole - original).norm(), 0.8 * (bare - original).norm())

    def test_an_evaluation_changes_nothing_of_what_a_4_bit_base_passes_on(self):
        gradients = []
        for name, evaluation in {"never-evaluated": {}, "evaluated": {"eval_strategy": "steps", "eval_steps": 1}}.items():
            self.job(name, "sft", "qlora", {"max_steps": 3, "lora_dropout": 0, **evaluation})
            told = run_step(trl_train.train, "config/trl.yaml")
            gradients.append([event["values"]["grad_norm"] for event in told if "grad_norm" in event.get("values", {})])
        self.assertEqual(len(gradients[0]), 3)
        self.assertEqual(*gradients)

    def test_layers_targets_and_lora_plus(self):
        regex = {"lora_target_modules": [r".*\.(q|v)_proj"]}
        self.job("regex", "sft", "lora", regex, {"lora": {"layers": [1], "init": "gaussian"}, "loraPlusRatio": 16})
        with mock.patch.object(saving, "save", wraps=saving.save) as saved:
            run_step(trl_train.train, "config/trl.yaml")
        self.assertEqual(layers_of("out/adapter"), {"1"})
        rates = [group["initial_lr"] for group in saved.call_args.args[0].optimizer.param_groups if group["params"]]
        self.assertEqual(rates, [1e-3, 16e-3])

    def test_new_tokens_are_trained_saved_and_evaluated(self):
        for method in METHODS:
            with self.subTest(method=method):
                whole = {} if method == "full" else {"lora_modules_to_save": ["embed_tokens", "lm_head"]}
                self.job(f"tokens-{method}", "dpo", method, whole, {"newTokens": [*TOKENS, *(f"<more-{index}>" for index in range(170))]})
                with mock.patch.object(saving, "save", wraps=saving.save) as saved:
                    run_step(trl_train.train, "config/trl.yaml")
                tokenizer = AutoTokenizer.from_pretrained("out/adapter")
                self.assertEqual(tokenizer("<call>x</call>")["input_ids"][::2], [352, 353])
                self.assertEqual(len(tokenizer), 352 + 172)  # 512 embeddings were there: some rows are new, some were spare
                run_step(evaluate.evaluate, "config/evaluate.json")
                self.assertEqual(len(results("adapter")), 6)
                if method == "lora":
                    config = {"method": method, "objective": "dpo", "device": "cpu", "dtype": "float32", "adapter": "out/adapter"}
                    evaluated = eval_model.with_adapter(eval_model.load_model(config, "model", tokenizer), config)
                    self.assert_same_model(saved.call_args.args[0].model, evaluated, range(340, 370))

    def test_training_stops_early_and_keeps_the_best(self):
        best = {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "greater_is_better": False}
        every = {"eval_strategy": "steps", "eval_steps": 1, "save_strategy": "steps", "save_steps": 1}
        self.job("early", "sft", "lora", {**best, **every, "max_steps": 30, "learning_rate": 1e-12}, {"earlyStopping": {"patience": 2}})
        with mock.patch.object(saving, "save", wraps=saving.save) as saved:
            told = run_step(trl_train.train, "config/trl.yaml")
        # Two evaluations that are no better than the first.
        self.assertEqual(max(event["step"] for event in told if event["kind"] == "metric"), 3)
        self.assertTrue(saved.call_args.args[0].state.best_model_checkpoint.endswith("checkpoint-1"))


def rewrite_rows(path, change):
    """Each line as change(index, row) makes it."""
    with open(path, encoding="utf-8") as file:
        rows = [change(index, json.loads(line)) for index, line in enumerate(file)]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def with_call(index, row):
    """As src/dataset/layout.ts writes a dataset some of whose rows have tools and calls: here the even ones."""
    call = f'[{{"type": "function", "function": {{"name": "f", "arguments": {ARGUMENTS}}}}}]'
    even = index % 2 == 0
    turns = [{"role": "assistant", "content": "", "tool_calls": call}, {"role": "tool", "content": "r"}] if even else []
    row["prompt"] = [*row["prompt"], *turns]
    for side in ("prompt", "completion", "chosen", "rejected"):
        row[side] = [{"tool_calls": "", "name": "", **turn} for turn in row.get(side, [])]
        row = {key: value for key, value in row.items() if value != []}
    return {**row, "chat_template_kwargs": {"as_json": '{"tools": [{"default": 1.0}], "n": 20000000000000000000}' if even else "{}"}}


def results(variant):
    with open("out/eval/items.jsonl", encoding="utf-8") as file:
        return [row for row in map(json.loads, file) if row["variant"] == variant]


def moved(adapter, base):
    """How far the result is from where it began: B of an adapter begins at 0, a whole model at its base."""
    if adapter:
        weights = load_file(f"{adapter}/adapter_model.safetensors")
        return sum(weight.abs().sum().item() for name, weight in weights.items() if "lora_B" in name)
    before, after = load_file(f"{base}/model.safetensors"), load_file("out/adapter/model.safetensors")
    return sum((after[name] - weight).abs().sum().item() for name, weight in before.items() if name in after)


def adapted(base):
    return PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), "out/adapter")


def config_of(adapter):
    with open(f"{adapter}/adapter_config.json", encoding="utf-8") as file:
        return json.load(file)


def layers_of(adapter):
    return {name.split(".layers.")[1].split(".")[0] for name in load_file(f"{adapter}/adapter_model.safetensors")}


if __name__ == "__main__":
    unittest.main()
