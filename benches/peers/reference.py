"""The reference scenario, scenarios/reference.toml, as plain numbers that the peers share.

Written out by hand, as somebody without failsim would: nothing is read from the scenario file.
compare.py holds the results against failsim's, so that a number that drifted is found out. At the end
stands what scenarios/reference-capacity.toml has besides.
"""

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

HOUR = 3600.0
DEADLINE = 60.0  # seconds from arrival

# Shares are cumulative: a uniform draw below the first is the first outcome, and so on; what is
# left over is silent. Times in seconds; lognormals as (median, sigma).
VIBER_TTL = 60.0
VIBER_DELIVERED, VIBER_UNDELIVERED, VIBER_FAILED = 0.62, 0.85, 0.90
VIBER_DELIVERED_AFTER = (2.5, 0.8)
VIBER_UNDELIVERED_AFTER = (6.0, 0.6)
VIBER_FAILED_MEAN = 0.4
VIBER_PRICE = 0.015  # per delivery, late ones too: Viber does not keep the ttl here
OUTAGE_FROM, OUTAGE_TO, OUTAGE_SHARE = 1200.0, 1800.0, 0.9  # Viber silent

SMS_TTL = 300.0
SMS_DELIVERED, SMS_UNDELIVERED, SMS_FAILED = 0.93, 0.97, 0.99
SMS_DELIVERED_AFTER = (4.0, 1.0)
SMS_UNDELIVERED_AFTER = (30.0, 0.8)
SMS_FAILED_MEAN = 0.5
SMS_PRICE = 0.045  # per submission; nothing is delivered after the ttl

VOICE_ANSWERED, VOICE_BUSY = 0.68, 0.78  # the rest rings out
VOICE_SHIFT, VOICE_MEAN = 3.0, 8.0
VOICE_PRICE = 0.09  # per answered call

# Viber-first lets a late Viber delivery end the flow before the call; SMS-first ignores it.
PLANS = ("viber-first", "sms-first")

# With limited capacity, which goes with how many recipients there are. Whoever would wait longer than the ttl is
# withdrawn: takes no capacity, costs nothing. There is no outage: the one above begins after the last Viber message.
ARRIVALS_WITHIN = 200.0  # at even distances
VIBER_RATE, SMS_RATE = 1 / 250, 1 / 500  # per second and recipient
RECIPIENTS_PER_LINE = 2000
VOICE_TALK = 20.0  # what a line is held for after an answer
VOICE_BUSY_AFTER, VOICE_NO_ANSWER_AFTER = 4.0, 30.0


def evenly(number: int, recipients: int) -> float:
    """When this one of so many arrives, where capacity is limited."""
    return (number + 0.5) * ARRIVALS_WITHIN / recipients


def lines(recipients: int) -> int:
    """How many calls there can be at once."""
    return max(recipients // RECIPIENTS_PER_LINE, 1)


def command_line(simulate: Callable[..., dict], recipients: int, side_by_side: bool = False, **flags: str) -> None:
    """Simulates both plans with `simulate(plan, recipients, threads, seed, ...)` and prints what came out, as JSON.

    `side_by_side` plays each plan on a thread of its own, if there are two. `flags` are a peer's own switches with
    their help; they reach `simulate` by name.
    """
    parser = argparse.ArgumentParser()
    for flag, text in flags.items():
        parser.add_argument(f"--{flag}", action="store_true", help=text)
    parser.add_argument("--recipients", type=int, default=recipients)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=20261127)
    args = parser.parse_args()
    switches = {flag: getattr(args, flag) for flag in flags}

    def results_of(plan: str) -> dict:
        return {"name": plan} | simulate(plan, args.recipients, args.threads, args.seed, **switches)

    if side_by_side:
        with ThreadPoolExecutor(args.threads) as pool:
            plans = list(pool.map(results_of, PLANS))
    else:
        plans = [results_of(plan) for plan in PLANS]
    print(json.dumps({"recipients": args.recipients, "threads": args.threads, "plans": plans}, indent=1))


def measures(
    recipients: int, delivered: int, in_time: int, duplicates: int, cost: float, cost_squared: float, latency_p95_s: float
) -> dict:
    """Counts and sums as the shares and means that failsim prints too."""
    mean = cost / recipients
    return {
        "delivered": delivered / recipients,
        "in_time": in_time / recipients,
        "duplicates": duplicates / recipients,
        "cost_per_recipient": mean,
        "cost_sd": max(cost_squared / recipients - mean * mean, 0.0) ** 0.5,
        "latency_p95_s": latency_p95_s,
    }
