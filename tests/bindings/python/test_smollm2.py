"""A real model: what Hugging Face transformers computes, and that an answer makes sense."""

import json
import os
import subprocess
import sys

import pytest
from conftest import GOLDEN, Golden

import libinfer

MODEL = os.environ.get("INFER_SMOLLM2", "")


@pytest.mark.parametrize("device", ["reference"])
def test_greedy(device):
    assert MODEL, "configure with -DINFER_SMOLLM2=FILE"
    golden = Golden("smollm2/greedy_0.golden")
    with libinfer.LLM(MODEL, device=device, temperature=0) as llm:
        messages = [("user", "text", golden.fields["user"])]
        assert llm.model.render(messages) == json.loads(golden.fields["rendered"])
        out = llm.chat(golden.fields["user"])
        assert out.prompt_token_ids == golden.ids("prompt") and out.outputs[0].token_ids == golden.ids("greedy")
        assert out.text == "The capital of France is Paris." and out.outputs[0].finish_reason == "stop"


def test_tools():
    parameters = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "description": "the weather of a city", "parameters": parameters}}]
    with libinfer.LLM(MODEL, temperature=0) as llm:
        asked = {"messages": [{"role": "user", "content": "How is the weather in Rome?"}], "max_tokens": 60}
        message = llm.chat_completion(tools=tools, tool_choice="required", **asked).choices[0].message
        assert message.tool_calls[0].function.name == "weather"
        assert json.loads(message.tool_calls[0].function.arguments)["city"] in ("Paris", "Rome")


def test_paris():
    with libinfer.LLM(MODEL, temperature=0) as llm:
        assert "Paris" in llm.chat("Name the capital of France.", max_tokens=30).text
        right, wrong = llm.score("The capital of France is", [" Paris", " purple"])
        assert right.mean > wrong.mean + 3


EXAMPLES = [
    ("hello", "", "Paris"), ("chat", "Say hello.\n", ""), ("rag", "", "from: The lighthouse"), ("program", "", "City(country='France'"), ("many", "", "France. "),
]  # fmt: skip


@pytest.mark.parametrize("name, given, expected", EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_example(name, given, expected):
    folder = GOLDEN.parents[1] / "examples" / "python"
    assert {p.stem for p in folder.glob("*.py")} == {e[0] for e in EXAMPLES}
    assert len((folder / f"{name}.py").read_text().splitlines()) < 60
    done = subprocess.run([sys.executable, folder / f"{name}.py", MODEL], input=given, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and expected in done.stdout and len(done.stdout) > 3, done.stderr
