"""The reference scenario in NumPy: step by step, each for all who reach it.

Batches stay in the cache, single precision halves the work where it loses nothing (times since
arrival, not times of day), and threads take batches in turn, since NumPy lets go of the
interpreter while it computes.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.random import SFC64, Generator, SeedSequence

import reference as ref

BATCH = 1 << 16
NEVER = np.float32(np.inf)
F32 = np.float32


def lognormal(rng: Generator, shape: tuple[float, float], n: int) -> np.ndarray:
    median, sigma = shape
    x = rng.standard_normal(n, dtype=F32)
    x *= F32(sigma)
    np.exp(x, out=x)
    x *= F32(median)
    return x


def exponential(rng: Generator, mean: float, n: int) -> np.ndarray:
    return rng.standard_exponential(n, dtype=F32) * F32(mean)


def three_ways(rng: Generator, n: int, shares, delivered_after, undelivered_after, failed_mean):
    """When each of n messages is delivered, and when it is reported bad: NEVER where it is not."""
    u = rng.random(n, dtype=F32)
    delivered, bad = np.full(n, NEVER), np.full(n, NEVER)
    ok = np.flatnonzero(u < shares[0])
    delivered[ok] = lognormal(rng, delivered_after, ok.size)
    lost = np.flatnonzero((u >= shares[0]) & (u < shares[1]))
    bad[lost] = lognormal(rng, undelivered_after, lost.size)
    refused = np.flatnonzero((u >= shares[1]) & (u < shares[2]))
    bad[refused] = exponential(rng, failed_mean, refused.size)
    return delivered, bad


def viber(rng: Generator, submitted_at: np.ndarray):
    n = submitted_at.size
    delivered, bad = three_ways(
        rng, n, (ref.VIBER_DELIVERED, ref.VIBER_UNDELIVERED, ref.VIBER_FAILED),
        ref.VIBER_DELIVERED_AFTER, ref.VIBER_UNDELIVERED_AFTER, ref.VIBER_FAILED_MEAN,
    )  # fmt: skip
    out = np.flatnonzero((submitted_at >= ref.OUTAGE_FROM) & (submitted_at < ref.OUTAGE_TO))
    out = out[rng.random(out.size, dtype=F32) < ref.OUTAGE_SHARE]
    delivered[out] = NEVER
    bad[out] = NEVER
    return delivered, bad


def sms(rng: Generator, n: int):
    delivered, bad = three_ways(
        rng, n, (ref.SMS_DELIVERED, ref.SMS_UNDELIVERED, ref.SMS_FAILED),
        ref.SMS_DELIVERED_AFTER, ref.SMS_UNDELIVERED_AFTER, ref.SMS_FAILED_MEAN,
    )  # fmt: skip
    delivered[delivered > ref.SMS_TTL] = NEVER
    return delivered, bad


def voice(rng: Generator, n: int) -> np.ndarray:
    answered = np.full(n, NEVER)
    ok = np.flatnonzero(rng.random(n, dtype=F32) < ref.VOICE_ANSWERED)
    answered[ok] = exponential(rng, ref.VOICE_MEAN, ok.size) + F32(ref.VOICE_SHIFT)
    return answered


def viber_first(rng: Generator, arrival: np.ndarray):
    """First delivery since arrival, number of deliveries and cost, per recipient."""
    by_viber, bad = viber(rng, arrival)
    first = by_viber.copy()
    copies = (by_viber < NEVER).astype(np.int8)
    cost = copies * ref.VIBER_PRICE

    to_sms = np.flatnonzero(by_viber > ref.VIBER_TTL)
    start = np.minimum(bad[to_sms], F32(ref.VIBER_TTL))
    by_sms, bad = sms(rng, to_sms.size)
    cost[to_sms] += ref.SMS_PRICE
    copies[to_sms] += by_sms < NEVER
    first[to_sms] = np.minimum(first[to_sms], start + by_sms)

    on = np.flatnonzero(by_sms == NEVER)
    start, to_voice = start[on] + np.minimum(bad[on], F32(ref.SMS_TTL)), to_sms[on]
    on = np.flatnonzero(by_viber[to_voice] > start)  # else the late delivery has ended the flow
    start, to_voice = start[on], to_voice[on]
    call(rng, to_voice, start, first, copies, cost)
    return first, copies, cost


def sms_first(rng: Generator, arrival: np.ndarray):
    first, bad = sms(rng, arrival.size)
    copies = (first < NEVER).astype(np.int8)
    cost = np.full(arrival.size, ref.SMS_PRICE)

    to_viber = np.flatnonzero(first == NEVER)
    start = np.minimum(bad[to_viber], F32(ref.SMS_TTL))
    by_viber, bad = viber(rng, arrival[to_viber] + start)
    ok = by_viber < NEVER
    copies[to_viber] += ok
    cost[to_viber] += ok * ref.VIBER_PRICE
    first[to_viber] = start + by_viber

    on = np.flatnonzero(by_viber > ref.VIBER_TTL)
    start = start[on] + np.minimum(bad[on], F32(ref.VIBER_TTL))
    call(rng, to_viber[on], start, first, copies, cost)
    return first, copies, cost


def call(rng: Generator, who, start, first, copies, cost) -> None:
    answered = voice(rng, who.size)
    ok = answered < NEVER
    copies[who] += ok
    cost[who] += ok * ref.VOICE_PRICE
    first[who] = np.minimum(first[who], start + answered)


def batch(flow, n: int, seed: SeedSequence):
    rng = Generator(SFC64(seed))
    first, copies, cost = flow(rng, rng.random(n) * ref.HOUR)
    reached = first[first < NEVER]
    in_time = np.count_nonzero(reached <= ref.DEADLINE)
    return reached, in_time, np.count_nonzero(copies > 1), cost.sum(), np.square(cost).sum()


def simulate(plan: str, recipients: int, threads: int, seed: int) -> dict:
    flow = {"viber-first": viber_first, "sms-first": sms_first}[plan]
    sizes = [min(BATCH, recipients - at) for at in range(0, recipients, BATCH)]
    seeds = SeedSequence([seed, ref.PLANS.index(plan)]).spawn(len(sizes))
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(batch, [flow] * len(sizes), sizes, seeds))
    latency = np.concatenate([part[0] for part in parts])
    at = int(0.95 * (latency.size - 1))
    p95 = float(np.partition(latency, at)[at])
    in_time, duplicates, cost, cost_squared = (float(sum(part[i] for part in parts)) for i in (1, 2, 3, 4))
    return ref.measures(recipients, latency.size, in_time, duplicates, cost, cost_squared, p95)


if __name__ == "__main__":
    ref.command_line(simulate, recipients=1_000_000)
