"""
`python -m ft_trainer.serve <settings.json>`: one model, with its adapter, behind an OpenAI-compatible API on 127.0.0.1. It answers as the
evaluator does: same loading, same template, same tokens. Prints {"port": N} once it can answer, and ends when its stdin does: with its parent.

The settings are those of config/evaluate.json (method, dtype, device, model, adapter, tokenizer, chatTemplate, batchSize, maxNewTokens), and
`name`, the model's name on the wire, and `tokenFile`, a file that holds the bearer token.
"""

import hmac
import json
import os
import queue
import sys
import threading
import traceback
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .chat_request import Refused, completion, cut_at, model_list, read_request
from .child import limit_threads
from .eval_items import encode_item, load_tokenizer
from .evaluate import DEFAULTS

LARGEST_BODY = 32 * 2**20


def main(path):
    with open(path, encoding="utf-8") as file:
        config = {**DEFAULTS, **json.load(file)}
    with open(config["tokenFile"], encoding="utf-8") as file:
        token = file.read().strip()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answerer = Answerer(config)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(answerer, config, token))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    answerer.work()


def _end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


class Answerer:
    """The one thread that the model belongs to; what waits for it is answered together."""

    def __init__(self, config):
        import torch

        from .eval_model import load_model, with_adapter

        limit_threads()
        torch.manual_seed(0)
        self.config, self.waiting = config, queue.Queue()
        self.tokenizer = load_tokenizer(config)
        whole = config["adapter"] if config["adapter"] and config["method"] == "full" else config["model"]
        self.model = load_model(config, whole, self.tokenizer)
        if config["adapter"] and config["method"] != "full":
            self.model = with_adapter(self.model, config)
        self.room = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)

    def ask(self, request):
        """Blocks until the answer is there: (text, whether it has ended by itself, prompt tokens, output tokens). Raises Refused."""
        answer = Future()
        self.waiting.put((request, answer))
        return answer.result()

    def work(self):
        while True:
            waiting = [self.waiting.get()]
            while len(waiting) < self.config["batchSize"] and not self.waiting.empty():
                waiting.append(self.waiting.get())
            greedy = [one for one in waiting if one[0]["temperature"] == 0]
            for batch in [greedy] * bool(greedy) + [[one] for one in waiting if one[0]["temperature"] > 0]:
                ready = []
                for request, answer in batch:
                    try:
                        ready.append((*self._encoded(request), answer))
                    except Refused as refused:
                        answer.set_exception(refused)
                try:
                    self._answer(ready)
                except Exception as error:
                    traceback.print_exc()
                    for _, _, answer in ready:
                        answer.set_exception(Refused(500, f"{type(error).__name__}: {error}"))

    def _encoded(self, request):
        """(request, its item): its limit is what the context has room for."""
        try:
            item = encode_item({"messages": request["messages"]}, self.tokenizer, None)
        except Exception as error:  # a template refuses by any exception
            raise Refused(400, f"the chat template refuses these messages: {error}", "messages") from error
        left = request["limit"] if self.room is None else min(request["limit"], self.room - len(item["prompt"]))
        if left < 1:
            message = f"the messages are {len(item['prompt'])} tokens, and the model's context holds {self.room}"
            raise Refused(400, message, "messages", "context_length_exceeded")
        return {**request, "limit": left}, item

    def _answer(self, batch):
        """A batch of several is greedy: all of it is generated as far as the longest may be, which changes no token of the others."""
        import torch

        from .eval_model import end_tokens, generate, text_of

        if not batch:
            return
        items = [item for _, item, _ in batch]
        ends = end_tokens(self.model, self.tokenizer, items)
        first = batch[0][0]
        sampling = {}
        if first["temperature"] > 0:
            sampling = {"temperature": first["temperature"], "top_p": first["topP"]}
            torch.manual_seed(first["seed"]) if first["seed"] is not None else torch.seed()
        longest = max(request["limit"] for request, _, _ in batch)
        for (request, item, answer), whole in zip(batch, generate(self.model, items, self.tokenizer, ends, longest, **sampling)):
            ids = whole[: request["limit"]]
            text, was_cut = cut_at(text_of(ids, ends, self.tokenizer), request["stop"])
            answer.set_result((text, was_cut or ids[-1] in ends, len(item["prompt"]), len(ids)))


def handler_of(answerer, config, token):
    """The HTTP side: who may ask, what is asked, what is said. A thread a connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "ft"
        sys_version = ""

        def do_GET(self):
            self._say(lambda _: model_list(config["name"]), "/v1/models")

        def do_POST(self):
            self._say(self._complete, "/v1/chat/completions")

        def _complete(self, body):
            request = read_request(body, config["name"], config["maxNewTokens"])
            text, has_ended, prompt_tokens, output_tokens = answerer.ask(request)
            return completion(config["name"], text, has_ended=has_ended, prompt_tokens=prompt_tokens, output_tokens=output_tokens)

        def _say(self, work, path):
            try:
                body = self._body()
                given = self.headers.get("Authorization", "")
                if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                    raise Refused(401, "the bearer token is not that of this server", code="invalid_api_key")
                if self.path.split("?")[0] != path:
                    raise Refused(404, f"{self.command} {self.path} is not there: this server has GET /v1/models and POST /v1/chat/completions")
                status, answer = 200, work(body)
            except Refused as refused:
                status, answer = refused.status, refused.body
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it did not wait for the answer

        def _body(self):
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > LARGEST_BODY:
                self.close_connection = True
                raise Refused(413, f"a request says its length, at most {LARGEST_BODY} bytes")
            return self.rfile.read(int(length))

        def log_message(self, *_):
            """What is asked may be private."""

    return Handler


if __name__ == "__main__":
    main(sys.argv[1])
