"""Runs failsim and the peers in turn on the reference scenario, and prints how they compare.

    python3 benches/peers/compare.py [--capacity] [--rounds 5] [--threads 1 2] [--peers-only]

Each program is timed as a whole, from start to exit, for few recipients and for many; the slope between
the two is its cost per recipient, free of start-up. The results are compared as well: shares and costs
must agree within sampling error, else the ratios would compare different things. With --capacity it is the
reference scenario with limited capacity.

Exit codes: 0 done, 1 results disagree or a program failed, 2 something is missing.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from statistics import median
from time import perf_counter

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCENARIO = ROOT / "scenarios" / "reference.toml"
WITH_CAPACITY = ROOT / "scenarios" / "reference-capacity.toml"
MANY_THREADS = sys.maxsize

SIGMAS = 5.0  # how far apart two samples may lie: chance alone goes beyond in one run out of 50 000
TABLE_ERROR = 1e-4  # what failsim's quantile tables may be off by, as a share
DEAREST = 0.09  # EUR, the highest price: what a share of TABLE_ERROR can cost at most

# Where recipients wait for one another, the error of a sample is not known. These bounds stand in for it: for shares,
# and for the cost as a part of itself.
CROWD_SHARE, CROWD_COST = 0.01, 0.01


@dataclass
class Program:
    """One contender: how it is started, on how many recipients, and what was measured."""

    name: str
    command: list[str]
    few: int
    many: int
    most_threads: int = MANY_THREADS
    scenarios: dict[int, Path] = field(default_factory=dict)  # recipients -> its file, if that depends on them
    slopes: dict[int, list[float]] = field(default_factory=dict)  # threads -> ns per recipient and plan
    startups: list[float] = field(default_factory=list)  # [s]
    plans: list[dict] = field(default_factory=list)

    def run(self, recipients: int, threads: int, env: dict[str, str]) -> tuple[float, dict]:
        command = [*self.command, "--recipients", str(recipients), "--threads", str(threads)]
        if self.scenarios:
            command.append(str(self.scenarios[recipients]))
        begin = perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
        took = perf_counter() - begin
        if done.returncode != 0:
            fail(1, f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()}")
        try:
            return took, json.loads(done.stdout)
        except ValueError:
            fail(1, f"{' '.join(command)} printed no JSON, but: {done.stdout[:200]!r}")

    def measure(self, threads: int, env: dict[str, str]) -> None:
        short, _ = self.run(self.few, threads, env)
        long, results = self.run(self.many, threads, env)
        self.plans = [plain(plan) for plan in results["plans"]]
        slope = (long - short) / (self.many - self.few) / len(self.plans) * 1e9
        self.slopes.setdefault(threads, []).append(slope)
        self.startups.append(short)


def plain(plan: dict) -> dict:
    """A plan of failsim's results in the peers' flat form; a peer's own is so already."""
    if not isinstance(plan["delivered"], dict):
        return plan
    return {
        "name": plan["name"],
        "delivered": plan["delivered"]["share"],
        "in_time": plan["in_time"]["share"],
        "duplicates": plan["duplicates"]["share"],
        "cost_per_recipient": plan["cost"]["per_recipient"],
        "latency_p95_s": plan["latency_s"]["p95"],
    }


def fail(code: int, message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


def contenders(args: argparse.Namespace, folder: Path) -> list[Program]:
    """The yardstick first."""
    failsim = [str(args.binary), "run", "--no-report", "--format", "json", "--quiet"]
    numba = [sys.executable, str(HERE / ("numba_queued_peer.py" if args.capacity else "numba_peer.py"))]
    simpy = [sys.executable, str(HERE / ("simpy_queued_peer.py" if args.capacity else "simpy_peer.py"))]
    many = int((5_000_000 if args.capacity else 20_000_000) * args.scale)
    many_in_simpy = max(int((20_000 if args.capacity else 30_000) * args.scale), 2_000)
    # A queue is one thread's work: there numba has a thread for each plan and no more.
    most_threads = 2 if args.capacity else MANY_THREADS
    everyone = [
        Program("failsim", failsim, 10_000, many),
        Program("numba, tuned", [*numba, "--tuned"], 10_000, many, most_threads),
        Program("numba", numba, 10_000, many, most_threads),
        Program("SimPy", simpy, 1_000, many_in_simpy, most_threads=1),
    ]
    if args.capacity:
        everyone[0].scenarios = {n: scaled(WITH_CAPACITY, n, folder) for n in (10_000, many)}
    else:
        failsim.append(str(SCENARIO))
        numpy = [sys.executable, str(HERE / "numpy_peer.py")]
        everyone.insert(3, Program("NumPy", numpy, 10_000, int(5_000_000 * args.scale)))
    return everyone[1:] if args.peers_only else everyone


def scaled(scenario: Path, recipients: int, folder: Path) -> Path:
    """A copy of the scenario in which all capacities go with the number of recipients."""
    text = scenario.read_text(encoding="utf-8")
    times = recipients / int(re.search(r"^recipients = ([0-9_]+)", text, re.MULTILINE)[1])
    text = re.sub(r'(?<=rate = ")([0-9]+)(?=/s")', lambda rate: f"{int(rate[1]) * times:f}", text)
    text = re.sub(r"(?<=concurrent = )([0-9]+)", lambda lines: str(max(int(int(lines[1]) * times), 1)), text)
    path = folder / f"{scenario.stem}-{recipients}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def check_installed(args: argparse.Namespace) -> None:
    if not args.peers_only and not args.binary.is_file():
        fail(2, f"no failsim at {args.binary}\nhint: cargo build --release, or --binary PATH, or --peers-only")
    missing = subprocess.run([sys.executable, "-c", "import numba, numpy, simpy"], capture_output=True, text=True, check=False)
    if missing.returncode != 0:
        reason = missing.stderr.strip().splitlines()[-1]
        fail(2, f"{reason}\nhint: {sys.executable} -m pip install -r benches/peers/requirements.txt")


def measure(programs: list[Program], args: argparse.Namespace, folder: Path) -> None:
    """Rounds in which every program has its turn, so that a slow minute of the machine hits all alike."""
    env = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    for program in programs:
        program.run(program.few, 1, env)  # compiles, fills caches
    for number in range(args.rounds):
        for program in programs:
            for threads in args.threads:
                if threads <= program.most_threads:
                    note(f"round {number + 1} of {args.rounds}: {program.name}, threads {threads}")
                    program.measure(threads, env)
    note("")


def note(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def show_speed(programs: list[Program], args: argparse.Namespace) -> None:
    yardstick = programs[0]
    print(f"ns per recipient and plan, start-up subtracted, median of {args.rounds} rounds, and times {yardstick.name}")
    print(f"{'':14}" + "".join(f"{f'threads {threads}':>12}{'ratio':>9}" for threads in args.threads) + f"{'recipients':>14}{'start-up':>11}")
    for program in programs:
        line = f"{program.name:14}"
        for threads in args.threads:
            slopes = program.slopes.get(min(threads, program.most_threads))
            if slopes is None:
                line += f"{'-':>12}{'-':>9}"
                continue
            ns = median(slopes)
            line += f"{ns:12,.1f}{ns / median(yardstick.slopes[threads]):9,.1f}"
        print(line + f"{program.many:14,}{median(program.startups):9.2f} s")
    print()


def show_results(programs: list[Program]) -> None:
    measures = ["delivered", "in_time", "duplicates", "cost_per_recipient", "latency_p95_s"]
    for index, plan in enumerate(programs[0].plans):
        print(f"{plan['name']:14}" + "".join(f"{measure:>20}" for measure in measures))
        for program in programs:
            print(f"{program.name:14}" + "".join(f"{program.plans[index][measure]:20.6f}" for measure in measures))
        print()


def disagreements(programs: list[Program], capacity: bool) -> list[str]:
    """Where a peer's results lie further from the yardstick's than chance allows.

    With limited capacity the bounds of a crowd hold, or those of independent recipients if they are wider. That is so
    for SimPy: of 20 000, by chance alone 1.2 in a hundred more or fewer are in time, and they cost 3 % more or less.
    """
    found = []
    yardstick = programs[0]
    for peer in programs[1:]:
        spread = sqrt(1 / yardstick.many + 1 / peer.many)
        for ours, theirs in zip(yardstick.plans, peer.plans, strict=True):
            if ours["name"] != theirs["name"]:
                found.append(f"{peer.name} plays plan {theirs['name']!r} where {yardstick.name} plays {ours['name']!r}")
                continue
            for measure in ("delivered", "in_time", "duplicates", "cost_per_recipient"):
                a, b = ours[measure], theirs[measure]
                if measure == "cost_per_recipient":
                    allowed = SIGMAS * theirs["cost_sd"] * spread + TABLE_ERROR * DEAREST
                    crowd = CROWD_COST * a
                else:
                    pooled = (a * yardstick.many + b * peer.many) / (yardstick.many + peer.many)
                    allowed = SIGMAS * sqrt(pooled * (1 - pooled)) * spread + TABLE_ERROR
                    crowd = CROWD_SHARE
                if capacity:
                    allowed = max(allowed, crowd)
                if abs(a - b) > allowed:
                    found.append(
                        f"{ours['name']}, {measure}: {yardstick.name} {a:.6f}, {peer.name} {b:.6f}, further apart than {allowed:.6f}"
                    )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Time failsim and its peers on the reference scenario, and compare what they find.")
    parser.add_argument("--capacity", action="store_true", help="the reference scenario with limited capacity")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--scale", type=float, default=1.0, help="times as many recipients as usual, e.g. 0.1 for a quick look")
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "failsim")
    parser.add_argument("--peers-only", action="store_true", help="without failsim; tuned numba is the yardstick")
    args = parser.parse_args()
    args.binary = args.binary.resolve()
    if max(args.threads) > (os.cpu_count() or 1):
        fail(2, f"{max(args.threads)} threads on {os.cpu_count()} processors measure nothing\nhint: --threads 1")
    check_installed(args)

    with tempfile.TemporaryDirectory() as folder:
        programs = contenders(args, Path(folder))
        measure(programs, args, Path(folder))
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors")
    show_speed(programs, args)
    show_results(programs)
    found = disagreements(programs, args.capacity)
    for line in found:
        print(f"disagreement: {line}", file=sys.stderr)
    if not found:
        print("results agree" if args.capacity else "results agree within sampling error")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
