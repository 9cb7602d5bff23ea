"""Compares CSV files by what they say: rows, columns and order, whatever their quoting and newlines.

usage: compare_csv.py FILE FILE...      exit code 1 at the first difference, told by place and without values
"""

import csv
import itertools
import sys


def main():
    names = sys.argv[1:]
    files = [open(name, encoding="utf-8", newline="") for name in names]
    n_rows = 0
    for first, *others in itertools.zip_longest(*map(csv.reader, files)):
        n_rows += 1
        for name, row in zip(names[1:], others):
            if row != first:
                sys.exit(f"compare_csv: row {n_rows} of {name} is not that of {names[0]}")
    print(f"compare_csv: {len(names)} files with the same {n_rows} rows", file=sys.stderr)


main()
