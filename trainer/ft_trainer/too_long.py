"""data.too_long: drop - rows that a trainer of TRL would cut at max_length are left out, before it cuts or packs."""

import copy

from . import events


def prepare_short(prepare, dataset, processing_class, args, *rest):
    """
    The trainer's own _prepare_dataset (`prepare`, bound) without what is longer than args.max_length. That of sft cuts and packs, so it first runs
    without either; those of dpo and kto leave the cutting to their collators. Raises ValueError when no row is left.
    """
    if not rest or len(rest) == 1:  # (dataset_name): prompt_ids, and chosen_ids and rejected_ids, or completion_ids
        return _short(prepare(dataset, processing_class, args, *rest), _answer_length, args.max_length)
    _packing, formatting, name = rest
    uncut = copy.copy(args)
    uncut.max_length = None
    tokenized = prepare(dataset, processing_class, uncut, False, formatting, name)
    return prepare(_short(tokenized, _length, args.max_length), processing_class, args, *rest)


def _length(row):
    return len(row["input_ids"])


def _answer_length(row):
    answers = [row[name] for name in ("chosen_ids", "rejected_ids", "completion_ids") if name in row]
    return len(row["prompt_ids"]) + max(len(answer) for answer in answers)


def _short(dataset, length, limit):
    kept = dataset.filter(lambda row: length(row) <= limit)
    left_out = len(dataset) - len(kept)
    if len(kept) == 0:
        raise ValueError("no row has data.max_length tokens or fewer (data.too_long: drop)")
    if left_out:
        events.warn(f"{left_out} of {len(dataset)} rows are longer than data.max_length and were left out (data.too_long: drop)")
    return kept
