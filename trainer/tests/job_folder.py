"""Job folders for tests, laid out as ft lays them out, and the supervisor run in them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from unittest import mock

from make_tiny_model import sentences

TRAINER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TRAINER)  # so that tests which import this module first can import ft_trainer

from ft_trainer import events, failures  # noqa: E402

TRL_CONFIG = {
    "model_name_or_path": "model",
    "dtype": "float32",
    "datasets": [{"path": "json", "data_files": "data/train.jsonl"}],
    "output_dir": "out/checkpoints",
    "max_steps": 20,
    "per_device_train_batch_size": 4,
    "learning_rate": 1e-3,
    "lr_scheduler_type": "cosine",
    "logging_steps": 1,
    "save_strategy": "steps",
    "save_steps": 5,
    "save_total_limit": 3,
    "gradient_checkpointing": False,
    "bf16": False,
    "use_cpu": True,
    "report_to": "none",
    "disable_tqdm": True,
    "seed": 42,
}
LORA = {"use_peft": True, "lora_r": 8, "lora_alpha": 16, "lora_dropout": 0.05, "lora_target_modules": "all-linear"}
QLORA = {**LORA, "load_in_4bit": True, "use_bnb_nested_quant": True}
EVALUATE_CONFIG = {
    "method": "lora",
    "dtype": "float32",
    "device": "cpu",
    "maxLength": 96,
    "maxNewTokens": 8,
    "batchSize": 4,
}
ACCELERATE_CONFIG = {
    "compute_environment": "LOCAL_MACHINE",
    "distributed_type": "MULTI_GPU",  # with use_cpu: gloo. MULTI_CPU would start one process
    "use_cpu": True,
    "num_processes": 2,
    "num_machines": 1,
    "machine_rank": 0,
    "main_process_port": 0,
    "mixed_precision": "no",
}
STEPS = {
    "train": {"name": "train", "module": "ft_trainer.trl_train", "args": ["config/trl.yaml"]},
    "train-on-two": {
        "name": "train",
        "module": "ft_trainer.launch",
        "args": ["--config_file", "config/accelerate.yaml", "--module", "ft_trainer.trl_train", "config/trl.yaml"],
    },
    "evaluate": {"name": "evaluate", "module": "ft_trainer.evaluate", "args": ["config/evaluate.json"]},
}


def make_job(folder, model, trl=None, extras=None, evaluate=None, steps=("train",), heartbeat=30, env=None, limits=None):
    """
    A job folder that trains on 64 rows and evaluates 6, of the kind that the objective in `extras` (config/train.json) takes; `trl` and
    `evaluate` are laid over the defaults. Returns its path.
    """
    objective = (extras or {}).get("objective", "sft")
    for name in ("config", "data", "eval", "out"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__")
    os.makedirs(os.path.join(folder, "trainer"))
    shutil.copy(os.path.join(TRAINER, "run.py"), os.path.join(folder, "trainer"))
    shutil.copytree(os.path.join(TRAINER, "ft_trainer"), os.path.join(folder, "trainer/ft_trainer"), ignore=ignore)
    os.symlink(model, os.path.join(folder, "model"))
    _write(folder, "config/trl.yaml", json.dumps({**TRL_CONFIG, **({} if objective == "grpo" else {"max_length": 96}), **(LORA if trl is None else trl)}))
    _write(folder, "config/evaluate.json", json.dumps({**EVALUATE_CONFIG, "objective": objective, **(evaluate or {})}))
    _write(folder, "config/train.json", json.dumps({"objective": objective, **(extras or {})}))
    _write(folder, "config/accelerate.yaml", json.dumps(ACCELERATE_CONFIG))
    texts = sentences(70, seed=7)
    rows = [row_of(objective, text, index) for index, text in enumerate(texts)]
    _write_rows(folder, "data/train.jsonl", rows[:64])
    _write_rows(folder, "data/test.jsonl", rows[64:])
    items = [{"item": index, "file": "eval.jsonl", "line": index + 1, **item_of(objective, row)} for index, row in enumerate(rows[64:])]
    if objective == "sft":
        items.append({"item": 6, "file": "eval.jsonl", "line": 7, "text": texts[0]})
    _write_rows(folder, "eval/items.jsonl", items)
    job = {
        "version": 1,
        "id": "test-run",
        "name": "test",
        "createdAt": 0,
        "engine": {"name": "trl", "version": "test"},
        "steps": [STEPS[step] if isinstance(step, str) else step for step in steps],
        "env": {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": os.path.join(folder, "cache"), **(env or {})},
        "model": {"asked": "tiny", "id": "org/tiny", "revision": "abc123", "path": model},
        "heartbeatSeconds": heartbeat,
        "limits": limits,
        "checkpointDir": "out/checkpoints",
        "adapterDir": "out/adapter",
    }
    _write(folder, "job.json", json.dumps(job))
    return folder


def fake_job(test, what, folder=None, **options):
    """A job folder for a test case, in a scratch folder if none is given, whose only step is fake_step. `what`: its arguments."""
    if folder is None:
        scratch = tempfile.TemporaryDirectory()
        test.addCleanup(scratch.cleanup)
        folder = os.path.join(scratch.name, "job")
    step = {"name": "train", "module": "fake_step", "args": what.split()}
    make_job(folder, "/nowhere", steps=[step], **options)
    os.symlink(os.path.join(TRAINER, "tests/fake_step.py"), os.path.join(folder, "trainer/fake_step.py"))
    return folder


def start(folder, *args, env=None, **options):
    """The supervisor as a launcher starts it: detached, in its own session."""
    command = [sys.executable, os.path.join(folder, "trainer/run.py"), *args]
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, start_new_session=True, cwd="/", env={**os.environ, **(env or {})}, **streams)


def run(folder, *args, **options):
    """Runs the supervisor to its end; returns its exit code."""
    process = start(folder, *args, **options)
    process.communicate()
    return process.returncode


def end_step(step, config):
    """Runs a step's function in the working directory and in this process, as run_child does in one of its own: (exit code, the events it sent)."""
    with tempfile.TemporaryFile() as file, mock.patch.object(events, "_fd", file.fileno()), mock.patch.object(sys, "argv", ["step", config]):
        try:
            code = step(mock.Mock(requested=False))
        except Exception as error:
            code = failures.report(error)
        file.seek(0)
        return code, [json.loads(line) for line in file]


def run_step(step, config):
    """The events of a step that ends well."""
    code, told = end_step(step, config)
    assert code == 0, (code, told)
    return told


def read_events(folder, kind=None):
    """The whole lines of events.jsonl, of one kind if given. One that a crash or a full disk has cut is passed over, as ft does."""
    path = os.path.join(folder, "events.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        events = [event for event in map(_event, file) if event]
    return [event for event in events if kind in (None, event["kind"])]


def _event(line):
    try:
        return json.loads(line) if line.endswith("\n") else None
    except ValueError:
        return None


def read_log(folder):
    with open(os.path.join(folder, "stdout.log"), encoding="utf-8", errors="replace") as file:
        return file.read()


def wait_for(condition, seconds=90, what="condition"):
    """Polls until `condition()` is true; returns its value."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def row_of(objective, text, index):
    """A line of data/train.jsonl: the task is to say the text backwards. Wrong is to say it as it is."""
    prompt, right, wrong = ([{"role": role, "content": content}] for role, content in (("user", text), ("assistant", text[::-1]), ("assistant", text)))
    if objective == "sft":
        return {"prompt": prompt, "completion": right}
    if objective == "kto":
        return {"prompt": prompt, "completion": wrong if index % 2 else right, "label": index % 2 == 0}
    if objective == "grpo":
        return {"prompt": prompt, "answer": text[::-1]}
    return {"prompt": prompt, "chosen": right, "rejected": wrong}


def item_of(objective, row):
    """The same row for the evaluator."""
    if objective == "sft":
        return {"messages": row["prompt"], "reference": row["completion"][0]["content"]}
    if objective == "grpo":
        return {"prompt": row["prompt"], "columns": {"answer": row["answer"]}}
    return row


def _write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def _write_rows(folder, name, rows):
    _write(folder, name, "".join(json.dumps(row) + "\n" for row in rows))
