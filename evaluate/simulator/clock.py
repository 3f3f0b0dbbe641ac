"""The simulator's calendar: seconds of a day, and the day on which every world begins."""

HOUR, DAY = 3_600, 86_400
FIRST_DAY = 20_094 * DAY  # Monday, 2025-01-06 00:00 UTC, in epoch seconds


def midnight(day):
    """When day number `day` begins."""
    return FIRST_DAY + day * DAY
