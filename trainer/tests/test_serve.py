"""The OpenAI-compatible server over real HTTP: its answers are the evaluator's, token for token, and what it cannot do it refuses."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from job_folder import EVALUATE_CONFIG, TRAINER, wait_for
from make_tiny_model import make_tiny_model, sentences

try:
    import torch
except ImportError:
    torch = None

TOKEN = "a-token-of-this-test"


@unittest.skipUnless(torch, "needs torch")
class ServeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name
        model, adapter = (os.path.join(cls.folder, name) for name in ("tiny", "adapter"))
        make_tiny_model(model)
        make_adapter(model, adapter)
        cls.config = {**EVALUATE_CONFIG, "objective": "sft", "model": model, "adapter": adapter, "tokenizer": None, "chatTemplate": None}
        cls.server, cls.url = cls.started(cls)

    def started(self):
        settings, token = (os.path.join(self.folder, name) for name in ("serve.json", "token"))
        with open(token, "w", encoding="utf-8") as file:
            file.write(TOKEN)
        with open(settings, "w", encoding="utf-8") as file:
            json.dump({**self.config, "name": "tiny", "tokenFile": token}, file)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        server = subprocess.Popen([sys.executable, "-m", "ft_trainer.serve", settings], cwd=TRAINER, text=True, **pipes)
        self.addClassCleanup(server.stdout.close)
        self.addClassCleanup(server.wait)
        self.addClassCleanup(server.stdin.close)
        return server, f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"

    def ask(self, body, path="/v1/chat/completions", token=TOKEN):
        """(status, answer)."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps({"model": "tiny", **body}).encode()
        request = urllib.request.Request(self.url + path, data, {"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def said(self, text, **options):
        status, answer = self.ask({"messages": [{"role": "user", "content": text}], **options})
        self.assertEqual(status, 200, answer)
        return answer["choices"][0]["message"]["content"], answer["choices"][0]["finish_reason"], answer["usage"]

    def test_answers_are_the_evaluators_alone_and_together(self):
        from ft_trainer import eval_model
        from ft_trainer.eval_items import encode_item, load_tokenizer

        tokenizer = load_tokenizer(self.config)
        model = eval_model.with_adapter(eval_model.load_model(self.config, self.config["model"], tokenizer), self.config)
        texts = sentences(12, seed=3)
        wanted = []
        for text in texts:
            item = encode_item({"messages": [{"role": "user", "content": text}]}, tokenizer, None)
            ((answer, ids),) = eval_model.answer_batch(model, [item], tokenizer, 8)
            wanted.append((answer, len(item["prompt"]), len(ids)))
        self.assertGreater(len({answer for answer, _, _ in wanted}), 1)
        shape = lambda said: (said[0], said[2]["prompt_tokens"], said[2]["completion_tokens"])  # noqa: E731
        self.assertEqual([shape(self.said(text)) for text in texts], wanted)
        with ThreadPoolExecutor(12) as pool:
            together = list(pool.map(lambda pair: self.said(pair[1], max_tokens=8 + pair[0]), enumerate(texts)))
        self.assertEqual([said[0][: len(answer)] for said, (answer, _, _) in zip(together, wanted)], [answer for answer, _, _ in wanted])

    def test_what_a_request_may_say(self):
        text = sentences(1, seed=5)[0]
        long, reason, usage = self.said(text, max_tokens=30)
        self.assertEqual((reason, usage["completion_tokens"]), ("length", 30))
        self.assertEqual(self.said(text, max_completion_tokens=2)[2]["completion_tokens"], 2)
        stop = long[len(long) // 2 :][:3]
        self.assertEqual(self.said(text, max_tokens=30, stop=["never said", stop])[:2], (long[: long.index(stop)], "stop"))
        draws = {self.said(text, temperature=2, seed=seed, max_tokens=30)[0] for seed in (1, 2, 1)}
        self.assertEqual(len(draws), 2)
        parts = [{"type": "text", "text": text[:4]}, {"type": "text", "text": text[4:]}]
        self.assertEqual(self.said(parts, max_tokens=30)[0], long)
        same = {"n": 1, "stream": False, "logprobs": False, "response_format": {"type": "text"}, "user": "me", "top_p": 1, "seed": None}
        self.assertEqual(self.said(text, max_tokens=30, **same)[0], long)

    def test_what_it_cannot_do_it_refuses_and_names(self):
        hello = {"messages": [{"role": "user", "content": "hello"}]}
        for status, param, more in (
            (400, "stream", {"stream": True}),
            (400, "tools", {"tools": [{"type": "function"}]}),
            (400, "beam_width", {"beam_width": 4}),
            (400, "n", {"n": 2}),
            (400, "temperature", {"temperature": "hot"}),
            (400, "top_p", {"top_p": 0}),
            (400, "max_tokens", {"max_tokens": 0}),
            (400, "stop", {"stop": [""]}),
            (400, "messages", {"messages": []}),
            (400, "messages[0]", {"messages": [{"role": "wizard", "content": "x"}]}),
            (400, "messages[0]", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}),
            (400, "messages", {"messages": [{"role": "user", "content": "word " * 600}]}),
            (404, "model", {"model": "gpt-4o"}),
        ):
            with self.subTest(more=str(more)[:60]):
                code, answer = self.ask({**hello, **more})
                self.assertEqual((code, answer["error"]["param"]), (status, param))
                self.assertTrue(answer["error"]["message"])
        self.assertEqual(self.ask(b"{")[0], 400)
        self.assertEqual(self.ask({}, path="/v1/embeddings")[0], 404)
        self.assertEqual(self.ask(hello, token="another")[0], 401)
        self.assertEqual(self.ask(None, path="/v1/models", token="")[0], 401)
        self.assertEqual(self.ask(None, path="/v1/models")[1]["data"][0]["id"], "tiny")

    def test_ends_with_its_parent(self):
        server, _ = self.started()
        server.stdin.close()
        wait_for(lambda: server.poll() is not None, what="the server to end")
        self.assertEqual(server.returncode, 0)


def make_adapter(model, folder):
    """One whose B is not zero, so that it says something else than the base."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(1)
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(model), LoraConfig(r=4, target_modules="all-linear"))
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3)
    adapted.save_pretrained(folder)
    AutoTokenizer.from_pretrained(model).save_pretrained(folder)


if __name__ == "__main__":
    unittest.main()
