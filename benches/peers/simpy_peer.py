"""The reference scenario in SimPy: one process per recipient, as its tutorial would have it.

A provider puts its report on the recipient's mailbox; the recipient waits for the report or the ttl,
whichever comes first. SimPy runs on one thread; --threads is taken and changes nothing.
"""

from collections.abc import Callable
from math import ceil, log
from random import Random

import simpy

import reference as ref


class Recipient:
    """One person: what reached them when, and what it cost."""

    __slots__ = ("arrival", "cost", "deliveries")

    def __init__(self, arrival: float):
        self.arrival = arrival
        self.cost = 0.0
        self.deliveries: list[float] = []


Provider = Callable[[simpy.Event, Recipient], object]  # takes the message that it will report on


class Model:
    def __init__(self, rng: Random):
        self.env = simpy.Environment()
        self.rng = rng

    def report(self, message: simpy.Event, status: str, after: float, who: Recipient | None = None, price: float = 0.0):
        """The provider's side: after a while the status happens and is reported."""
        yield self.env.timeout(after)
        if who is not None:
            who.deliveries.append(self.env.now)
            who.cost += price
        message.succeed(status)

    def lognormal(self, shape: tuple[float, float]) -> float:
        median, sigma = shape
        return self.rng.lognormvariate(log(median), sigma)

    def submit(self, provider: Provider, who: Recipient) -> simpy.Event:
        """Hands a message over; the event is its report."""
        message = self.env.event()
        provider(message, who)
        return message

    def viber(self, message: simpy.Event, who: Recipient) -> None:
        if ref.OUTAGE_FROM <= self.env.now < ref.OUTAGE_TO and self.rng.random() < ref.OUTAGE_SHARE:
            return
        u = self.rng.random()
        if u < ref.VIBER_DELIVERED:
            after = self.lognormal(ref.VIBER_DELIVERED_AFTER)
            self.env.process(self.report(message, "delivered", after, who, ref.VIBER_PRICE))
        elif u < ref.VIBER_UNDELIVERED:
            self.env.process(self.report(message, "undelivered", self.lognormal(ref.VIBER_UNDELIVERED_AFTER)))
        elif u < ref.VIBER_FAILED:
            self.env.process(self.report(message, "failed", self.rng.expovariate(1 / ref.VIBER_FAILED_MEAN)))

    def sms(self, message: simpy.Event, who: Recipient, waited: float = 0.0) -> None:
        who.cost += ref.SMS_PRICE
        u = self.rng.random()
        if u < ref.SMS_DELIVERED:
            after = self.lognormal(ref.SMS_DELIVERED_AFTER)
            if waited + after <= ref.SMS_TTL:
                self.env.process(self.report(message, "delivered", after, who))
        elif u < ref.SMS_UNDELIVERED:
            self.env.process(self.report(message, "undelivered", self.lognormal(ref.SMS_UNDELIVERED_AFTER)))
        elif u < ref.SMS_FAILED:
            self.env.process(self.report(message, "failed", self.rng.expovariate(1 / ref.SMS_FAILED_MEAN)))

    def voice(self, message: simpy.Event, who: Recipient) -> None:
        u = self.rng.random()
        if u < ref.VOICE_ANSWERED:
            after = ref.VOICE_SHIFT + self.rng.expovariate(1 / ref.VOICE_MEAN)
            self.env.process(self.report(message, "delivered", after, who, ref.VOICE_PRICE))

    def viber_first(self, who: Recipient):
        yield self.env.timeout(who.arrival)
        viber = self.submit(self.viber, who)
        yield viber | self.env.timeout(ref.VIBER_TTL)
        if viber.triggered and viber.value == "delivered":
            return
        sms = self.submit(self.sms, who)
        ttl = self.env.timeout(ref.SMS_TTL)
        waiting = [sms, ttl] if viber.processed else [sms, ttl, viber]
        while True:
            yield self.env.any_of(waiting)
            if any(message.triggered and message.value == "delivered" for message in (sms, viber)):
                return  # by SMS, or late by Viber
            if sms.processed or ttl.processed:
                break
            waiting.remove(viber)  # a late report that is not good: wait on
        self.submit(self.voice, who)

    def sms_first(self, who: Recipient):
        yield self.env.timeout(who.arrival)
        sms = self.submit(self.sms, who)
        yield sms | self.env.timeout(ref.SMS_TTL)
        if sms.triggered and sms.value == "delivered":
            return
        viber = self.submit(self.viber, who)
        yield viber | self.env.timeout(ref.VIBER_TTL)
        if viber.triggered and viber.value == "delivered":
            return
        self.submit(self.voice, who)


def simulate(plan: str, recipients: int, threads: int, seed: int) -> dict:
    rng = Random(f"{seed}/{plan}")
    return results_of(Model(rng), plan, [Recipient(rng.random() * ref.HOUR) for _ in range(recipients)])


def results_of(model: Model, plan: str, people: list[Recipient]) -> dict:
    flow = {"viber-first": model.viber_first, "sms-first": model.sms_first}[plan]
    for who in people:
        model.env.process(flow(who))
    model.env.run()

    latencies = sorted(who.deliveries[0] - who.arrival for who in people if who.deliveries)
    return ref.measures(
        len(people),
        delivered=len(latencies),
        in_time=sum(latency <= ref.DEADLINE for latency in latencies),
        duplicates=sum(len(who.deliveries) > 1 for who in people),
        cost=sum(who.cost for who in people),
        cost_squared=sum(who.cost**2 for who in people),
        latency_p95_s=latencies[ceil(0.95 * len(latencies)) - 1],
    )


if __name__ == "__main__":
    ref.command_line(simulate, recipients=20_000)
