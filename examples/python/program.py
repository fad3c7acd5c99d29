"""A prompt program: the model fills in a form, chooses, and goes on in two directions at once.   program.py MODEL"""

import sys
from dataclasses import dataclass
from typing import Literal

import libinfer
from libinfer import assistant, gen, select, user


@dataclass
class City:
    country: Literal["Austria", "Brazil", "France", "Japan"]
    capital: bool
    river: Literal["Amazon", "Danube", "Seine", "Sumida"]


@libinfer.function
def guide(s, place):
    s += user(f"Describe {place}.")
    s += assistant(gen("city", schema=City, max_tokens=80))
    s += user("What is it better known for: food or museums?")
    food, museums = s.fork(2)
    s += assistant("It is known for " + select("known", ["food", "museums"]))
    food += assistant("The food: " + gen("food", stop="\n", max_tokens=20))  # both run at the same time
    museums += assistant("The museums: " + gen("museums", stop="\n", max_tokens=20))
    s.join(food, museums)


with libinfer.LLM(sys.argv[1], temperature=0) as llm:
    s = guide(llm, place="Paris")
    print(s.object("city"), s["known"], s["food"], s["museums"], sep="\n")
