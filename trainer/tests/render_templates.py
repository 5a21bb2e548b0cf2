"""Renders chat templates with transformers' own code, for the tests of ft's renderer.

stdin: {"now": ISO time, "variables": {...}, "templates": {id: source}, "conversations": [{"messages", "tools"?, "kwargs", "add_generation_prompt"}]}
stdout: a line a template: {"id", "results": [{"text", "generated"} or {"error", "type"}]}, in the order of the conversations.
`generated` holds [start, end) of {% generation %} blocks in code points.
"""

import json
import signal
import sys
import warnings
from datetime import datetime

from transformers.utils import chat_template_utils

warnings.filterwarnings("ignore")
# A template may print lone surrogates: they go through JSON's escapes.
request = json.loads(sys.stdin.buffer.read())


class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.fromisoformat(request["now"])


chat_template_utils.datetime = Clock


def render(source, conversation):
    # As apply_chat_template does before it renders.
    messages = [{key: value for key, value in message.items() if value is not None} for message in conversation["messages"]]
    texts, generated = chat_template_utils.render_jinja_template(
        conversations=[messages],
        tools=conversation.get("tools"),
        chat_template=source,
        return_assistant_tokens_mask=True,
        add_generation_prompt=conversation["add_generation_prompt"],
        **{**request["variables"], **conversation["kwargs"]},
    )
    return {"text": texts[0], "generated": generated[0]}


def attempt(source, conversation):
    signal.alarm(20)
    try:
        return render(source, conversation)
    except Exception as error:
        return {"error": str(error), "type": type(error).__name__}
    finally:
        signal.alarm(0)


def out_of_time(*_):
    raise TimeoutError("out of time")


signal.signal(signal.SIGALRM, out_of_time)
for id, source in request["templates"].items():
    results = [attempt(source, conversation) for conversation in request["conversations"]]
    print(json.dumps({"id": id, "results": results}), flush=True)
