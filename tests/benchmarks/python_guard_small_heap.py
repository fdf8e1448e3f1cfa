"""Workload with a small live heap: many short-lived objects, calls, strings and small documents."""

import json
import re


def round_trips(count):
    total = 0
    for number in range(count):
        text = json.dumps({"a": number, "b": [number, str(number)], "c": (number, number + 1.5)})
        total += len(text) + len(json.loads(text))
    return total


def fibonacci(number):
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


class Sum:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Sum(self.value + other.value)


def add_objects(count):
    total = Sum(0)
    for number in range(count):
        total = total + Sum(number)
    return total.value


def split_texts(count):
    return sum(len(("%d,%s" % (i, "x" * (i % 50))).split(",")[1]) for i in range(count))


assert round_trips(15000) > 0
assert fibonacci(21) == 10946
assert add_objects(100000) == 4999950000
assert split_texts(100000) == 2450000
words = " ".join("w%d" % (number % 777) for number in range(30000))
assert len(sorted(re.findall(r"\w+", words))) == 30000
