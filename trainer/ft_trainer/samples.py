"""`sample` events: the first rows of the engine's prepared dataset, as its own collator hands them to the model."""

from . import events

SAMPLE_ROWS = 2
IGNORED = -100


def send_samples(trainer_dataloader, processor, max_length=None):
    """
    Sends what the first rows became. They are collated apart: drawing a batch from the dataloader would move its random state and change
    the order of the data; and each by itself: without padding (Unsloth) a batch is one sequence. Of a pair both answers are sent, of a
    labelled answer what it is; `labels` are those of the loss, or mark the tokens whose probability is compared; a prompt, or a
    conversation that gets one score, has none.
    """
    dataset = trainer_dataloader.dataset
    for row in range(min(SAMPLE_ROWS, len(dataset))):
        for part, ids, labels in _sequences(trainer_dataloader.collate_fn([dataset[row]]), processor):
            trained = [token for token, label in zip(ids, labels) if label != IGNORED]
            events.emit(
                "sample",
                row=row,
                **({"part": part} if part else {}),
                inputIds=ids,
                labels=labels,
                text=processor.decode(ids),
                trainedText=processor.decode(trained),
            )
            if part is None:
                _check(row, ids, trained, processor, max_length)


def _check(row, ids, trained, processor, max_length):
    special = getattr(processor, "tokenizer", processor).all_special_ids
    if not trained:
        events.warn(f"row {row} of the engine's dataset trains no token")
    elif len(ids) != max_length and not set(trained) & set(special):
        events.warn(f"row {row} of the engine's dataset never trains an end-of-turn token: the model will not learn to stop")


def _sequences(batch, processor):
    """(part, ids, labels) of every sequence that a row became, by the columns that TRL's collators write; without padding."""
    if isinstance(batch, list):  # GRPO does not collate: answers to this prompt are sampled
        for example in batch:
            ids = processor.apply_chat_template(example["prompt"], add_generation_prompt=True, tokenize=True, return_dict=True)["input_ids"]
            yield "prompt", ids, [IGNORED] * len(ids)
    elif "chosen_input_ids" in batch:  # ORPO, CPO
        for part in ("chosen", "rejected"):
            names = (f"{part}_{name}" for name in ("input_ids", "attention_mask", "labels"))
            ids, mask, labels = (batch[name][0] for name in names)
            yield part, ids[mask == 1].tolist(), labels[mask == 1].tolist()
    elif "labels" in batch:  # SFT
        mask = batch.get("attention_mask")  # absent where batches have no padding
        for index, (ids, labels) in enumerate(zip(batch["input_ids"], batch["labels"])):
            kept = slice(None) if mask is None else mask[index] == 1
            yield None, ids[kept].tolist(), labels[kept].tolist()
    else:  # DPO and reward: the chosen answer, then the rejected; KTO: one answer a row
        for index, (ids, mask) in enumerate(zip(batch["input_ids"], batch["attention_mask"])):
            answer = batch["completion_mask"][index] if "completion_mask" in batch else 0 * mask
            labels = ids.where(answer == 1, IGNORED)
            if "label" in batch:
                part = "desirable" if batch["label"][index] else "undesirable"
            else:
                part = "chosen" if index == 0 else "rejected"
            yield part, ids[mask == 1].tolist(), labels[mask == 1].tolist()
