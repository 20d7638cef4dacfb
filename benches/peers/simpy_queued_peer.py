"""The reference scenario with limited capacity in SimPy: queues as its tutorial would have them.

A throughput is a resource of one, held until the next may leave; lines are a resource of many. Whoever has not
had a turn when the ttl is over reneges. The plans are those of simpy_peer.py. One thread here, too.
"""

from random import Random

import simpy

import reference as ref
from simpy_peer import Model, Provider, Recipient, results_of


class QueuedModel(Model):
    """No outage: it begins at 20 min, and by then nobody submits to Viber any more."""

    def __init__(self, rng: Random, recipients: int):
        super().__init__(rng)
        self.viber_turn = simpy.Resource(self.env, capacity=1)
        self.sms_turn = simpy.Resource(self.env, capacity=1)
        self.lines = simpy.Resource(self.env, capacity=ref.lines(recipients))
        self.viber_gap = 1 / (ref.VIBER_RATE * recipients)
        self.sms_gap = 1 / (ref.SMS_RATE * recipients)

    def submit(self, provider: Provider, who: Recipient) -> simpy.Event:
        """Joins the provider's queue: a process of its own."""
        message = self.env.event()
        self.env.process(provider(message, who))
        return message

    def viber(self, message: simpy.Event, who: Recipient):
        with self.viber_turn.request() as turn:
            yield turn | self.env.timeout(ref.VIBER_TTL)
            if turn.triggered:
                super().viber(message, who)
                yield self.env.timeout(self.viber_gap)

    def sms(self, message: simpy.Event, who: Recipient):
        joined = self.env.now
        with self.sms_turn.request() as turn:
            yield turn | self.env.timeout(ref.SMS_TTL)
            if turn.triggered:
                super().sms(message, who, waited=self.env.now - joined)
                yield self.env.timeout(self.sms_gap)

    def voice(self, message: simpy.Event, who: Recipient):
        with self.lines.request() as line:
            yield line
            u = self.rng.random()
            if u < ref.VOICE_ANSWERED:
                after = ref.VOICE_SHIFT + self.rng.expovariate(1 / ref.VOICE_MEAN)
                yield from self.report(message, "delivered", after, who, ref.VOICE_PRICE)
                yield self.env.timeout(ref.VOICE_TALK)
            else:
                yield self.env.timeout(ref.VOICE_BUSY_AFTER if u < ref.VOICE_BUSY else ref.VOICE_NO_ANSWER_AFTER)


def simulate(plan: str, recipients: int, threads: int, seed: int) -> dict:
    people = [Recipient(ref.evenly(number, recipients)) for number in range(recipients)]
    return results_of(QueuedModel(Random(f"{seed}/{plan}"), recipients), plan, people)


if __name__ == "__main__":
    ref.command_line(simulate, recipients=20_000)
