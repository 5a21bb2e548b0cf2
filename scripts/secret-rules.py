"""Makes data/secret-rules.json of gitleaks' published rules (MIT): python scripts/secret-rules.py <folder of the Go module>

    go mod download -json github.com/zricethezav/gitleaks/v8@v8.30.1     # prints Dir

Rules are kept that judge text; those that need a path are left out. Go's RE2 syntax becomes JavaScript's: inline flags that hold for a whole
pattern become its flags, others are written out as character classes.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

TARGET = Path(__file__).parent.parent / "data" / "secret-rules.json"
# Needs the words of source code around it (1,400 stop words), and still finds ordinary text; its kind is SEC008's and the reader's.
LEFT_OUT = {"generic-api-key"}
# Context before the keyword, matched lazily and not part of the secret: without it the pattern starts at the keyword, which is much faster.
LEADING_CONTEXT = r"[\w.-]{0,50}?"
FLAGS = re.compile(r"\(\?([a-z]*)(?:-([a-z]+))?([:)])")
POSIX = {"[:alnum:]": "a-zA-Z0-9", "[:alpha:]": "a-zA-Z", "[:digit:]": "0-9"}


def to_javascript(pattern: str) -> tuple[str, str]:
    """The pattern and its flags."""
    scopes = [{"i": False, "s": False}]
    pieces: list[tuple[str, bool]] = []
    at, in_class = 0, False
    while at < len(pattern):
        rest = pattern[at:]
        state = scopes[-1]
        if in_class and (posix := next((name for name in POSIX if rest.startswith(name)), None)):
            pieces.append((POSIX[posix], False))
            at += len(posix)
        elif rest.startswith("\\z"):
            pieces.append(("$", False))
            at += 2
        elif rest[0] == "\\":
            length = 4 if rest[1] == "x" else 2
            pieces.append((rest[:length], False))
            at += length
        elif in_class:
            if rest[0] == "]":
                in_class = False
            ranged = re.match(r"([a-zA-Z])-([a-zA-Z])", rest)
            if ranged and state["i"]:
                pieces.append((ranged[0], "class"))
                at += 3
            else:
                pieces.append((rest[0], "class" if state["i"] and rest[0].isalpha() else False))
                at += 1
        elif rest.startswith("(?P<"):
            pieces.append(("(?<", False))
            scopes.append(dict(state))
            name = rest[4 : rest.index(">") + 1]
            pieces.append((name, False))
            at += 4 + len(name)
        elif flags := FLAGS.match(rest):
            on, off, end = flags.groups()
            changed = {**state, **dict.fromkeys(on, True), **dict.fromkeys(off or "", False)}
            if end == ":":
                scopes.append(changed)
                pieces.append(("(?:", False))
            else:
                scopes[-1] = changed
            at += len(flags[0])
        elif rest[0] == "(":
            scopes.append(dict(state))
            pieces.append(("(", False))
            at += 1
        elif rest[0] == ")":
            scopes.pop()
            pieces.append((")", False))
            at += 1
        elif rest[0] == "[":
            in_class = True
            pieces.append(("[^" if rest.startswith("[^") else "[", False))
            at += len(pieces[-1][0])
        elif rest[0] == "." and state["s"]:
            pieces.append(("[\\s\\S]", False))
            at += 1
        else:
            pieces.append((rest[0], "letter" if state["i"] and rest[0].isalpha() else rest[0].isalpha() and "exact"))
            at += 1
    kinds = {kind for _, kind in pieces if kind}
    if kinds <= {"letter", "class"} and kinds and "(?-i:" not in pattern and pattern.startswith("(?i)"):
        return "".join(text for text, _ in pieces), "i"
    return "".join(written_out(text, kind) for text, kind in pieces), ""


def written_out(text: str, kind: str | bool) -> str:
    if kind == "letter":
        return f"[{text.lower()}{text.upper()}]"
    if kind == "class":
        return text.lower() + text.upper() if text.lower() != text.upper() else text
    return text


def allowed(lists: list[dict]) -> list[dict]:
    kept = []
    for each in lists:
        if each.get("paths") or each.get("commits"):
            continue
        entry = {"target": each.get("regexTarget", "secret")}
        if each.get("regexes"):
            entry["regexes"] = [to_javascript(regex) for regex in each["regexes"]]
        if each.get("stopwords"):
            entry["stopwords"] = [word.lower() for word in each["stopwords"]]
        if len(entry) > 1:
            kept.append(entry)
    return kept


def main() -> None:
    module = Path(sys.argv[1])
    config = tomllib.loads((module / "config" / "gitleaks.toml").read_text())
    rules = []
    for rule in config["rules"]:
        if "regex" not in rule or "path" in rule or rule["id"] in LEFT_OUT or not rule.get("keywords"):
            continue
        pattern, flags = to_javascript(rule["regex"].replace(LEADING_CONTEXT, "", 1))
        rules.append(
            {
                "id": rule["id"],
                "pattern": pattern,
                **({"flags": flags} if flags else {}),
                **({"entropy": rule["entropy"]} if "entropy" in rule else {}),
                **({"group": rule["secretGroup"]} if "secretGroup" in rule else {}),
                "keywords": [word.lower() for word in rule["keywords"]],
                **({"allow": kept} if (kept := allowed(rule.get("allowlists", []))) else {}),
            }
        )
    top = config.get("allowlist") or {}
    result = {
        "source": "gitleaks config/gitleaks.toml, by scripts/secret-rules.py",
        "version": module.name.split("@")[-1],
        "licence": " ".join((module / "LICENSE").read_text().split()),
        "allow": allowed([{"regexes": top.get("regexes", []), "stopwords": top.get("stopwords", [])}]),
        "rules": rules,
    }
    lines = ",\n".join("  " + json.dumps(rule, ensure_ascii=False) for rule in rules)
    head = {key: value for key, value in result.items() if key != "rules"}
    text = json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "rules": [\n' + lines + "\n ]\n}\n"
    TARGET.write_text(text)
    print(f"{len(rules)} rules")


main()
