"""A simulated stream, cut into the days on which its records arrived, for methods to judge and learn."""

from dataclasses import dataclass

import numpy as np
from simulator.clock import DAY, midnight

CALLS = 1 << 16  # a pair is role * CALLS + call while it is in an array


@dataclass
class Day:
    """What arrived on one day. A pair is (role number, call number); times are epoch seconds."""

    number: int
    opens: int  # midnight, when it begins: a pair first seen later is new
    as_of: int  # the midnight on which it ends
    observed: dict  # pair -> (first, last)
    learned: dict  # the same without what is not learned of attacks
    attacked: dict  # pair -> number of the attack that made it
    punctual: list  # (pair, at) of the events that did not arrive late


def history(stream):
    """All that arrived before the scored days, as one day that is only learned."""
    arrived = stream.events["arrives"] < midnight(stream.first_scored)
    return day_of(stream, arrived, stream.first_scored - 1)


def scored(stream):
    """The scored days, in order."""
    day = (stream.events["arrives"] - midnight(0)) // DAY
    for number in range(stream.first_scored, stream.last_day + 1):
        yield day_of(stream, day == number, number)


def day_of(stream, chosen, number):
    columns = {name: column[chosen] for name, column in stream.events.items()}
    slow = [attack.number for attack in stream.attacks if attack.kind == "slow"]
    pair = columns["role"].astype(np.int64) * CALLS + columns["call"]
    is_attack = columns["attack"] >= 0
    is_learned = ~is_attack | np.isin(columns["attack"], slow)
    punctual = columns["arrives"] == columns["at"]
    return Day(
        number, midnight(number), midnight(number + 1), extent(pair, columns["at"]), extent(pair[is_learned], columns["at"][is_learned]),
        {divmod(int(one), CALLS): int(attack) for one, attack in zip(pair[is_attack], columns["attack"][is_attack], strict=True)},
        [(divmod(int(one), CALLS), int(at)) for one, at in zip(pair[punctual], columns["at"][punctual], strict=True)] if number >= stream.first_scored else [],
    )


def extent(pair, at):
    """First and last time of each pair."""
    order = np.lexsort((at, pair))
    pair, at = pair[order], at[order]
    starts = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]]) if len(pair) else np.array([], int)
    ends = np.r_[starts[1:], len(pair)] - 1
    return {divmod(int(pair[s]), CALLS): (int(at[s]), int(at[e])) for s, e in zip(starts, ends, strict=False)}  # without pairs there is an end and no start
