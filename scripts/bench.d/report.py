"""Turns measured figures into a Markdown report: medians, ratios, goals.

usage: report.py RESULTS MACHINE RESIDENTS SMALL MOVES
       RESULTS  JSON lines of measure.py
       MACHINE  facts about the machine, one a line: date, processor, cores, memory, versions, load
"""

import json
import statistics
import sys
from collections import defaultdict

CASES = {
    "full": "full, UTF-8, with SHA-256",
    "full-cp932": "full, CP932, with SHA-256",
    "load": "first load, 160 items a row",
    "apply": "apply {moves} moves as one set",
    "diff": "diff of {moves} moves",
    "judge": "judge a full: fields, digests, keys, state",
    "compare": "compare two fulls, rows in any order",
}
PEERS = {
    "renkei": "renkei",
    "postgresql": {"full": "PostgreSQL COPY + openssl dgst", "load": "PostgreSQL COPY FROM"},
    "postgresql+iconv": "PostgreSQL COPY + iconv + openssl dgst",
    "qsv": {"judge": "qsv validate, JSON schema", "compare": "qsv diff"},
    "sqlite3": "sqlite3 .mode csv + openssl dgst",
}
MEMORY_MIB = 64


class Figures:
    """The medians of each case, program and town."""

    def __init__(self, path):
        rounds = defaultdict(list)
        with open(path, encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                rounds[line["case"], line["who"], line["residents"]].append(line)
        self.n_rounds = max(map(len, rounds.values()))
        self.medians = {
            key: {name: statistics.median(line[name] for line in lines) for name in ("wall_s", "cpu_s", "peak_kib")}
            for key, lines in rounds.items()
        }

    def of(self, case, who, residents, figure="wall_s"):
        return self.medians[case, who, residents][figure]


def table(head, lines):
    rows = [head, ["---"] + ["---:"] * (len(head) - 1), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def measured(figures, moves):
    lines = []
    for case, title in CASES.items():
        for (found, who, residents), of in sorted(figures.medians.items(), key=lambda line: (-line[0][2], line[1]["wall_s"])):
            if found != case:
                continue
            ours = figures.of(case, "renkei", residents)
            name = PEERS[who] if isinstance(PEERS[who], str) else PEERS[who][case]
            lines.append([
                title.format(moves=f"{moves:,}"),
                f"{residents:,}",
                name,
                f"{of['wall_s']:.2f}",
                f"{of['cpu_s']:.2f}",
                f"{of['peak_kib'] / 1024:.0f}",
                f"{of['wall_s'] / ours:.2f} ×",
                f"{of['cpu_s'] / figures.of(case, 'renkei', residents, 'cpu_s'):.2f} ×",
            ])
    return table(["case", "residents", "program", "wall s", "user + system s", "peak MiB", "wall, renkei = 1", "user + system, renkei = 1"], lines)


def goals(figures, residents, small, moves):
    """What was promised, what came out, and whether it is enough."""
    ours = lambda case, n=residents, figure="wall_s": figures.of(case, "renkei", n, figure)
    against = lambda case, who: figures.of(case, who, residents) / ours(case)
    peaks = [ours("full", n, "peak_kib") / 1024 for n in (residents, small)]
    rate = moves / ours("apply")
    growth = {figure: ours("diff", residents, figure) / ours("diff", small, figure) for figure in ("wall_s", "cpu_s")}
    lines = [
        ("full against COPY + openssl dgst", "≥ 2.5 ×", f"{against('full', 'postgresql'):.2f} ×", against("full", "postgresql") >= 2.5),
        ("full against sqlite3 CSV + openssl dgst", "≥ 6 ×", f"{against('full', 'sqlite3'):.2f} ×", against("full", "sqlite3") >= 6),
        (f"full, peak memory at {residents:,}", f"≤ {MEMORY_MIB} MiB", f"{peaks[0]:.0f} MiB", peaks[0] <= MEMORY_MIB),
        (f"full, peak memory against {small:,}", "≤ 1.10 ×", f"{peaks[0] / peaks[1]:.2f} ×", peaks[0] <= peaks[1] * 1.1),
        (f"diff, user + system time against {small:,}", "≤ 1.20 ×", f"{growth['cpu_s']:.2f} ×", growth["cpu_s"] <= 1.2),
        (f"diff, wall time against {small:,}", "≤ 1.20 ×", f"{growth['wall_s']:.2f} ×", growth["wall_s"] <= 1.2),
        (f"apply, {moves:,} moves as one set", "≥ 10,000 moves/s", f"{rate:,.0f} moves/s", rate >= 10_000),
        ("first load against COPY FROM", "≥ 1.0 ×", f"{against('load', 'postgresql'):.2f} ×", against("load", "postgresql") >= 1),
    ]
    # qsv is measured where it is there.
    has_qsv = ("judge", "qsv", residents) in figures.medians
    memory = lambda: figures.of("compare", "qsv", residents, "peak_kib") / ours("compare", residents, "peak_kib")
    for goal, wanted, figure in (
        ("judging a full against qsv validate", 4, lambda: against("judge", "qsv")),
        ("comparing two fulls against qsv diff", 3, lambda: against("compare", "qsv")),
        ("comparing, memory of qsv diff against ours", 3, memory),
    ):
        found = figure() if has_qsv else None
        lines.append((goal, f"≥ {wanted} ×", f"{found:.2f} ×" if has_qsv else "no qsv here", has_qsv and found >= wanted))
    word = lambda measured, is_met: "met" if is_met else "not shown" if measured == "no qsv here" else "**missed**"
    return table(["goal", "wanted", "measured", ""], [[*line, word(line[-1], is_met)] for *line, is_met in lines])


def main():
    results, machine, *numbers = sys.argv[1:]
    residents, small, moves = map(int, numbers)
    figures = Figures(results)
    with open(machine, encoding="utf-8") as lines:
        date, cpu, cores, memory, system, *versions, load = map(str.strip, lines)
    rounds = "one round" if figures.n_rounds == 1 else f"medians of {figures.n_rounds} rounds"
    print(f"{date}; {cpu}, {cores} cores, {memory}, {system}; {', '.join(versions)}; {rounds}; load at the end {load}.\n")
    print(measured(figures, moves))
    print()
    print(goals(figures, residents, small, moves))
    print("""
Ours include process start, recovery, the state digest, the notice, every fsync and the database's seal; the peers'
neither fsync a file nor say what is in it. Same rows, columns and order, compared field by field once. Ours ends lines with
CR LF, COPY with LF; sqlite3 quotes only where it must. PostgreSQL's memory is its backend's own, without shared buffers;
its checkpointer and WAL writer are not counted. Its SJIS encoding stops at the first character that CP932 lacks, and iconv
writes ? for them; ours degrades by a declared map and lists each. Renkei works on up to three threads: where other programs
share the cores, its wall time suffers more than that of one thread, and the last column is nearer to the truth.""")


main()
