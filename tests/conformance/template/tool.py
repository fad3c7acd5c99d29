"""render_json as a function, and when its answer agrees with the oracle's."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "golden" / "template"))


class Tool:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def render(self, case):
        """{"text": ..., "trusted": [[begin, end], ...], "generated": ...} or {"error": ..., "hint": ..., "refused": bool}"""
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def agree(ours, theirs):
    """The same text; or both fail, and with the same words where the template raised them."""
    if "text" in theirs:
        return ours.get("text") == theirs["text"]
    if "error" not in ours:
        return False
    return not theirs.get("raised") or ours["error"] == theirs["error"].split(": ", 1)[1]
