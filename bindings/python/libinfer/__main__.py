"""python -m libinfer chat FILE: a conversation in the terminal. options, devices: what there is."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Callable

from . import LLM, Error, Runtime, options, version


def settings(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    return {key: value for key, _, value in pairs}


def typed(given: dict[str, str]) -> dict[str, Any]:
    """Values by the type of their option; what the table does not have stays text."""
    kinds = {o.key: o.type for o in options()}
    as_type: dict[str, Callable[[str], Any]] = {"int": int, "num": float, "bool": lambda text: text in ("true", "1", "yes")}
    return {key: as_type.get(kinds.get(key, ""), str)(value) for key, value in given.items()}


def chat(path: str, system: str, given: dict[str, Any]) -> None:
    with LLM(path, **given) as llm:
        messages: list[dict[str, str]] = [{"role": "system", "content": system}] if system else []
        print("An empty line, or the end of the input, ends it; Ctrl-C stops an answer.", file=sys.stderr)
        while True:
            try:
                text = input("> ")
            except (EOFError, KeyboardInterrupt):
                return
            if not text:
                return
            messages.append({"role": "user", "content": text})
            answer = ""
            try:
                for chunk in llm.chat(messages, stream=True):
                    answer += chunk.text
                    print(chunk, end="", flush=True)
            except KeyboardInterrupt:
                pass
            print()
            messages.append({"role": "assistant", "content": answer})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m libinfer", description=f"libinfer {version()}")
    verbs = parser.add_subparsers(dest="verb", required=True)
    talk = verbs.add_parser("chat", help="a conversation with a model")
    talk.add_argument("file")
    talk.add_argument("--system", default="", help="system message")
    talk.add_argument("-o", "--option", action="append", default=[], metavar="KEY=VALUE", help="any option")
    verbs.add_parser("options", help="all options")
    verbs.add_parser("devices", help="devices and backends")
    args = parser.parse_args()
    try:
        if args.verb == "chat":
            chat(args.file, args.system, typed(settings(args.option)))
        elif args.verb == "options":
            for o in options():
                print(f"{o.key} ({o.type}{', ' + o.range if o.range else ''}; {o.scope}; default {o.default!r}): {o.help}")
        else:
            with Runtime() as runtime:
                for d in runtime.devices():
                    print(f"{d['backend']}: {d['name']} ({d['features']})")
                for b in runtime.backends():
                    print(f"backend {b['name']} from {b['path']}: {b['note']}")
    except Error as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
