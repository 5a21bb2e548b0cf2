"""The engines' extension point: a TrainerCallback that turns their own hooks into events, sealed checkpoints and an orderly stop."""

import math
import time

import torch
from transformers import TrainerCallback

from . import events, peaks, probe
from .checkpoints import seal
from .samples import send_samples


class EventsCallback(TrainerCallback):
    """`stop`: the StopRequest of this process. After training, `interrupted` and `non_finite` (step, value) say why it ended early."""

    def __init__(self, stop):
        self.stop = stop
        self.interrupted = False
        self.non_finite = None
        self.since = (0.0, 0, 0)  # time, tokens and step of the last log
        self.longest = {}

    def on_train_begin(self, args, state, control, model=None, train_dataloader=None, processing_class=None, **_):
        keep_layout_of_4_bits(model)
        if state.is_world_process_zero:
            send_samples(train_dataloader, processing_class, getattr(args, "max_length", None))
            self.longest = peaks.longest_row(train_dataloader)
            events.phase("training", f"{state.max_steps} steps")
        peaks.begin()
        self.since = (time.monotonic(), state.num_input_tokens_seen, state.global_step)
        self.stop.defer()

    def on_log(self, args, state, control, logs=None, **_):
        values = dict(logs or {})
        if not math.isfinite(values.get("loss", 0.0)):
            self.non_finite = (state.global_step, values["loss"])
            control.should_training_stop = True
            control.should_save = False  # such weights are no checkpoint
        if "loss" in values:
            tokens = values.get("num_tokens", values.get("num_input_tokens_seen"))  # as TRL or transformers counts
            values.update(self.speed(tokens, state.global_step))
        if state.is_world_process_zero:
            events.emit("metric", step=state.global_step, totalSteps=state.max_steps, values=events.numbers(values))

    def on_step_end(self, args, state, control, **_):
        if self.asked_to_stop(args) and state.global_step < state.max_steps and self.non_finite is None:
            self.interrupted = True
            control.should_save = control.should_training_stop = True
            control.should_evaluate = False
        if probe.ROWS:
            control.should_save = control.should_evaluate = False
            control.should_training_stop = control.should_training_stop or probe.is_over(state)

    def on_train_end(self, args, state, control, **_):
        values = {**peaks.training_peaks(args), **self.longest, "epochs": state.epoch or 0.0}
        events.emit("system", values=events.numbers(values))

    def on_save(self, args, state, control, **_):
        _wait(args)  # for what the others save of this checkpoint
        if state.is_world_process_zero:
            path = f"{args.output_dir}/checkpoint-{state.global_step}"
            events.emit("checkpoint", path=path, step=state.global_step, sha256=seal(path))

    def asked_to_stop(self, args):
        """Whether any process was: they must all stop after the same step."""
        if args.world_size == 1:
            return self.stop.requested
        asked = torch.tensor(int(self.stop.requested), device=args.device)
        torch.distributed.all_reduce(asked, torch.distributed.ReduceOp.MAX)
        return bool(asked)

    def speed(self, tokens, step):
        """tokens_per_second (every token of the batches that is not padding) and seconds_per_step, since the last log."""
        now, (then, tokens_then, step_then) = time.monotonic(), self.since
        self.since = (now, tokens or 0, step)
        seconds = now - then
        speed = {"seconds_per_step": seconds / max(1, step - step_then)}
        if tokens is not None and seconds > 0:
            speed["tokens_per_second"] = (tokens - tokens_then) / seconds
        return speed


def _wait(args):
    if args.world_size > 1:
        torch.distributed.barrier()


def keep_layout_of_4_bits(model):
    """
    On a CPU with AVX-512 BF16, bitsandbytes 0.50 repacks 4-bit weights for inference at the first evaluation (or sampling), and its product
    with those passes no gradient on: training would go on, with wrong gradients and without a word.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
