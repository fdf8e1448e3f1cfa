"""Holds the YAML files of a folder against its schema.json with jsonschema: right-*.yaml must
pass, wrong-*.yaml must not. Exit status 0 when all do as their names say, 77 when the modules are
missing; without a folder it only looks for them."""
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError:
    sys.exit(77)

if len(sys.argv) < 2:
    sys.exit(0)

folder = pathlib.Path(sys.argv[1])
schema = json.loads((folder / "schema.json").read_text())
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
failures = 0
files = sorted(folder.glob("*.yaml"))
for path in files:
    errors = list(validator.iter_errors(yaml.safe_load(path.read_text())))
    if bool(errors) == path.name.startswith("right-"):
        failures += 1
        print(path.name, [error.message for error in errors], path.read_text(), file=sys.stderr)
sys.exit(1 if failures or not files else 0)
