"""The roles of an organisation on its first day, and how new ones are made. Knows what a role calls, not when."""

from dataclasses import dataclass, field

import numpy as np

MACHINES = ("service", "function", "batch")
SHARED_DEPLOY = 18  # calls that all pipelines make
AUDITED = 70  # calls of an audit
IN_COMMON = 0.8  # the part of a group's calls that its role in one environment makes


@dataclass
class Application:
    """What the roles of one application share: its services and its calls."""

    name: str
    services: np.ndarray
    profile: list
    tail: list


@dataclass
class Role:
    """One role. `chance` maps a call to the chance that it is made on a working day; people draw from a pool instead."""

    name: str
    kind: str
    application: Application = None
    environment: int = 0
    stack: str = None  # roles of one stack are deployed together
    chance: dict = field(default_factory=dict)
    pool: tuple = None  # calls and their weights
    draws: float = 0.0  # calls drawn on a day, all people together
    hours: tuple = (0, 24)
    days: tuple = (0, 1, 2, 3, 4, 5, 6)  # of the week
    every: int = 1  # works on one day in so many, counted from `phase`
    phase: int = 0
    born: int = 0
    ended: bool = False


class Organisation:
    """All roles, also those that ended, and all applications."""

    def __init__(self, world, catalogue, rng):
        self.world, self.catalogue, self.rng = world, catalogue, rng
        self.size, self.habits = world["size"], world["habits"]
        self.applications, self.roles = [], []
        self.menu = catalogue.draw_calls(rng, self.habits["menu"]).tolist()
        self.deploys = catalogue.draw_calls(rng, SHARED_DEPLOY).tolist()
        for _ in range(self.size["applications"]):
            self.add_application(0)
        self.add_batches()
        self.add_pipelines()
        self.add_people()
        self.add_audits()

    def living(self, *kinds):
        return [role for role in self.roles if not role.ended and (not kinds or role.kind in kinds)]

    def add_application(self, day):
        """An application with a role of each kind in each environment."""
        rng, habits = self.rng, self.habits
        services = self.catalogue.draw_services(rng, habits["services"])
        calls = self.catalogue.draw_calls(rng, habits["profile"] + habits["tail"], services).tolist()
        application = Application(f"app{len(self.applications):02}", services, calls[: habits["profile"]], calls[habits["profile"] :])
        self.applications.append(application)
        for environment in range(self.size["environments"]):
            self.add_machines(application, environment, day)

    def add_machines(self, application, environment, day):
        stack = f"{application.name}-{environment}"
        for kind, share, count in (("service", 1.0, self.size["services"]), ("function", 0.4, self.size["functions"])):
            for number in range(count):
                calls = [call for call in application.profile if share == 1.0 or self.rng.random() < share]
                tail = application.tail if share == 1.0 else []
                self.add(Role(f"{stack}-{kind}{number}", kind, application, environment, stack, self.chances(calls, tail), born=day))

    def chances(self, calls, tail):
        """Calls of every day, and those of one day in `seldom`; all machines share the menu."""
        chance = dict.fromkeys([*self.menu, *calls], 0.95)
        return {call: 1 / self.habits["seldom"] for call in tail if call not in chance} | chance

    def add(self, role):
        if self.world["life"]["redeploy"] and role.stack:
            role.name = f"{role.name}-{suffix(self.rng)}"
        self.roles.append(role)

    def add_batches(self):
        """Jobs of the last environment, at night: daily, weekly or monthly."""
        for number in range(self.size["batches"]):
            application = self.applications[number % len(self.applications)]
            calls = self.catalogue.draw_calls(self.rng, 6, application.services).tolist()
            every = (1, 1, 7, 30)[number % 4]
            chance, last = self.chances(calls, []), self.size["environments"] - 1
            self.add(Role(f"batch{number:02}", "batch", application, last, chance=chance, hours=(1, 5), every=every, phase=number))

    def add_pipelines(self):
        for environment in range(self.size["environments"]):
            for number in range(self.size["pipelines"]):
                seldom = self.catalogue.draw_calls(self.rng, 60).tolist()
                chance = dict.fromkeys(seldom, 0.02) | dict.fromkeys(self.deploys, 0.7)
                self.add(Role(f"pipeline{environment}{number}", "pipeline", None, environment, None, chance, hours=(8, 19), days=(0, 1, 2, 3, 4)))

    def add_people(self):
        """One role a group and environment, as single sign-on makes them. The roles of a group share most of a long list."""
        for group in self.size["people"]:
            calls = self.catalogue.draw_calls(self.rng, group["pool"], writes=group["writes"])
            for environment in range(self.size["environments"]):
                own = calls[self.rng.random(len(calls)) < IN_COMMON]
                weight = 1 / (np.arange(len(own)) + 4)
                draws = group["draws"] * group["people"]
                self.add(Role(f"SSO_{group['name']}-{environment}", "people", None, environment, pool=(own, weight / weight.sum()), draws=draws,
                              hours=(7, 19), days=(0, 1, 2, 3, 4)))  # fmt: skip

    def add_audits(self):
        for number in range(self.size["audits"]):
            calls = self.catalogue.draw_calls(self.rng, AUDITED, writes=False).tolist()
            self.add(Role(f"audit{number}", "audit", chance=dict.fromkeys(calls, 0.9), hours=(3, 6), every=1 + 6 * (number % 2)))


def suffix(rng):
    """A generated suffix such as CloudFormation appends."""
    return "".join(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), size=12))
