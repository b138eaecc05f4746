"""A month on instances with target tracking, written in SimPy: the peer of `cost.simulation`.

Requests are processes that take a server from a store; a controller looks at the requests of every minute, as Application
Auto Scaling does, and puts servers into the store or takes them out. It shares no code with ours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import simpy


@dataclass
class Fleet:
    """`servers` holds the idle ones; `surplus` is how many of the busy ones leave when they are done."""

    world: simpy.Environment
    servers: simpy.Store
    surplus: int = 0
    arrived: int = 0
    latencies: list[float] = field(default_factory=list)
    billed_minutes: int = 0

    def request(self, takes: float):
        self.arrived += 1
        began = self.world.now
        server = yield self.servers.get()
        yield self.world.timeout(takes)
        self.latencies.append(self.world.now - began)
        if self.surplus:
            self.surplus -= 1
        else:
            yield self.servers.put(server)

    def change(self, servers: int) -> None:
        for _ in range(servers):
            if self.surplus:
                self.surplus -= 1
            else:
                self.servers.put("server")
        for _ in range(-servers):
            if self.servers.items:
                self.servers.items.pop()
            else:
                self.surplus += 1


def traffic(fleet: Fleet, arrivals: Sequence[float], takes: Sequence[float]):
    for at, seconds in zip(arrivals, takes, strict=True):
        yield fleet.world.timeout(at - fleet.world.now)
        fleet.world.process(fleet.request(seconds))


def controller(fleet: Fleet, policy, minutes: int, slots: int):
    """Three minutes above the target scale out, fifteen below nine tenths of it scale in."""
    running = asked = policy.minimum
    due: list[tuple[int, int]] = []
    above = below = 0
    last_change = -math.inf
    for minute in range(minutes):
        while due and due[0][0] == minute:
            count = due.pop(0)[1]
            fleet.change((count - running) * slots)
            running = count
        fleet.billed_minutes += max(asked, running)
        seen = fleet.arrived
        yield fleet.world.timeout(60)
        load = (fleet.arrived - seen) / running
        above = above + 1 if load > policy.per_instance else 0
        below = below + 1 if load < 0.9 * policy.per_instance else 0
        wanted = math.ceil((fleet.arrived - seen) / policy.per_instance)
        wanted = min(max(wanted, policy.minimum), policy.maximum)
        quiet = (minute - last_change) * 60
        if above >= 3 and wanted > asked and quiet >= policy.scale_out_cooldown_seconds:
            asked, last_change = wanted, minute
            due.append((minute + 1 + policy.start_minutes, asked))
        elif below >= 15 and wanted < asked and not due and quiet >= policy.scale_in_cooldown_seconds:
            asked, last_change = wanted, minute
            due.append((minute + 1, asked))


def run(
    arrivals: Sequence[float], takes: Sequence[float], policy, minutes: int, slots: int
) -> tuple[float, list[float]]:
    """Instance hours, and the latency of each request in seconds."""
    world = simpy.Environment()
    fleet = Fleet(world, simpy.Store(world))
    fleet.change(policy.minimum * slots)
    world.process(controller(fleet, policy, minutes, slots))
    world.process(traffic(fleet, arrivals, takes))
    world.run()
    return fleet.billed_minutes / 60, fleet.latencies
