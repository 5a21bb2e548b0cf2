"""
A probe: the real training, on its longest rows alone and for two steps, to see how much memory it takes. Nothing is saved. `ft plan
--probe` asks for it through the job's environment.
"""

import os

#: Rows of an optimizer step; 0: this is no probe.
ROWS = int(os.environ.get("FT_PROBE_ROWS", "0"))
#: The optimizer makes its states in the first step; they stand beside the activations of the second.
STEPS = 2


def keep_longest(trainer):
    """Leaves a trainer only the longest of its rows, enough for the steps; where rows are not tokens yet, by their text."""
    from .peaks import row_lengths

    rows = trainer.train_dataset
    lengths = row_lengths(rows)
    if not any(lengths):
        lengths = [len(str(row)) for row in rows]
    longest = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)[:ROWS]
    trainer.train_dataset = rows.select([longest[at % len(longest)] for at in range(ROWS * STEPS)])


def is_over(state):
    return ROWS > 0 and state.global_step >= STEPS
