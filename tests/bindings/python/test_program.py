"""Prompt programs, and types as schemas."""

import enum
import json
from dataclasses import dataclass, field
from typing import Dict, List, Literal, Optional, Tuple, Union

import pytest
from conftest import Golden, tiny_path

import libinfer
from libinfer import assistant, gen, schema, select, system, user


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: int = 0


@dataclass
class Shape:
    kind: Literal["circle", "square"]
    at: Point
    colour: Colour
    more: List[Point] = field(default_factory=list)
    name: Optional[str] = None
    pair: Optional[Tuple[int, bool]] = None
    by_name: Dict[str, int] = field(default_factory=dict)


def test_schema_takes_what_it_should():
    import importlib.util

    made = schema.schema(Shape)
    assert made["required"] == ["kind", "at", "colour"] and made["properties"]["at"]["required"] == ["x"]
    assert made["properties"]["pair"]["anyOf"][0]["maxItems"] == 2
    text = '{"kind": "circle", "at": {"x": 1}, "colour": "blue", "more": [{"x": 2, "y": 3}], "pair": [4, true], "by_name": {"a": 1}}'
    shape = schema.parse(Shape, text)
    assert shape == Shape("circle", Point(1), Colour.BLUE, [Point(2, 3)], None, (4, True), {"a": 1})
    assert schema.parse(Union[int, Point], '{"x": 1}') == Point(1)
    with pytest.raises(ValueError):
        schema.schema(object)
    assert importlib.util.find_spec("pydantic")
    import pydantic

    class Model(pydantic.BaseModel):
        a: int
        b: List[str]

    assert schema.parse(Model, '{"a": 1, "b": ["x"]}') == Model(a=1, b=["x"])
    assert schema.schema(Model)["properties"]["a"]["type"] == "integer"


@libinfer.function
def program(s, n):
    s += system("Be brief.")
    s += user(f"Number {n}.")
    s += assistant("It is " + gen("digits", regex="[0-9]{3}") + "!")
    s += user("And?")
    left, right = s.fork(2)
    left += assistant(gen("point", schema=Point, max_tokens=60))
    right += assistant(select("word", ["yes", "no"]))
    s.join(left, right)


def test_program(llm):
    s = program(llm, n=7)
    assert len(s["digits"]) == 3 and s["digits"].isdigit() and s["word"] in ("yes", "no")
    assert s.object("point") == Point(**json.loads(s["point"]))
    # The text is the template's (ChatML), with the assistant's own words in its turn.
    assert s.text() == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nNumber 7.<|im_end|>\n"
        f"<|im_start|>assistant\nIt is {s['digits']}!<|im_end|>\n<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n"
    )
    with pytest.raises(FileNotFoundError):
        s["nothing"]
    with pytest.raises(ValueError):
        s.object("digits")
    with pytest.raises(ValueError, match="max_tokens"):
        schema.parse(Point, '{"x": 1')
    assert [x["digits"] for x in program.run_batch(llm, [{"n": 7}] * 6)] == [s["digits"]] * 6


def test_gen_goes_on_as_the_golden_model_does(llm):
    golden = Golden("tiny/llama.golden")
    tokens = golden.ids("tokens")[: int(golden.fields["prompt"])]
    text = llm.model.decode(tokens)
    want = llm.generate(text, max_tokens=20, ignore_end=True, prompt_special=False).text

    @libinfer.function
    def go_on(s):
        s += text + gen("first", max_tokens=10, ignore_end=True)
        s.streamed = "".join(map(str, s.stream(gen("second", max_tokens=10, ignore_end=True))))

    s = go_on(llm)
    assert s.streamed == s["second"]
    assert s["first"] and want.startswith(s["first"][:-2]) and s.text() == text + s["first"] + s["second"]


def test_mistakes(llm):
    with pytest.raises(ValueError):
        libinfer.function(lambda s: s.__iadd__(user(gen("x"))))(llm)
    with pytest.raises(ValueError, match="began with text"):
        libinfer.function(lambda s: s.__iadd__("text" + user("x")))(llm)
    with pytest.raises(FileNotFoundError, match="no option"):
        gen("x", temperatur=1)
    with pytest.raises(TypeError):
        libinfer.function(lambda s: s.__iadd__(5))(llm)
