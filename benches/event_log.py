"""Makes an event log (XES) of a random process with loops, parallel branches and rare paths, with
noise and with events that come twice. The same arguments give the same log on every machine.

    python3 benches/event_log.py OUT.xes.gz --cases 5000 --activities 24 --seed 7 --noise 0.1
"""

import argparse
import datetime
import gzip
import random


class Process:
    """A random tree; a leaf is a name, None is nothing."""

    def __init__(self, activities, seed):
        self.dice = random.Random(seed)
        self.names = [f"Activity {at:02d} of the process" for at in range(activities)]
        self.tree = self.part(self.names, 0)

    def part(self, names, depth):
        dice = self.dice
        if len(names) == 1:
            chance = dice.random()
            if chance < 0.12:
                return ("choice", [names[0], None], [1, dice.choice([1, 3, 9])])
            return ("loop", names[0], None) if chance < 0.18 else names[0]
        count = min(len(names), dice.choice([2, 2, 3, 4, 5]))
        cuts = [0, *sorted(dice.sample(range(1, len(names)), count - 1)), len(names)]
        parts = [names[begin:end] for begin, end in zip(cuts, cuts[1:])]
        weights = [5 if depth < 3 else 3, 3, 1.2, 1.2]
        kind = dice.choices(["sequence", "choice", "parallel", "loop"], weights)[0]
        if depth == 0 or kind == "sequence":
            return ("sequence", [self.part(part, depth + 1) for part in parts])
        if kind == "loop":
            middle = max(1, len(names) * 2 // 3)
            return ("loop", self.part(names[:middle], depth + 1),
                    self.part(names[middle:], depth + 1))
        children = [self.part(part, depth + 1) for part in parts]
        if kind == "parallel":
            return ("parallel", children)
        # A path of one in thirty is rare, and still there.
        return ("choice", children, [dice.choice([1, 5, 10, 30]) for _ in children])

    def run(self, tree, out):
        dice = self.dice
        if tree is None:
            return
        if isinstance(tree, str):
            out.append(tree)
            return
        kind, children, *rest = tree
        if kind == "sequence":
            for child in children:
                self.run(child, out)
        elif kind == "choice":
            self.run(dice.choices(children, rest[0])[0], out)
        elif kind == "loop":
            self.run(children, out)
            while dice.random() < 0.3:
                self.run(rest[0], out)
                self.run(children, out)
        else:
            queues = [[] for _ in children]
            for child, queue in zip(children, queues):
                self.run(child, queue)
            while queues := [queue for queue in queues if queue]:
                out.append(dice.choice(queues).pop(0))

    def case(self, noise):
        out = []
        self.run(self.tree, out)
        out = out or [self.names[0]]
        dice = self.dice
        while dice.random() < noise:
            at = dice.randrange(len(out))
            other = dice.randrange(len(out))
            match dice.choice(["lost", "swapped", "twice", "strange"]):
                case "lost" if len(out) > 1:
                    out.pop(at)
                case "swapped":
                    out[at], out[other] = out[other], out[at]
                case "twice":
                    out.insert(at, out[at])
                case _:
                    out.insert(at, dice.choice(self.names))
        return out


HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
"""


def write(path, cases, activities, seed, noise):
    process = Process(activities, seed)
    begin = datetime.datetime(2024, 1, 1)
    with (gzip.open if str(path).endswith(".gz") else open)(path, "wt") as out:
        out.write(HEAD)
        for case in range(cases):
            at = begin + datetime.timedelta(minutes=case)
            out.write(f'<trace><string key="concept:name" value="case {case}"/>\n')
            for name in process.case(noise):
                at += datetime.timedelta(seconds=process.dice.randrange(60, 90_000))
                out.write(f'<event><string key="concept:name" value="{name}"/><date '
                          f'key="time:timestamp" value="{at.isoformat()}+00:00"/></event>\n')
            out.write("</trace>\n")
        out.write("</log>\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out")
    arguments.add_argument("--cases", type=int, default=5_000)
    arguments.add_argument("--activities", type=int, default=24)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--noise", type=float, default=0.1)
    asked = arguments.parse_args()
    write(asked.out, asked.cases, asked.activities, asked.seed, asked.noise)


if __name__ == "__main__":
    main()
