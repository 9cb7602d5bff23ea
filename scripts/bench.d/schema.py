"""Makes a JSON schema of a layout of items, for a peer that validates CSV: length, digits, days, flags, presence.

usage: schema.py LAYOUT.TOML ITEMS.CSV FULL.CSV > SCHEMA.JSON

It asks less than the layout does: no code tables, check digits or days that do not exist.
"""

import csv
import json
import sys
import tomllib

PATTERNS = {
    "num": "^[0-9]*$",
    "int": "^([1-9][0-9]{0,8}|0)?$",
    "date": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$",
    "time": "^([0-9]{2}:[0-9]{2}:[0-9]{2})?$",
    "flag": "^[01]?$",
}


def main():
    layout_path, items_path, full_path = sys.argv[1:]
    with open(items_path, encoding="utf-8", newline="") as lines:
        items = {line["id"]: line for line in csv.DictReader(lines)}
    with open(layout_path, "rb") as file:
        layout = tomllib.load(file)
    with open(full_path, encoding="utf-8-sig", newline="") as lines:
        headers = next(csv.reader(lines))
    columns = layout.get("items") or [column.get("item") for column in layout["column"]]
    if len(columns) != len(headers):
        sys.exit(f"schema: {len(columns)} columns declared, {len(headers)} in the file")
    properties = {}
    for header, column in zip(headers, columns):
        item = items.get(column, {})
        rule = {"type": ["string", "null"]}
        if item.get("max_chars"):
            rule["maxLength"] = int(item["max_chars"])
        if item.get("type") in PATTERNS:
            rule["pattern"] = PATTERNS[item["type"]]
        properties[header] = rule
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties}
    json.dump(schema | {"required": headers}, sys.stdout, ensure_ascii=False)


main()
