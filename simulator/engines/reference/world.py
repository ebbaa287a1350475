"""The world: the parts of one replication, each with one matter, where those that act on others find them."""

import numpy as np

from simulator.engines.reference.calendar import Calendar
from simulator.engines.reference.causes import causes_of
from simulator.engines.reference.checkpoints import Tiers
from simulator.engines.reference.cluster import Cluster
from simulator.engines.reference.diagnosis import Diagnosis
from simulator.engines.reference.draws import Chance
from simulator.engines.reference.histories import Histories
from simulator.engines.reference.job import Job
from simulator.engines.reference.journal import Journal
from simulator.engines.reference.operations import Operations
from simulator.engines.reference.planning import Planning
from simulator.engines.reference.policy import JobView, Policy
from simulator.engines.reference.progress import Progress
from simulator.engines.reference.shop import Shop
from simulator.engines.reference.slowness import Slowness
from simulator.engines.reference.staffing import Staffing
from simulator.engines.reference.weather import Weather
from simulator.numbers.plan import Plan


class World:
    """One replication at tick 0. The log is kept only when asked for."""

    def __init__(self, plan: Plan, key: np.uint64, log: bool, policy: Policy) -> None:
        # what is given, and what is written down
        self.plan = plan
        self.causes = causes_of(plan)
        self.calendar = Calendar()
        self.chance = Chance(plan, key)
        self.pace = self.chance.pace(int(plan.pace))
        self.journal = Journal(plan, self.calendar, log)
        self.progress = Progress(self.calendar, self.pace)
        self.tiers = Tiers(plan, self.calendar)
        self.cluster = Cluster(plan, self.calendar)
        self.histories = Histories(plan, self.calendar, self.journal)
        # those that act, each on the others that it finds here
        self.policy = policy
        self.view = JobView(self)
        self.staffing = Staffing(self)
        self.slowness = Slowness(self)
        self.shop = Shop(self)
        self.diagnosis = Diagnosis(self)
        self.operations = Operations(self)
        self.planning = Planning(self)
        self.job = Job(self)
        self.weather = Weather(self)
