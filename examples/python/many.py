"""Many requests at once from one coroutine loop.   many.py MODEL"""

import asyncio
import sys

import libinfer


async def ask(llm, question):
    text = ""
    async for chunk in llm.achat(question, stream=True, max_tokens=16):
        text += chunk.text
    print(f"{question} {text.strip()!r}")


async def main():
    with libinfer.LLM(sys.argv[1], temperature=0) as llm:
        cities = ["France", "Italy", "Spain", "Japan"]
        await asyncio.gather(*(ask(llm, f"Name the capital of {city}.") for city in cities))


asyncio.run(main())
