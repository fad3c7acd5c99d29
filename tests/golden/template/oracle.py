"""The oracle for chat templates: jinja2 as Hugging Face transformers sets it up (utils/chat_template_utils.py)."""
import datetime
import functools
import json

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = 1753966800  # 2025-07-31 13:00:00 UTC


class AssistantTracker(Extension):
    """{% generation %}: notes where in the rendering, in characters, the blocks' texts stand. As transformers does it, with what
    follows from that: nothing is noted for a block before which nothing was written, and the places are wrong for blocks
    that are not written directly (inside a macro, a set or filter block)."""

    tags = {"generation"}

    def __init__(self, environment):
        super().__init__(environment)
        environment.extend(tracker=self)
        self.blocks, self.indices = None, None

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_generation_support"), [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def _generation_support(self, context, caller):
        text = caller()
        if self.blocks or self.indices:
            start = len("".join(self.blocks))
            self.indices.append((start, start + len(text)))
        return text

    def render(self, template, variables):
        self.blocks, self.indices = [], []
        try:
            for block in template.generate(variables):
                self.blocks.append(block)
            return "".join(self.blocks), self.indices
        finally:
            self.blocks, self.indices = None, None


class TemplateDict:
    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)


class TemplateNamespace(jinja2.utils.Namespace):
    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        attributes = dict(*args, **kwargs)
        for name in attributes:
            TemplateNamespace._check_name(name)
        jinja2.utils.Namespace.__init__(self, attributes)

    def __setitem__(self, name, value):
        TemplateNamespace._check_name(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def _check_name(name):
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError(f"underscore-prefixed attribute {name!r} on a namespace")


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[AssistantTracker, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda f: datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).replace(tzinfo=None).strftime(f)
    env.globals["dict"] = TemplateDict()
    env.globals["namespace"] = TemplateNamespace
    return env


ENV = environment()


@functools.lru_cache(maxsize=8)
def compiled(source):
    return ENV.from_string(source)


def in_bytes(text, indices):
    """Sorted, disjoint byte ranges, without the empty ones."""
    out = []
    for begin, end in sorted(indices):
        begin, end = (len(text[:i].encode("utf-8", "surrogatepass")) for i in (begin, end))
        if begin == end:
            continue
        if out and out[-1][1] >= begin:
            out[-1][1] = max(end, out[-1][1])
        else:
            out.append([begin, end])
    return out


def render(case):
    """{"text": ...}, with "generated" where there are such blocks, or {"error": ...} for a case in render_json's form."""
    try:
        template = compiled(case["template"])
        variables = {
            "messages": case.get("messages", []),
            "tools": None,
            "documents": None,
            "add_generation_prompt": case.get("add_generation_prompt", True),
            "bos_token": case.get("bos_token", ""),
            "eos_token": case.get("eos_token", ""),
            **case.get("extra", {}),
        }
        text, indices = ENV.tracker.render(template, variables)
        return {"text": text, **({"generated": in_bytes(text, indices)} if indices else {})}
    except Exception as e:  # whatever Python raises is a failed rendering
        return {"error": f"{type(e).__name__}: {e}", "raised": type(e) is jinja2.exceptions.TemplateError}
