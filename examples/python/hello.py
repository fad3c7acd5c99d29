"""One question, one answer.   hello.py MODEL [QUESTION]"""

import sys

import libinfer

with libinfer.LLM(sys.argv[1], temperature=0) as llm:
    question = sys.argv[2] if len(sys.argv) > 2 else "Name the capital of France."
    print(llm.chat(question, max_tokens=60))
