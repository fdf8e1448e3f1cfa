"""Workload with a large live heap: builds, dumps, reads back and sorts records, a few times."""

import json


class Point:
    def __init__(self, number, name):
        self.number = number
        self.name = name


def make_records(count):
    return [
        {
            "id": number,
            "name": "n%d" % number,
            "values": [number, number * 2, str(number)],
            "tags": {"first": number, "rest": [str(number)] * 3},
        }
        for number in range(count)
    ]


def work(count):
    read_back = json.loads(json.dumps(make_records(count)))
    read_back.sort(key=lambda record: (record["name"], record["id"]))
    points = [Point(record["id"], record["name"]) for record in read_back]
    groups = {}
    for point in points:
        groups.setdefault(point.name[:3], []).append((point.number, point.name.upper() + "x"))
    return sum(len(group) for group in groups.values())


for _ in range(4):
    assert work(12000) == 12000
