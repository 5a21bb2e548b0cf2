"""What a training took: memory at its peak, and the longest rows that went through the model."""

import resource

import torch

from .heartbeat import peak_bytes


def begin():
    """From here on: what a GPU held before (a conversion of weights, say) is no part of the training."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def training_peaks(args):
    """
    Bytes at the peak: of this process's resident memory, and of a GPU's tensors and its allocator. Of several processes that train together
    the largest of each. Every process must ask.
    """
    values = {"training_peak_rss_bytes": peak_bytes(resource.getrusage(resource.RUSAGE_SELF))}
    if args.device.type == "cuda":
        values["gpu_peak_allocated_bytes"] = torch.cuda.max_memory_allocated()
        values["gpu_peak_reserved_bytes"] = torch.cuda.max_memory_reserved()
    if args.world_size > 1:
        peaks = torch.tensor(list(values.values()), device=args.device)
        torch.distributed.all_reduce(peaks, torch.distributed.ReduceOp.MAX)
        values = dict(zip(values, peaks.tolist()))
    return values


def longest_row(dataloader):
    """{"longest_row_tokens": tokens of the engine's longest prepared row, as its own collator hands it to the model}; {}: not known."""
    dataset = dataloader.dataset
    if not hasattr(dataset, "with_format"):
        return {}
    lengths = row_lengths(dataset)
    if not any(lengths):
        return {}
    batch = dataloader.collate_fn([dataset[max(range(len(lengths)), key=lengths.__getitem__)]])
    made = [ids.shape[-1] for name, ids in batch.items() if name.endswith("input_ids")] if hasattr(batch, "items") else []
    return {"longest_row_tokens": int(max(made))} if made else {}


def row_lengths(dataset):
    """Tokens of each row, over all columns of ids; 0 for all where the rows are not tokenized yet. Reads lengths alone, never the tokens."""
    import pyarrow
    import pyarrow.compute

    columns = [name for name in dataset.column_names if name.endswith("ids")]
    lengths = []
    for table in dataset.with_format("arrow").iter(batch_size=10_000):
        sums = [0] * table.num_rows
        for column in (table.column(name) for name in columns):
            if pyarrow.types.is_list(column.type) or pyarrow.types.is_large_list(column.type):
                counted = pyarrow.compute.list_value_length(column).to_pylist()
                sums = [total + (length or 0) for total, length in zip(sums, counted)]
        lengths.extend(sums)
    return lengths
