# json: both ways, nested values, escapes, sorted keys, a broken document.
import builtins
import json


def main():
    values = [1, 2.5, None, True, {"deep": ["é", "\n"]}]
    document = {"name": "dearth", "list": values, "big": 10**20}
    text = json.dumps(document, sort_keys=True)
    again = json.loads(text)
    try:
        json.loads('{"open": [1, 2')
    except json.JSONDecodeError as error:
        where = error.pos
    print(text, again == document, where, json.dumps([1, [2]], indent=1).split())


builtins.workload = main  # the script is: workload()
