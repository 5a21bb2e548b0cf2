"""What an OpenAI-compatible client may ask of ft_trainer.serve, and how it is answered: the wire format of /v1/chat/completions, without a model."""

import json
import time
import uuid

ROLES = ("system", "developer", "user", "assistant", "tool")

#: Parameters that this server does not have: taken where they say what it does anyway.
ONLY = {
    "n": (1,),
    "stream": (False,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "response_format": ({"type": "text"},),
    "tools": ([],),
    "logit_bias": ({},),
}
KNOWN = {"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "stop", "seed", "user", *ONLY}


class Refused(Exception):
    """A request that is not answered: HTTP status, what is wrong, the parameter that it is about."""

    def __init__(self, status, message, param=None, code=None):
        super().__init__(message)
        self.status = status
        kind = "server_error" if status >= 500 else "invalid_request_error"
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def read_request(text, model, max_new_tokens):
    """
    {messages, limit, temperature, topP, stop, seed} of a request's body; `model` is the name that is served, `max_new_tokens` holds where the
    request does not say. Greedy where it names no temperature. Raises Refused: nothing that a client asks for is silently left out.
    """
    try:
        asked = json.loads(text)
    except ValueError as error:
        raise Refused(400, f"the body is no JSON: {error}") from None
    if not isinstance(asked, dict):
        raise Refused(400, "the body is no JSON object")
    asked = {key: value for key, value in asked.items() if value is not None}
    for key, value in asked.items():
        if key not in KNOWN:
            raise Refused(400, f"this server has no parameter {key}", key)
        if key in ONLY and value not in ONLY[key]:
            raise Refused(400, f"this server takes no other {key} than {json.dumps(ONLY[key][0])}", key)
    if asked.get("model") != model:
        raise Refused(404, f"no model {asked.get('model')!r} is served here, only {model!r}", "model", "model_not_found")
    stop = asked.get("stop", [])
    stop = [stop] if isinstance(stop, str) else stop
    if not isinstance(stop, list) or not all(isinstance(text, str) and text for text in stop):
        raise Refused(400, "stop is a text or a list of texts", "stop")
    longest = "max_completion_tokens" if "max_completion_tokens" in asked else "max_tokens"
    return {
        "messages": _messages(asked.get("messages")),
        "limit": _number(asked, longest, int, max_new_tokens, lambda value: value >= 1, "a whole number above 0"),
        "temperature": _number(asked, "temperature", float, 0.0, lambda value: 0 <= value <= 2, "a number from 0 to 2"),
        "topP": _number(asked, "top_p", float, 1.0, lambda value: 0 < value <= 1, "a number above 0, at most 1"),
        "seed": _number(asked, "seed", int, None, lambda value: abs(value) < 2**63, "a whole number"),
        "stop": stop,
    }


def _number(asked, name, kind, default, is_right, words):
    value = asked.get(name, default)
    if value is default:
        return default
    is_number = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
    if not is_number or not is_right(value):
        raise Refused(400, f"{name} is {words}", name)
    return kind(value)


def _messages(given):
    if not isinstance(given, list) or not given:
        raise Refused(400, "messages is a list with at least one message", "messages")
    return [_message(message, f"messages[{index}]") for index, message in enumerate(given)]


def _message(message, place):
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise Refused(400, f"{place} is no object with a role of {', '.join(ROLES)}", place)
    turn = {key: value for key, value in message.items() if value is not None}
    unknown = set(turn) - {"role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content"}
    if unknown:
        raise Refused(400, f"{place} has {sorted(unknown)[0]}, which this server does not know", place)
    return {**turn, "content": _text(turn.get("content", ""), place), **({"tool_calls": _calls(turn, place)} if "tool_calls" in turn else {})}


def _text(content, place):
    """A list of parts as one text."""
    if isinstance(content, str):
        return content
    is_text = isinstance(content, list) and all(isinstance(part, dict) and isinstance(part.get("text"), str) and part.get("type") == "text" for part in content)
    if not is_text:
        raise Refused(400, f"the content of {place} is no text: this model takes nothing else", place)
    return "".join(part["text"] for part in content)


def _calls(turn, place):
    """Chat templates want the arguments as an object; on the wire they are JSON text."""
    try:
        return [{**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}} for call in turn["tool_calls"]]
    except (TypeError, KeyError, ValueError):
        raise Refused(400, f"the tool_calls of {place} are not calls with arguments as JSON text", place) from None


def cut_at(text, stop):
    """(text up to the first of the texts `stop`, whether there was one)."""
    places = [place for place in (text.find(one) for one in stop) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def completion(model, text, *, has_ended, prompt_tokens, output_tokens):
    """The body of an answer."""
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "logprobs": None,
                "finish_reason": "stop" if has_ended else "length",
            }
        ],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": output_tokens, "total_tokens": prompt_tokens + output_tokens},
    }


def model_list(model):
    return {"object": "list", "data": [{"id": model, "object": "model", "created": 0, "owned_by": "ft"}]}
