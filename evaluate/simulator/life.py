"""What happens to an organisation from day to day: releases, rollouts, onboarding, renames, redeployed stacks. Knows no attacks."""

from dataclasses import replace

from .organisation import MACHINES, suffix

DAILY, RETIRED = 0.95, 0.3  # the chance of a call after its release; the share of releases that also drop a call
FEATURE = 0.15  # the share of releases that bring a whole feature, with a service of its own


class Life:
    """Changes an organisation, one day at a time. What is due later waits in `due`: (day, role, calls)."""

    def __init__(self, organisation, rng):
        self.organisation, self.rng = organisation, rng
        self.plan = organisation.world["life"]
        self.due = []
        self.by_hand = {}  # role's name -> calls that somebody makes with it by hand today

    def live(self, day):
        for application in self.organisation.applications:
            if self.happens("release"):
                self.release(application, day)
        for event in ("rollout", "onboarding", "rename"):
            if self.happens(event):
                getattr(self, event)(day)
        self.redeploy(day)
        self.debug()
        self.arrive(day)

    def happens(self, event):
        return self.rng.random() < self.plan[event]

    def release(self, application, day):
        """One to three calls of services in use, or a feature of six to fifteen, that travel from environment to environment."""
        rng, catalogue = self.rng, self.organisation.catalogue
        is_feature = rng.random() < FEATURE
        services = catalogue.draw_services(rng, 2) if is_feature else application.services
        calls = catalogue.draw_calls(rng, int(rng.integers(6, 16) if is_feature else rng.integers(1, 4)), services).tolist()
        application.profile += [call for call in calls if call not in application.profile]
        drop = application.profile[0] if rng.random() < RETIRED else None
        for role in self.organisation.living("service"):
            if role.application is application:
                delay = role.environment * int(rng.integers(1, self.plan["travel"] + 1))
                self.due.append((day + delay, role, calls))
                role.chance.pop(drop, None)

    def rollout(self, day):
        """One or two calls that a share of all machines begin making within three days."""
        calls = self.organisation.catalogue.draw_calls(self.rng, int(self.rng.integers(1, 3))).tolist()
        for role in self.organisation.living(*MACHINES):
            if self.rng.random() < self.plan["share"]:
                self.due.append((day + int(self.rng.integers(0, 3)), role, calls))

    def debug(self):
        """Somebody looks around with a machine's role, from its shell: three to ten reads."""
        self.by_hand = {}
        for _ in range(self.rng.poisson(self.plan["debug"])):
            role = self.rng.choice(self.organisation.living(*MACHINES))
            self.by_hand[role.name] = self.organisation.catalogue.draw_calls(self.rng, int(self.rng.integers(3, 11)), writes=False)

    def onboarding(self, day):
        self.organisation.add_application(day)

    def rename(self, day):
        """A role ends, and one with another name goes on as it did."""
        self.succeed(self.rng.choice(self.organisation.living(*MACHINES)), "renamed", day)

    def redeploy(self, day):
        """All roles of a stack end; their successors differ in the generated suffix."""
        stacks = dict.fromkeys(role.stack for role in self.organisation.living() if role.stack)
        for stack in [stack for stack in stacks if self.happens("redeploy")]:
            for role in [role for role in self.organisation.living() if role.stack == stack]:
                self.succeed(role, None, day)

    def succeed(self, role, addition, day):
        """`role` ends; its successor has `addition`, or else a new suffix, in its name."""
        stem = role.name if addition else role.name.rsplit("-", 1)[0]
        new = replace(role, name=f"{stem}-{addition or suffix(self.rng)}", born=day, chance=dict(role.chance))
        role.ended = True
        self.organisation.roles.append(new)
        self.due = [(when, new if whose is role else whose, calls) for when, whose, calls in self.due]

    def arrive(self, day):
        """What is due today becomes a habit."""
        for when, role, calls in self.due:
            if when <= day:
                role.chance.update((call, DAILY) for call in calls if call not in role.chance)
        self.due = [item for item in self.due if item[0] > day]
