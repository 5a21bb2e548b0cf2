"""Tokenizer folders in Hugging Face layout from the files that mistral-common ships, by transformers' own converters.

make_mistral_tokenizers.py DATA OUT: DATA is mistral_common/data; writes OUT/mistral_tekken and OUT/mistral_v3.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from transformers import LlamaTokenizer, PreTrainedTokenizerFast
from transformers.integrations.mistral.tokenizer import MistralConverter

# Files of tekken's version 3 do not list them; mistral_common.tokens.tokenizers.tekken does (DEPRECATED_SPECIAL_TOKENS).
TEKKEN_SPECIAL_TOKENS = """<unk> <s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS]
[/TOOL_RESULTS] [TOOL_CALLS] [IMG] <pad> [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [SYSTEM_PROMPT]
[/SYSTEM_PROMPT] [TOOL_CONTENT]""".split()


def main(data: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        tekken = json.loads((data / "tekken_240911.json").read_text("utf-8"))
        tekken["special_tokens"] = [
            {"rank": rank, "token_str": token} for rank, token in enumerate(TEKKEN_SPECIAL_TOKENS)
        ]
        tekken_file = Path(temporary, "tekken.json")
        tekken_file.write_text(json.dumps(tekken), "utf-8")
        PreTrainedTokenizerFast(
            tokenizer_object=MistralConverter(str(tekken_file)).converted(),
            bos_token="<s>",
            eos_token="</s>",
            unk_token="<unk>",
            add_bos_token=True,
        ).save_pretrained(out / "mistral_tekken")
        folder = Path(temporary, "v3")
        folder.mkdir()
        shutil.copy(data / "mistral_instruct_tokenizer_240323.model.v3", folder / "tokenizer.model")
        LlamaTokenizer.from_pretrained(folder, legacy=False, add_bos_token=True).save_pretrained(out / "mistral_v3")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
