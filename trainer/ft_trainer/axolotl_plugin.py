"""Axolotl's extension point (`plugins:` in its config): our callback in its trainer, the phases, and the trainer itself for what follows."""

import inspect

from axolotl.integrations.base import BasePlugin

from . import events, probe
from .callback import EventsCallback


class FtPlugin(BasePlugin):
    """One training a process: what happened is found in these class attributes by axolotl_train."""

    #: Set by axolotl_train before training; None in the bare `axolotl train`, which then runs without events.
    stop = None
    callback = None
    trainer = None

    def load_datasets(self, cfg, preprocess=False):
        if FtPlugin.stop is not None:
            events.phase("tokenizing")
        return None

    def pre_model_load(self, cfg):
        if FtPlugin.stop is not None:
            events.phase("loading")

    def add_callbacks_post_trainer(self, cfg, trainer):
        FtPlugin.trainer = trainer
        as_trl_does(trainer, cfg)
        if probe.ROWS and not cfg.sample_packing:  # a packed row is as long as the longest anyway
            probe.keep_longest(trainer)
        if FtPlugin.stop is None:
            return []
        # The filter would replace a NaN in the logs by the mean of the losses before it, and hide it from our callback.
        trainer.args.logging_nan_inf_filter = False
        FtPlugin.callback = EventsCallback(FtPlugin.stop)
        return [FtPlugin.callback]


def as_trl_does(trainer, cfg):
    """
    Axolotl's builders decide for themselves what transformers, left alone, does as it does for TRL: how many steps the epochs have (they
    round over all at once), how long the warm-up is (rounded down, but never one step), an evaluation before the first step, and that the
    forward passes of a step weigh the same, however many tokens each one trains.
    """
    args = trainer.args
    if not cfg.max_steps and not cfg.sample_packing:
        args.max_steps = -1
    warmup = cfg.warmup_steps if cfg.warmup_steps is not None else cfg.warmup_ratio
    if warmup is not None:
        args.warmup_steps = warmup
    args.eval_on_start = False
    if not cfg.rl:
        trainer.model_accepts_loss_kwargs = takes_token_count(trainer.model)
        trainer.train_dataset = with_trained_tokens(trainer.train_dataset)
        trainer.eval_dataset = trainer.eval_dataset and with_trained_tokens(trainer.eval_dataset)


def takes_token_count(model):
    """Whether the model divides its loss by the trained tokens of the whole step: transformers' own rule."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    if hasattr(base, "accepts_loss_kwargs"):
        return base.accepts_loss_kwargs
    return any(parameter.kind == parameter.VAR_KEYWORD for parameter in inspect.signature(base.forward).parameters.values())


def with_trained_tokens(dataset):
    """Without the rows in which max_length cut off all that carries loss: TRL drops them, and a batch of nothing else has NaN for a loss."""
    kept = dataset.filter(lambda labels: [any(label != -100 for label in row) for row in labels], input_columns="labels", batched=True)
    if len(kept) == 0:
        raise ValueError("no row has a trained token within data.max_length")
    return kept
