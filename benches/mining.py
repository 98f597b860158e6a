"""Compares `grevy track discover` with pm4py on event logs, in one run.

    pip install pm4py
    cargo build --release --package grevy-cli
    python3 benches/mining.py LOG.xes.gz ...        or: cargo xtask lab mining

Without a log it takes those of `GREVY_DATA` (or `../shared/acceptance`).

pm4py (AGPL) is run as an outside program only: it reads the log, and the net and the BPMN model that
Grevy wrote, and judges all by its own alignments. Ends with 1 when Grevy's net or model at noise 0.2
fits or tells less than pm4py's, needs more than 1.2 times its transitions, is not sound, or when the
exact one does not fit its log.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

try:
    import pm4py
except ImportError:
    sys.exit("expected pm4py beside Python, but it is not installed: pip install pm4py")

ROOT = Path(__file__).resolve().parent.parent
warnings.filterwarnings("ignore")


def timed(work):
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun


def judge(log, net):
    net, start, end = net
    fitness = pm4py.fitness_alignments(log, net, start, end)
    precision = pm4py.precision_alignments(log, net, start, end)
    return {
        "sound": pm4py.check_soundness(net, start, end)[0],
        "fitness": fitness["averageFitness" if "averageFitness" in fitness else "average_trace_fitness"],
        "log_fitness": fitness.get("log_fitness"),
        "precision": precision,
        "transitions": len(net.transitions),
    }


def ours(grevy, path, noise, folder):
    pnml, bpmn = folder / "net.pnml", folder / "model.bpmn"
    command = [grevy, "track", "discover", path, "--noise", str(noise), "--json", "--mapping",
               str(folder / "mapping.yaml"), "--pnml", str(pnml), "--bpmn", str(bpmn)]
    done, seconds = timed(lambda: subprocess.run(command, capture_output=True, text=True, check=True))
    told = json.loads(done.stdout)
    model = pm4py.convert_to_petri_net(pm4py.read_bpmn(str(bpmn)))
    return pm4py.read_pnml(str(pnml)), model, told, seconds


def compare(grevy, path):
    log, reading = timed(lambda: pm4py.read_xes(str(path)))
    counts, counting = timed(lambda: (pm4py.get_variants(log), pm4py.discover_dfg(log)))
    rows = []
    for noise in (0.0, 0.2):
        theirs, discovery = timed(
            lambda: pm4py.discover_petri_net_inductive(log, noise_threshold=noise))
        with tempfile.TemporaryDirectory() as folder:
            net, model, told, seconds = ours(grevy, str(path), noise, Path(folder))
        rows.append({
            "log": path.name,
            "noise": noise,
            "pm4py": judge(log, theirs) | {"seconds": reading + counting + discovery},
            "grevy": judge(log, net) | {"seconds": seconds, "own": {
                "fitness": told["fitness"], "precision": told["precision"]}},
            "grevy BPMN": judge(log, model),
            "variants": [len(counts[0]), told["variants"]],
        })
    return rows


def faults(row):
    theirs, near = row["pm4py"], 1e-6
    if row["variants"][0] != row["variants"][1]:
        yield "another number of variants"
    for what in ("grevy", "grevy BPMN"):
        mine = row[what]
        if not mine["sound"]:
            yield f"{what}: not sound"
        if row["noise"] == 0.0:
            if mine["fitness"] < 1.0 - near:
                yield f"{what}: the exact net does not fit its log"
            continue
        for figure in ("fitness", "precision"):
            if mine[figure] < theirs[figure] - near:
                yield f"{what}: less {figure}"
        if mine["transitions"] > 1.2 * theirs["transitions"]:
            yield f"{what}: too many transitions"


def known():
    folder = Path(os.environ.get("GREVY_DATA", ROOT.parent / "shared/acceptance")) / "eventlogs"
    return sorted(folder.glob("*.xes.gz"))


def figures(row):
    """What `cargo xtask lab` keeps: ours beside theirs."""
    for who in ("grevy", "pm4py"):
        for name, unit in (("fitness", "of 1"), ("precision", "of 1"), ("transitions", "transitions"),
                           ("seconds", "s to read, count and discover")):
            at = f"{row['log'].split('.')[0]} at {row['noise']}, {who} {name}"
            print(f"lab: {at} = {row[who][name]:.6g} {unit}")


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--grevy", default=str(target / "release/grevy"))
    arguments.add_argument("logs", nargs="*", type=Path)
    asked = arguments.parse_args()
    logs = asked.logs or known()
    if not logs:
        sys.exit("expected logs, but GREVY_DATA has none")
    bad = False
    for path in logs:
        for row in compare(asked.grevy, path):
            print(json.dumps(row))
            figures(row)
            for fault in faults(row):
                bad = True
                print(f"{row['log']} at noise {row['noise']}: {fault}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
