"""_core.pyi says what the extension has: every class, method and parameter name, and nothing else."""

import ast
import pathlib
import re

import pytest

import libinfer
from libinfer import _core

TREE = ast.parse((pathlib.Path(libinfer.__file__).parent / "_core.pyi").read_text())
CLASSES = {n.name: n for n in TREE.body if isinstance(n, ast.ClassDef)}
COMMON = {f.name for f in CLASSES["_Object"].body if isinstance(f, ast.FunctionDef)}
# Members of every class of an extension.
PLAIN = {"__init__", "__buffer__", "__doc__", "__module__", "_pybind11_conduit_v1_"}


def functions(body):
    return {f.name: f for f in body if isinstance(f, ast.FunctionDef)}


def parameters(function):
    """Of the stub; defaults as source."""
    names = [a.arg for a in function.args.args if a.arg != "self"]
    defaults = [None] * (len(names) - len(function.args.defaults)) + [ast.unparse(d) for d in function.args.defaults]
    return list(zip(names, defaults))


def real_parameters(method):
    """Of the signature that pybind11 writes into the docstring."""
    inside = re.match(r"\w+\((.*)\) -> ", method.__doc__)[1]
    found = re.findall(r"(\w+): (?:[^,=\[\]]|\[[^\]]*\])+(?:= ([^,]+))?", inside)
    return [(name, default or None) for name, default in found if name != "self"]


@pytest.mark.parametrize("name", [n for n in CLASSES if n != "_Object"])
def test_class(name):
    stub, real = functions(CLASSES[name].body), getattr(_core, name)
    derived = any(isinstance(b, ast.Name) and b.id == "_Object" for b in CLASSES[name].bases)
    assert {m for m in vars(real)} - PLAIN == (set(stub) | (COMMON if derived else set())) - PLAIN
    for method, function in stub.items():
        is_property = any(isinstance(d, ast.Name) and d.id == "property" for d in function.decorator_list)
        member = vars(real).get(method)
        if is_property:
            assert isinstance(member, property)
        elif member is not None and not method.startswith("__"):
            found = real_parameters(member)
            if all(n != "arg0" for n, _ in found):
                assert parameters(function) == found, method


def test_functions():
    stub = functions(TREE.body)
    real = {n for n, v in vars(_core).items() if callable(v) and not isinstance(v, type) and not n.startswith("_")}
    assert set(stub) == real
    assert set(CLASSES) - {"_Object"} == {n for n, v in vars(_core).items() if isinstance(v, type)}
    assert parameters(stub["wait_any"]) == real_parameters(_core.wait_any)
