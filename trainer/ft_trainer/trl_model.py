"""The base model and its tokenizer as the TRL trainers load them, with what a recipe adds: 4 bits on a CPU, new tokens, a template file."""

import os

#: Where ft puts a chat template that is not the model's own.
TEMPLATE = "config/chat_template.jinja"


def load(training_args, model_args, objective):
    """Model (with one score on top for `reward`) and tokenizer or processor. The arguments given here are taken off training_args."""
    from transformers import AutoModelForSequenceClassification, set_seed
    from trl import get_quantization_config
    from trl.trainer.utils import create_model_from_path

    options = dict(
        revision=model_args.model_revision,
        trust_remote_code=training_args.trust_remote_code,
        attn_implementation=model_args.attn_implementation,
        dtype=model_args.dtype,
    )
    quantization = get_quantization_config(model_args)
    if quantization is not None:
        options["quantization_config"] = quantization
        if training_args.device.type == "cpu":
            options["device_map"] = {"": "cpu"}  # bitsandbytes wants to be told
    if training_args.distributed_state.distributed_type in ("MULTI_GPU", "DEEPSPEED"):
        options["device_map"] = None  # as the trainers do: "auto" fails
    options.update(training_args.model_init_kwargs or {})
    training_args.model_init_kwargs = None  # they warn, or refuse, when a model that is already there comes with arguments
    architecture = None
    if objective == "reward":
        architecture, options["num_labels"] = AutoModelForSequenceClassification, 1
        if quantization is not None:
            quantization.llm_int8_skip_modules = ["score"]  # the new head is trained: 4 bits would freeze it

    set_seed(training_args.seed)  # for what is new in the model: the score, the added tokens
    model = create_model_from_path(model_args.model_name_or_path, architecture, **options)
    processor = _load_processor(model_args, training_args, objective)
    tokenizer = getattr(processor, "tokenizer", processor)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    return model, processor


def add_tokens(model, processor, tokens):
    """Adds special tokens. Returns what `make_room` needs for another copy of the model: how many there were before, and are now."""
    tokenizer = getattr(processor, "tokenizer", processor)
    known = len(tokenizer)
    tokenizer.add_tokens(list(tokens), special_tokens=True)
    if len(tokenizer) > known:
        make_room(model, known, len(tokenizer))
    return known, len(tokenizer)


def make_room(model, known, size):
    """Embeddings for `size` tokens, of which `known` are old. The new ones start at the mean of the old, also in rows that were spare."""
    model.resize_token_embeddings(max(size, model.config.get_text_config().vocab_size), mean_resizing=True)
    heads = (model.get_input_embeddings(), model.get_output_embeddings())
    for weight in (head.weight for head in heads if head is not None):
        weight.data[known:size] = weight.data[:known].mean(0)


def _load_processor(model_args, training_args, objective):
    from transformers import AutoProcessor, AutoTokenizer

    loader = AutoTokenizer if objective in ("reward", "orpo", "cpo", "simpo") else AutoProcessor
    sides = {"truncation_side": "left", "padding_side": "left"} if objective == "grpo" else {}
    processor = loader.from_pretrained(
        model_args.model_name_or_path, revision=model_args.model_revision, trust_remote_code=training_args.trust_remote_code, **sides
    )
    if os.path.exists(TEMPLATE) and not getattr(training_args, "chat_template_path", None):  # not every config has that key
        with open(TEMPLATE, encoding="utf-8") as file:
            processor.chat_template = file.read()
    return processor
