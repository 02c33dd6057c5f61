"""What every peer does: sets itself up by the first line, then works once for each further line and answers."""

import json
import sys
import time


def serve(setup, works):
    """`setup` gets the first line and returns what to answer; `works` are functions by name, each timed in ms."""
    answer(setup(json.loads(sys.stdin.readline())))
    for line in sys.stdin:
        work = works[json.loads(line)]
        begun = time.perf_counter()
        result = work()
        ms = (time.perf_counter() - begun) * 1000
        answer({"ms": ms, "result": result})


def answer(value):
    print(json.dumps(value), flush=True)
