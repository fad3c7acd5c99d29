"""A conversation that streams.   chat.py MODEL   (python -m libinfer chat MODEL does more)"""

import sys

import libinfer

messages = [{"role": "system", "content": "You are a helpful assistant."}]
with libinfer.LLM(sys.argv[1]) as llm:
    for line in sys.stdin:
        messages.append({"role": "user", "content": line.strip()})
        answer = ""
        for chunk in llm.chat(messages, stream=True, max_tokens=60):
            answer += chunk.text
            print(chunk, end="", flush=True)
        print()
        messages.append({"role": "assistant", "content": answer})
