"""Axolotl's extension point (`plugins:` in its config): our callback in its trainer, the phases, and the trainer itself for what follows."""

from axolotl.integrations.base import BasePlugin

from . import events
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
        if FtPlugin.stop is None:
            return []
        # The filter would replace a NaN in the logs by the mean of the losses before it, and hide it from our callback.
        trainer.args.logging_nan_inf_filter = False
        FtPlugin.callback = EventsCallback(FtPlugin.stop)
        return [FtPlugin.callback]
