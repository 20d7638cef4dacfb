"""The reference scenario in numba: one recipient after another, compiled, blocks in parallel.

Draws come from NumPy's random functions as numba compiles them (Mersenne twister), which is what one
writes first. With --tuned they come from a xoshiro256+ of our own, which is what one writes after
profiling. Each block has its own stream, so that the number of threads changes nothing.
"""

import math

import numba
import numpy as np
from numba import njit, prange, types
from numba.extending import overload, register_jitable

import reference as ref

BLOCK = 1 << 14
NEVER = math.inf

# Latencies are counted in a histogram with 64 bins per doubling, which is 1 % wide.
BINS_PER_OCTAVE = 64
LOWEST = 2.0**-14
BINS = 32 * BINS_PER_OCTAVE

VIBER_FIRST = ref.PLANS.index("viber-first")
VIBER_DELIVERED_LN = math.log(ref.VIBER_DELIVERED_AFTER[0])
VIBER_DELIVERED_SIGMA = ref.VIBER_DELIVERED_AFTER[1]
VIBER_UNDELIVERED_LN = math.log(ref.VIBER_UNDELIVERED_AFTER[0])
VIBER_UNDELIVERED_SIGMA = ref.VIBER_UNDELIVERED_AFTER[1]
SMS_DELIVERED_LN = math.log(ref.SMS_DELIVERED_AFTER[0])
SMS_DELIVERED_SIGMA = ref.SMS_DELIVERED_AFTER[1]
SMS_UNDELIVERED_LN = math.log(ref.SMS_UNDELIVERED_AFTER[0])
SMS_UNDELIVERED_SIGMA = ref.SMS_UNDELIVERED_AFTER[1]


# A stream's state is None for NumPy's own, or four words of xoshiro256+. The compiler picks the
# functions below by its type, so that neither pays for the choice.
def stream(states, lane, seed, block): ...
def uniform(state): ...
def lognormal(state, ln_median, sigma): ...
def exponential(state, mean): ...


@overload(stream)
def _(states, lane, seed, block):
    if isinstance(states, types.NoneType):
        def new_stream(states, lane, seed, block):
            np.random.seed(seed + block)
    else:
        def new_stream(states, lane, seed, block):
            seed_xoshiro(states[lane], np.uint64(seed) ^ (np.uint64(block) << np.uint64(20)))
            return states[lane]
    return new_stream


@overload(uniform)
def _(state):
    return (lambda state: np.random.random()) if isinstance(state, types.NoneType) else xoshiro


@overload(lognormal)
def _(state, ln_median, sigma):
    if isinstance(state, types.NoneType):
        return lambda state, ln_median, sigma: np.random.lognormal(ln_median, sigma)
    return lambda state, ln_median, sigma: math.exp(ln_median + sigma * polar_normal(state))


@overload(exponential)
def _(state, mean):
    if isinstance(state, types.NoneType):
        return lambda state, mean: np.random.exponential(mean)
    return lambda state, mean: -mean * math.log(1.0 - xoshiro_next(state))


@register_jitable
def seed_xoshiro(state, x):
    """Fills the state with splitmix64."""
    for i in range(4):
        x += np.uint64(0x9E3779B97F4A7C15)
        z = x
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state[i] = z ^ (z >> np.uint64(31))


@njit(inline="always")
def xoshiro_next(state):
    """The next draw of xoshiro256+, in [0, 1)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    result = s0 + s3
    t = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    state[0], state[1], state[2], state[3] = s0, s1, s2, (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return np.float64(result >> np.uint64(11)) * (1.0 / 9007199254740992.0)


def xoshiro(state):
    return xoshiro_next(state)


@njit
def polar_normal(state):
    while True:
        x = 2.0 * xoshiro_next(state) - 1.0
        y = 2.0 * xoshiro_next(state) - 1.0
        r = x * x + y * y
        if 0.0 < r < 1.0:
            return x * math.sqrt(-2.0 * math.log(r) / r)


@njit
def viber(state, submitted_at):
    """When the message is delivered, and when it is reported bad: NEVER where it is not."""
    if ref.OUTAGE_FROM <= submitted_at < ref.OUTAGE_TO and uniform(state) < ref.OUTAGE_SHARE:
        return NEVER, NEVER
    u = uniform(state)
    if u < ref.VIBER_DELIVERED:
        return lognormal(state, VIBER_DELIVERED_LN, VIBER_DELIVERED_SIGMA), NEVER
    if u < ref.VIBER_UNDELIVERED:
        return NEVER, lognormal(state, VIBER_UNDELIVERED_LN, VIBER_UNDELIVERED_SIGMA)
    if u < ref.VIBER_FAILED:
        return NEVER, exponential(state, ref.VIBER_FAILED_MEAN)
    return NEVER, NEVER


@njit
def sms(state):
    u = uniform(state)
    if u < ref.SMS_DELIVERED:
        delivered = lognormal(state, SMS_DELIVERED_LN, SMS_DELIVERED_SIGMA)
        return (delivered if delivered <= ref.SMS_TTL else NEVER), NEVER
    if u < ref.SMS_UNDELIVERED:
        return NEVER, lognormal(state, SMS_UNDELIVERED_LN, SMS_UNDELIVERED_SIGMA)
    if u < ref.SMS_FAILED:
        return NEVER, exponential(state, ref.SMS_FAILED_MEAN)
    return NEVER, NEVER


@njit
def voice(state):
    if uniform(state) < ref.VOICE_ANSWERED:
        return ref.VOICE_SHIFT + exponential(state, ref.VOICE_MEAN)
    return NEVER


@njit
def viber_first(state):
    """First delivery since arrival, number of deliveries and cost of one recipient."""
    first, bad = viber(state, uniform(state) * ref.HOUR)
    late = first
    copies, cost = (1, ref.VIBER_PRICE) if first < NEVER else (0, 0.0)
    if first <= ref.VIBER_TTL:
        return first, copies, cost
    now = min(bad, ref.VIBER_TTL)

    cost += ref.SMS_PRICE
    delivered, bad = sms(state)
    if delivered < NEVER:
        return min(first, now + delivered), copies + 1, cost
    now += min(bad, ref.SMS_TTL)
    if late <= now:  # a late delivery has ended the flow
        return first, copies, cost
    return call(state, now, first, copies, cost)


@njit
def sms_first(state):
    arrival = uniform(state) * ref.HOUR
    delivered, bad = sms(state)
    if delivered < NEVER:
        return delivered, 1, ref.SMS_PRICE
    now = min(bad, ref.SMS_TTL)

    delivered, bad = viber(state, arrival + now)
    first = now + delivered
    copies, cost = (1, ref.SMS_PRICE + ref.VIBER_PRICE) if delivered < NEVER else (0, ref.SMS_PRICE)
    if delivered <= ref.VIBER_TTL:
        return first, copies, cost
    return call(state, now + min(bad, ref.VIBER_TTL), first, copies, cost)


@njit
def call(state, now, first, copies, cost):
    answered = voice(state)
    if answered < NEVER:
        return min(first, now + answered), copies + 1, cost + ref.VOICE_PRICE
    return first, copies, cost


@njit
def latency_bin(first):
    return min(int(BINS_PER_OCTAVE * math.log2(max(first, LOWEST) / LOWEST)), BINS - 1)


@njit(parallel=True, cache=True)
def play_all(plan, recipients, seed, lanes, states):
    """Counts [delivered, in time, duplicates], sums [cost, cost squared] and the latency histogram."""
    blocks = (recipients + BLOCK - 1) // BLOCK
    counts = np.zeros((lanes, 3), np.int64)
    sums = np.zeros((lanes, 2))
    histogram = np.zeros((lanes, BINS), np.int64)
    for lane in prange(lanes):
        bins = histogram[lane]
        for block in range(lane, blocks, lanes):
            state = stream(states, lane, seed, block)
            delivered, in_time, duplicates, cost_sum, cost_squared = 0, 0, 0, 0.0, 0.0
            for _ in range(min(BLOCK, recipients - block * BLOCK)):
                if plan == VIBER_FIRST:
                    first, copies, cost = viber_first(state)
                else:
                    first, copies, cost = sms_first(state)
                cost_sum += cost
                cost_squared += cost * cost
                if copies > 0:
                    delivered += 1
                    in_time += first <= ref.DEADLINE
                    duplicates += copies > 1
                    bins[latency_bin(first)] += 1
            counts[lane, 0] += delivered
            counts[lane, 1] += in_time
            counts[lane, 2] += duplicates
            sums[lane, 0] += cost_sum
            sums[lane, 1] += cost_squared
    return counts.sum(0), sums.sum(0), histogram.sum(0)


def simulate(plan: str, recipients: int, threads: int, seed: int, tuned: bool) -> dict:
    numba.set_num_threads(threads)
    number, lanes = ref.PLANS.index(plan), 16 * threads
    # A state per lane, a cache line apart.
    states = np.empty((lanes, 8), np.uint64) if tuned else None
    return measures(recipients, *play_all(number, recipients, seed + 1_000_003 * number, lanes, states))


def measures(recipients: int, counts: np.ndarray, sums: np.ndarray, bins: np.ndarray) -> dict:
    delivered, in_time, duplicates = (int(count) for count in counts)
    at = np.searchsorted(np.cumsum(bins), 0.95 * delivered)
    p95 = LOWEST * 2.0 ** ((at + 0.5) / BINS_PER_OCTAVE)
    cost, squared = (float(total) for total in sums)
    return ref.measures(recipients, delivered, in_time, duplicates, cost, squared, float(p95))


if __name__ == "__main__":
    ref.command_line(simulate, recipients=10_000_000, tuned="draw from xoshiro256+ instead of NumPy's functions")
