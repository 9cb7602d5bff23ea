"""Asks Renkei, croniter, holidays and jpholiday the same questions. See scripts/compare-calendars."""

import datetime
import json
import random
import re
import subprocess
import sys
from importlib.metadata import version

import holidays
import jpholiday
from croniter import croniter
from croniter.croniter import CroniterBadCronError, CroniterBadDateError

YEARS = range(2020, 2031)
N_TIMES = 8
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEK = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

# Written by people, and at the edges: leap days, month and year ends, both day fields, Sunday by both numbers.
WRITTEN = """
* * * * * | */5 * * * * | 0 0 * * * | 30 21 * * 1-5 | 0 3 * * 0 | 0 3 * * 7 | 0 3 * * sun | 0 0 1 * * | 0 0 31 * *
0 0 30 * * | 0 0 29 2 * | 59 23 31 12 * | 0 0 1 1 * | 0 0 1 4 * | 0 9 13 * 5 | 0 9 13 * fri | 0 9 1,15 * mon-wed
0 9 * * fri-sun | 15,45 8-20/2 * * mon-fri | 0-59/7 1-23/5 */3 * * | 0 0 */2 * * | 0 0 * */5 * | 0 0 * * */2
0 0 28-31 2 * | 5 4 31 1,3,5 * | 0 12 * jan,DEC Mon | 0 0 1-31 * 1 | 0 0 10 * 0,7 | 0 0 * * 5-7 | 0 22 * * 1,3,5
"""

# What Renkei refuses on purpose, by the words of the refusal; each with the reason.
REFUSED = {
    "in one of day-of-month and day-of-week": "refused: */n beside a limited day field: croniter runs on either day, Vixie cron on both",
    "no year has such a day": "refused: croniter refuses it too, when asked for a time",
}

# croniter takes a range of one value, 5-5, for the whole field; Vixie cron takes it for the value.
ONE_VALUE = re.compile(r"\b(\w+)-\1(?:/\d+)?(?!\w)")
ONE_VALUE_WHY = "a range of one value, n-n, is every value for croniter; written as n it agrees"


def ask(program, questions):
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    answers = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in answers.splitlines()]


def item(draw, low, high, names):
    def shown(value, by_name):
        return names[value - low] if by_name and names else str(value)

    kind, by_name = draw.random(), draw.random() < 0.5
    one, other = sorted(draw.choices(range(low, high + 1), k=2))
    if kind < 0.5:
        return shown(one, by_name)
    if kind < 0.75:
        return f"{shown(one, by_name)}-{shown(other, by_name)}"
    if kind < 0.9:
        return f"{one}-{other}/{draw.randint(1, 7)}"
    return f"*/{draw.randint(1, 9)}"


def expression(draw):
    def field(low, high, names=None):
        if draw.random() < 0.4:
            return "*"
        return ",".join(item(draw, low, high, names) for _ in range(draw.randint(1, 3)))

    return " ".join([field(0, 59), field(0, 23), field(1, 31), field(1, 12, MONTHS), field(0, 6, WEEK)])


def by_croniter(text, after):
    try:
        # Far enough for 29 February and for days that meet a month rarely.
        times = croniter(text, after, max_years_between_matches=45)
        return [times.get_next(datetime.datetime).isoformat() for _ in range(N_TIMES)]
    except (CroniterBadCronError, CroniterBadDateError) as error:
        return {"refused": str(error)}


def compare_cron(program, n_random, seed):
    draw = random.Random(seed)
    texts = [text.strip() for line in WRITTEN.strip().splitlines() for text in line.split("|")]
    texts += [expression(draw) for _ in range(n_random)]
    first = datetime.datetime(2019, 12, 31)
    afters = [first + datetime.timedelta(seconds=draw.randrange(11 * 366 * 86_400)) for _ in texts]
    questions = [{"cron": t, "after": a.isoformat(), "n": N_TIMES} for t, a in zip(texts, afters)]
    differences, explained = [], {}
    for text, after, ours in zip(texts, afters, ask(program, questions)):
        if isinstance(ours, dict):
            reason = next((why for words, why in REFUSED.items() if words in ours["refused"]), None)
            if reason is None:
                differences.append(f"cron {text!r}: refused, {ours['refused']}")
            else:
                explained[reason] = explained.get(reason, 0) + 1
            continue
        theirs = by_croniter(text, after)
        if ours != theirs and ONE_VALUE.search(text) and ours == by_croniter(ONE_VALUE.sub(r"\1", text), after):
            explained[ONE_VALUE_WHY] = explained.get(ONE_VALUE_WHY, 0) + 1
        elif ours != theirs:
            differences.append(f"cron {text!r} after {after}: {ours} here, {theirs} by croniter")
    print(f"cron: {len(texts)} expressions, {N_TIMES} times each, with croniter {version('croniter')}")
    for reason, count in explained.items():
        print(f"  on purpose, {count}: {reason}")
    return differences


def compare_holidays(program):
    differences = []
    n_days = 0
    for year, ours in zip(YEARS, ask(program, [{"holidays": year} for year in YEARS])):
        here = {day for day, _, _ in ours}
        n_days += len(here)
        others = {
            "holidays": {day.isoformat() for day in holidays.Japan(years=year)},
            "jpholiday": {day.isoformat() for day, _ in jpholiday.year_holidays(year)},
        }
        for package, days in others.items():
            differences += [f"{package}: {day} is a holiday there, not here" for day in sorted(days - here)]
            differences += [f"{package}: {day} is a holiday here, not there" for day in sorted(here - days)]
        # jpholiday names days in Japanese: the kind and name must be the same too.
        names = {day.isoformat(): name for day, name in jpholiday.year_holidays(year)}
        for day, kind, name in ours:
            there = names.get(day, "")
            same = {"National": there == name, "Substitute": "振替休日" in there, "Citizens": "国民の休日" in there}
            if not same[kind]:
                differences.append(f"jpholiday: {day} is {there!r} there, {kind} {name!r} here")
    print(
        f"holidays: {YEARS[0]}-{YEARS[-1]}, {n_days} days, with holidays {version('holidays')}"
        f" and jpholiday {version('jpholiday')}"
    )
    return differences


def main():
    program, n_random, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    differences = compare_cron(program, n_random, seed) + compare_holidays(program)
    for difference in differences:
        print(f"DIFFERS {difference}")
    print(f"{len(differences)} unexplained differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
