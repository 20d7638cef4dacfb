"""The reference scenario with limited capacity in numba: provider by provider, all attempts at one in order of time.

Each step is a compiled loop over those who reach it. It lets them through the provider's queue, plays what
becomes of them, counts those who are done, and returns the others; NumPy sorts these for the next step. Who arrives
comes in blocks that stay in the cache. Draws are those of numba_peer.py, with --tuned and without. A queue is one
thread's work, so that threads share the plans out.
"""

from heapq import heapreplace

import numpy as np
from numba import njit

import reference as ref
from numba_peer import BINS, BLOCK, NEVER, exponential, latency_bin, measures, sms, stream, uniform, viber

# Somebody on the way: when the next step begins, and what has become of them so far.
TRAVELLER = np.dtype(
    [
        ("at", np.float64),
        ("arrival", np.float64),
        ("first", np.float64),  # delivery, since arrival
        ("cost", np.float32),
        ("copies", np.int32),
    ]
)
lines = njit(ref.lines)


@njit
def count(tally, person):
    """Counts are [delivered, in time, duplicates], sums [cost, cost squared], bins the latency histogram."""
    counts, sums, bins = tally
    cost = np.float64(person.cost)
    sums[0] += cost
    sums[1] += cost * cost
    if person.copies > 0:
        counts[0] += 1
        counts[1] += person.first <= ref.DEADLINE
        counts[2] += person.copies > 1
        bins[latency_bin(person.first)] += 1


@njit
def reach(person, at):
    """Somebody is reached at this time."""
    person.first = min(person.first, at - person.arrival)
    person.copies += 1


@njit(nogil=True, cache=True)
def by_viber(state_of, travellers, recipients, free, tally):
    """`free` holds when the next message may leave."""
    state = stream(*state_of)
    on, moving = 0, np.empty_like(travellers)
    gap = 1.0 / (ref.VIBER_RATE * recipients)
    for i in range(travellers.size):
        person = travellers[i]
        leaves = max(person.at, free[0])
        wait = leaves - person.at
        delivered, bad = NEVER, NEVER
        if wait <= ref.VIBER_TTL:  # else withdrawn
            free[0] = leaves + gap
            delivered, bad = viber(state, leaves)  # before the outage, whoever it is
        if delivered < NEVER:
            person.cost += ref.VIBER_PRICE
            reach(person, leaves + delivered)
        if wait + delivered <= ref.VIBER_TTL:
            count(tally, person)
        else:
            person.at += min(wait + bad, ref.VIBER_TTL)
            moving[on] = person
            on += 1
    return moving[:on]


@njit(nogil=True, cache=True)
def by_sms(state_of, travellers, recipients, free, tally):
    state = stream(*state_of)
    on, moving = 0, np.empty_like(travellers)
    gap = 1.0 / (ref.SMS_RATE * recipients)
    for i in range(travellers.size):
        person = travellers[i]
        late = person.arrival + person.first
        leaves = max(person.at, free[0])
        wait = leaves - person.at
        delivered, bad = NEVER, NEVER
        if wait <= ref.SMS_TTL:  # else withdrawn
            free[0] = leaves + gap
            delivered, bad = sms(state)
            person.cost += ref.SMS_PRICE
        if wait + delivered <= ref.SMS_TTL:
            reach(person, leaves + delivered)
            count(tally, person)
            continue
        person.at += min(wait + bad, ref.SMS_TTL)
        if late <= person.at:  # a late delivery by Viber has ended the flow
            count(tally, person)
        else:
            moving[on] = person
            on += 1
    return moving[:on]


@njit(nogil=True, cache=True)
def by_voice(state_of, travellers, recipients, tally):
    state = stream(*state_of)
    free_from = [0.0] * lines(recipients)  # a heap, with a number for each line
    for i in range(travellers.size):
        person = travellers[i]
        begins = max(person.at, free_from[0])
        u = uniform(state)
        if u < ref.VOICE_ANSWERED:
            answered = ref.VOICE_SHIFT + exponential(state, ref.VOICE_MEAN)
            held = answered + ref.VOICE_TALK
            person.cost += ref.VOICE_PRICE
            reach(person, begins + answered)
        else:
            held = ref.VOICE_BUSY_AFTER if u < ref.VOICE_BUSY else ref.VOICE_NO_ANSWER_AFTER
        heapreplace(free_from, begins + held)
        count(tally, person)


def arriving(block: int, recipients: int) -> np.ndarray:
    numbers = np.arange(block * BLOCK, min((block + 1) * BLOCK, recipients))
    travellers = np.zeros(numbers.size, TRAVELLER)
    travellers["at"] = travellers["arrival"] = ref.evenly(numbers, recipients)
    travellers["first"] = NEVER
    return travellers


def in_order(travellers: np.ndarray) -> np.ndarray:
    return travellers.take(np.argsort(travellers["at"]))


# Before the last step. A late delivery by Viber ends viber-first only: in sms-first nobody has one at the SMS.
STEPS = {"viber-first": (by_viber, by_sms), "sms-first": (by_sms, by_viber)}


def simulate(plan: str, recipients: int, threads: int, seed: int, tuned: bool) -> dict:
    seed += 1_000_003 * ref.PLANS.index(plan)
    states = np.empty((1, 4), np.uint64) if tuned else None
    tally = np.zeros(3, np.int64), np.zeros(2), np.zeros(BINS, np.int64)
    first, second = STEPS[plan]
    blocks, free = range((recipients + BLOCK - 1) // BLOCK), np.zeros(1)
    on = [first((states, 0, seed, block), arriving(block, recipients), recipients, free, tally) for block in blocks]
    # The other steps have streams of their own, after those of the blocks.
    second_of, voice_of = ((states, 0, seed, len(blocks) + more) for more in (0, 1))
    on = second(second_of, in_order(np.concatenate(on)), recipients, np.zeros(1), tally)
    by_voice(voice_of, in_order(on), recipients, tally)
    return measures(recipients, *tally)


if __name__ == "__main__":
    ref.command_line(
        simulate, recipients=1_000_000, side_by_side=True, tuned="draw from xoshiro256+ instead of NumPy's functions"
    )
