"""
Secrets of a run: a JSON object, name -> value, in a file that only its owner can read, outside the job folder. They go into the environment of
the steps and nowhere else; the Hub's token not even there, as every process of the same user could read it: the steps get the path of a file.
"""

import json
import os
import re
import stat
import tempfile

from .failures import Refusal

_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


class Secrets:
    """Read once, by the supervisor. Without a path: none. Raises Refusal; no message holds what the file says."""

    def __init__(self, path):
        self.path = path and os.path.abspath(path)
        self.values = _read(self.path) if path else {}
        self.token_file = None

    def environment(self, inherited):
        """`inherited` with the secrets in it."""
        if not self.values:
            return inherited
        token = next((self.values[name] for name in _TOKENS if name in self.values), None)
        environment = {**inherited, **self.values}
        if token is not None:
            for name in _TOKENS:
                environment.pop(name, None)
            environment["HF_TOKEN_PATH"] = self._write_token(token)
        return environment

    def remove(self, for_good):
        """The token's file goes at each end; what the launcher put there only when no further start of the job will look for it."""
        for path in (self.token_file, self.path if for_good else None):
            if path:
                try:
                    os.unlink(path)
                except OSError:
                    pass  # gone already, or mounted read-only: then it is its launcher's
        self.token_file = None

    def _write_token(self, token):
        if self.token_file is None:
            try:
                fd, self.token_file = _new_file(f"{self.path}.token")
            except OSError:  # a read-only mount
                fd, self.token_file = tempfile.mkstemp(prefix="ft-token.")
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(token)
        return self.token_file


def _new_file(path):
    """In place of what a killed supervisor left."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), path


def _read(path):
    here = os.path.realpath(".") + os.sep
    if os.path.realpath(path).startswith(here):
        raise Refusal("auth", f"the secrets' file lies in the job folder, which is copied and kept: {path}", "put it elsewhere")
    try:
        with open(path, encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise Refusal("auth", f"others can read the secrets' file {path} (mode {mode:04o})", f"chmod 600 {path}")
            values = json.load(file)
    except FileNotFoundError:
        hint = "`ft runs resume` puts it there again: it is removed when a run has ended"
        raise Refusal("auth", f"the secrets' file is not there: {path}", hint) from None
    except PermissionError:
        raise Refusal("permission", f"the secrets' file can't be read: {path}", "it must belong to the user that the run runs as") from None
    except ValueError:
        raise Refusal("auth", f"the secrets' file is no JSON: {path}", "it holds an object, name -> value") from None
    is_right = isinstance(values, dict) and all(re.fullmatch(r"[A-Za-z_]\w*", name) and isinstance(value, str) for name, value in values.items())
    if not is_right:
        raise Refusal("auth", f"the secrets' file is not an object of names and texts: {path}", "it holds an object, name -> value")
    return values
