"""The result of a run: its answer, its numbers, its figures, its stories and its reports."""

from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.api import estimates
from simulator.api.estimates import Estimate, Finish
from simulator.api.messages import say
from simulator.api.words import Words
from simulator.ensemble import Ensemble
from simulator.metrics import summarise
from simulator.report import text
from simulator.report.figures import Figure
from simulator.report.run import answer, folder, html, printed, publish
from simulator.report.run.story import replay_story
from simulator.scenario import Scenario, ScenarioError, ScenarioErrors
from simulator.scenario.errors import Spot


class Result:
    """The forecast of a scenario. A notebook shows its answer; `print` writes what `derisk run` prints."""

    def __init__(self, ensemble: Ensemble, scenario: Scenario, called: str) -> None:
        """Keep the replications, and the scenario of which they are as it was given; `called` is its name in words."""
        self.ensemble, self._scenario, self._called = ensemble, scenario, called

    @property
    def scenario(self) -> Scenario:
        """The scenario as it was given: `result.scenario.with_({...})` asks what something else would change."""
        return self._scenario

    @property
    def seed(self) -> int:
        """The seed of all draws."""
        return self.ensemble.seed

    @property
    def replications(self) -> int:
        """How many there are."""
        return self.ensemble.replications

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C stopped it: it holds what was done."""
        return self.ensemble.interrupted

    @cached_property
    def summary(self) -> dict[str, Any]:
        """All numbers, as `derisk run --json` prints them; docs/outputs.md says what each is."""
        return summarise(self.ensemble)

    @property
    def goodput(self) -> Estimate:
        """The share of the wall clock that is productive training [1]."""
        return estimates.estimate(self.summary, "goodput", "goodput", "1", text.percent)

    @property
    def finish(self) -> Finish:
        """When it is done [days after the start], with dates where the scenario has a start."""
        return estimates.finish(self.summary, tuple(answer.finish_texts(self.summary)))

    @property
    def cost(self) -> Estimate:
        """What the run costs [USD], without its delay. Raises ScenarioErrors where nothing has a price."""
        if "cost_usd" not in self.summary:
            words = "no price is given, so there is no cost"
            remedy = 'write a price, such as "gpu: 2 USD/h"'
            raise ScenarioErrors([ScenarioError(Spot(self._scenario.file), "cost", words, remedy)])
        return estimates.estimate(self.summary, "cost_usd", "cost", "USD", text.dollars)

    @property
    def table(self) -> pd.DataFrame:
        """One row a replication, as in replications.parquet; a copy, to be changed at will."""
        return self.ensemble.table.copy()

    def figure(self, name: str) -> Figure:
        """Return a figure of the report: finish, waterfall, money, progress, interval, topology or timeline.

        It has its plot (Plotly), what it says in a sentence, and its numbers as a table. Raises FigureError, a
        ValueError, for a name that there is not, or a figure for which the run has nothing to draw.
        """
        return publish.figure(name, self.ensemble, self.summary)

    def replay(self, replication: int) -> Words:
        """Return the story of a replication, day by day. Raises ReplayError, a RuntimeError, where there is none."""
        return Words(replay_story(self.ensemble, replication))

    def report(self, root: str | Path = "runs") -> Path:
        """Write the run folder that `derisk run -o ROOT --report` writes, with its page and workbook, and return it.

        A folder of the same run that stands there is used. Raises OutputError, an OSError, where nothing can be
        written.
        """
        scenario = self.ensemble.scenario
        found = None if self.interrupted else folder.find(scenario, root)
        if found is None:
            if words := folder.clear(folder.place(scenario, root)):
                say(words)
            found = folder.write(self.ensemble, root)
        publish.publish(found)
        return found

    def __str__(self) -> str:
        """Return what `derisk run` prints."""
        return printed.as_text(self.summary, self.ensemble.scenario, self._called, None)

    def __repr__(self) -> str:
        """Return the scenario's name and the answer in a sentence."""
        return f"{self.summary['scenario']}: {answer.sentence(self.summary, self.ensemble.scenario)}"

    def _repr_html_(self) -> str:
        """Return the answer for a notebook, as the report says it first."""
        return html.render_answer(self.ensemble, self.summary)
