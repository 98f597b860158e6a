"""Compares `grevy track discover` with pm4py on event logs, in one run.

    pip install pm4py
    cargo build --release --package grevy-cli
    python3 benches/mining.py LOG.xes.gz ...        or: cargo xtask lab mining

Without a log it takes those of `GREVY_DATA` (or `../shared/acceptance`), and one that
`event_log.py` makes.

pm4py (AGPL) is run as an outside program only: it reads the log, and the net and the BPMN model that
Grevy wrote, and judges all by its own alignments. These take exponential time, so that each judgement
has a limit; where pm4py does not finish, both process trees are judged by Grevy (whose fitness is the
same figure, and whose alignments over blocks take polynomial time), and the row says so. Ends with 1
when Grevy's net or model at noise 0.2 fits or tells less than pm4py's, needs more than 1.2 times its
transitions, is not sound, or when the exact one does not fit its log.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import event_log

try:
    import pm4py
except ImportError:
    sys.exit("expected pm4py beside Python, but it is not installed: pip install pm4py")

ROOT = Path(__file__).resolve().parent.parent
NEAR = 1e-6
# What one run of Grevy may take, in seconds.
OURS_MAX = 600
warnings.filterwarnings("ignore")


def timed(work):
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun


class Judge:
    """pm4py's own figures of a net, as many as it finds out in the time that is left."""

    def __init__(self, limit, minutes):
        self.limit, self.until = limit, time.monotonic() + 60 * minutes

    def within(self, work):
        """What a child process answers in time, else None."""
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe(duplex=False)

        def run():
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            there.send(work())

        child = context.Process(target=run, daemon=True)
        child.start()
        there.close()
        try:
            wait = min(self.limit, self.until - time.monotonic())
            return here.recv() if wait > 0 and here.poll(wait) else None
        except EOFError:
            return None
        finally:
            child.kill()
            child.join()

    def __call__(self, log, net):
        fitness = self.within(lambda: pm4py.fitness_alignments(log, *net)) or {}
        return {
            "sound": self.within(lambda: pm4py.check_soundness(*net)[0]),
            "fitness": fitness.get("averageFitness", fitness.get("average_trace_fitness")),
            "log_fitness": fitness.get("log_fitness"),
            "precision": self.within(lambda: pm4py.precision_alignments(log, *net)),
            "transitions": len(net[0].transitions),
        }


class Grevy:
    def __init__(self, program, path, folder):
        self.command = [program, "track", "discover", str(path), "--json", "--times",
                        "--mapping", str(folder / "mapping.yaml")]
        self.folder = folder

    def run(self, *more):
        """What it tells, and the seconds of each part."""
        done = subprocess.run(self.command + [str(word) for word in more], capture_output=True,
                              text=True, check=True, timeout=OURS_MAX)
        return json.loads(done.stdout), json.loads(done.stderr.splitlines()[-1])

    def discover(self, noise):
        pnml, bpmn = self.folder / "net.pnml", self.folder / "model.bpmn"
        told, seconds = self.run("--noise", noise, "--pnml", pnml, "--bpmn", bpmn)
        model = pm4py.convert_to_petri_net(pm4py.read_bpmn(str(bpmn)))
        return pm4py.read_pnml(str(pnml)), model, told, seconds

    def measure(self, tree):
        """How well another's tree fits, by our measure."""
        path = self.folder / "tree.txt"
        path.write_text(str(tree))
        told, _ = self.run("--tree", path)
        return own(told)


def own(told):
    return {"fitness": told["fitness"], "precision": told["precision"]}


def compare(program, path, judge):
    log, reading = timed(lambda: pm4py.read_xes(str(path)))
    counts, counting = timed(lambda: (pm4py.get_variants(log), pm4py.discover_dfg(log)))
    for noise in (0.2, 0.0):
        theirs, discovery = timed(
            lambda: pm4py.discover_petri_net_inductive(log, noise_threshold=noise))
        tree = pm4py.discover_process_tree_inductive(log, noise_threshold=noise)
        with tempfile.TemporaryDirectory() as folder:
            grevy = Grevy(program, path, Path(folder))
            net, model, told, seconds = grevy.discover(noise)
            yield {
                "log": path.name,
                "noise": noise,
                "pm4py": judge(log, theirs) | {"own": grevy.measure(tree), "seconds": {
                    "read": reading, "count": counting, "discover": discovery}},
                "grevy": judge(log, net) | {"own": own(told), "seconds": seconds},
                "grevy BPMN": judge(log, model) | {"own": own(told)},
                "cases": told["cases"],
                "variants": [len(counts[0]), told["variants"]],
            }


def figure(row, who, other, name):
    """One figure of two models by the same measure: pm4py's where it has both, else ours."""
    found = [row[one][name] for one in (who, other)]
    return found if None not in found else [row[one]["own"][name] for one in (who, other)]


def faults(row):
    if row["variants"][0] != row["variants"][1]:
        yield "another number of variants"
    for what in ("grevy", "grevy BPMN"):
        if row[what]["sound"] is False:
            yield f"{what}: not sound"
        if row["noise"] == 0.0:
            if figure(row, what, what, "fitness")[0] < 1.0 - NEAR:
                yield f"{what}: the exact net does not fit its log"
            continue
        for name in ("fitness", "precision"):
            mine, theirs = figure(row, what, "pm4py", name)
            if mine < theirs - NEAR:
                yield f"{what}: less {name}, {mine:.4f} of {theirs:.4f}"
        if row[what]["transitions"] > 1.2 * row["pm4py"]["transitions"]:
            yield f"{what}: too many transitions"


def known(folder):
    data = Path(os.environ.get("GREVY_DATA", ROOT.parent / "shared/acceptance")) / "eventlogs"
    made = Path(folder) / "generated.xes.gz"
    event_log.write(made, cases=5_000, activities=24, seed=7, noise=0.1)
    return [*sorted(data.glob("*.xes.gz")), made]


def figures(row):
    """What `cargo xtask lab` keeps: ours beside theirs."""
    at = f"{row['log'].split('.')[0]} at {row['noise']}"
    for who in ("grevy", "pm4py"):
        for name in ("fitness", "precision"):
            for by, value in (("pm4py", row[who][name]), ("grevy", row[who]["own"][name])):
                if value is not None:
                    print(f"lab: {at}, {who} {name} by {by} = {value:.6g} of 1")
        print(f"lab: {at}, {who} transitions = {row[who]['transitions']} transitions")
        for part, seconds in row[who]["seconds"].items():
            print(f"lab: {at}, {who} {part} = {seconds:.4g} s")


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--grevy", default=str(target / "release/grevy"))
    arguments.add_argument("--limit", type=float, default=60, help="seconds of one judgement")
    arguments.add_argument("--minutes", type=float, default=12, help="of all judgements")
    arguments.add_argument("logs", nargs="*", type=Path)
    asked = arguments.parse_args()
    bad = False
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(asked.limit, asked.minutes)
        for path in asked.logs or known(folder):
            for row in compare(asked.grevy, path, judge):
                print(json.dumps(row))
                figures(row)
                sys.stdout.flush()
                for fault in faults(row):
                    bad = True
                    print(f"{row['log']} at noise {row['noise']}: {fault}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
