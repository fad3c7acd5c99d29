"""Answers a question from the nearest of some texts.   rag.py MODEL [QUESTION]
(A language model's vectors are a rough measure; a model trained for it finds better.)"""

import sys

import libinfer

TEXTS = [
    "The lighthouse of Westhaven was built in 1874 and is 41 metres tall.",
    "Cats and dogs are popular pets all over the world.",
    "The bakery in Mill Street opens at seven and sells rye bread.",
]


def likeness(a, b):
    return sum(x * y for x, y in zip(a, b))  # vectors have length 1


with libinfer.LLM(sys.argv[1], temperature=0) as llm:
    question = sys.argv[2] if len(sys.argv) > 2 else "How tall is the lighthouse of Westhaven?"
    wanted = llm.embed(question)
    nearest = max(zip(llm.embed(TEXTS), TEXTS), key=lambda row: likeness(row[0], wanted))[1]
    print("from:", nearest)
    print(llm.chat(f"{nearest}\n\nAnswer from the text above: {question}", max_tokens=40))
