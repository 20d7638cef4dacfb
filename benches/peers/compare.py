"""Runs failsim and the peers in turn on the reference scenario, and prints how they compare.

    python3 benches/peers/compare.py [--rounds 5] [--threads 1 2] [--peers-only]

Each program is timed as a whole, from start to exit, for few recipients and for many; the slope between
the two is its cost per recipient, free of start-up. The results are compared as well: shares and costs
must agree within sampling error, else the ratios would compare different things.

Exit codes: 0 done, 1 results disagree or a program failed, 2 something is missing.
"""

import argparse
import json
import os
import platform
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
MANY_THREADS = sys.maxsize

SIGMAS = 5.0  # how far apart two samples may lie: chance alone goes beyond in one run out of 50 000
TABLE_ERROR = 1e-4  # what failsim's quantile tables may be off by, as a share
DEAREST = 0.09  # EUR, the highest price: what a share of TABLE_ERROR can cost at most


@dataclass
class Program:
    """One contender: how it is started, on how many recipients, and what was measured."""

    name: str
    command: list[str]
    few: int
    many: int
    most_threads: int = MANY_THREADS
    slopes: dict[int, list[float]] = field(default_factory=dict)  # threads -> ns per recipient and plan
    startups: list[float] = field(default_factory=list)  # [s]
    plans: list[dict] = field(default_factory=list)

    def run(self, recipients: int, threads: int, env: dict[str, str]) -> tuple[float, dict]:
        command = [*self.command, "--recipients", str(recipients), "--threads", str(threads)]
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


def contenders(args: argparse.Namespace) -> list[Program]:
    """The yardstick first."""
    failsim = [str(args.binary), "run", str(SCENARIO), "--no-report", "--format", "json", "--quiet"]
    python = [sys.executable]
    numba = [*python, str(HERE / "numba_peer.py")]
    scale = args.scale
    everyone = [
        Program("failsim", failsim, 10_000, int(20_000_000 * scale)),
        Program("numba, tuned", [*numba, "--tuned"], 10_000, int(20_000_000 * scale)),
        Program("numba", numba, 10_000, int(20_000_000 * scale)),
        Program("NumPy", [*python, str(HERE / "numpy_peer.py")], 10_000, int(5_000_000 * scale)),
        Program("SimPy", [*python, str(HERE / "simpy_peer.py")], 1_000, int(30_000 * scale), most_threads=1),
    ]
    return everyone[1:] if args.peers_only else everyone


def check_installed(args: argparse.Namespace) -> None:
    if not args.peers_only and not args.binary.is_file():
        fail(2, f"no failsim at {args.binary}\nhint: cargo build --release, or --binary PATH, or --peers-only")
    missing = subprocess.run([sys.executable, "-c", "import numba, numpy, simpy"], capture_output=True, text=True, check=False)
    if missing.returncode != 0:
        reason = missing.stderr.strip().splitlines()[-1]
        fail(2, f"{reason}\nhint: {sys.executable} -m pip install -r benches/peers/requirements.txt")


def measure(programs: list[Program], args: argparse.Namespace) -> None:
    """Rounds in which every program has its turn, so that a slow minute of the machine hits all alike."""
    with tempfile.TemporaryDirectory() as cache:
        env = os.environ | {"NUMBA_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": "1"}
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


def disagreements(programs: list[Program]) -> list[str]:
    """Where a peer's results lie further from the yardstick's than chance allows."""
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
                else:
                    pooled = (a * yardstick.many + b * peer.many) / (yardstick.many + peer.many)
                    allowed = SIGMAS * sqrt(pooled * (1 - pooled)) * spread + TABLE_ERROR
                if abs(a - b) > allowed:
                    found.append(
                        f"{ours['name']}, {measure}: {yardstick.name} {a:.6f}, {peer.name} {b:.6f}, further apart than {allowed:.6f}"
                    )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Time failsim and its peers on the reference scenario, and compare what they find.")
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

    programs = contenders(args)
    measure(programs, args)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors")
    show_speed(programs, args)
    show_results(programs)
    found = disagreements(programs)
    for line in found:
        print(f"disagreement: {line}", file=sys.stderr)
    if not found:
        print("results agree within sampling error")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
