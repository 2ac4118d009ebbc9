"""One queue for all that several plans ask for; what two of them need is done once."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.machinery.declaration import Plan
from experiments.machinery.store import refuse_others
from lenet1998.errors import LeNetError
from lenet1998.running.sweep import sweep
from lenet1998.running.work import Failure, Outcome, Task, Work

Key = tuple[Path, int, Any]


@dataclass
class _Course:
    """How far a plan has come: the work of its last step, and its end."""

    plan: Plan
    divergence: bool
    failures: bool
    wanted: Sequence[Work] = ()
    end: Any = None


class Agenda:
    """Plans by name, which go on as the work that they wait for is done. `divergence` are the plans for which a run
    that diverges is a result, `failures` those for which that holds for all work that fails. `ended` is called with a
    plan's name and its end."""

    def __init__(
        self,
        plans: dict[str, Plan],
        divergence: Container[str] = (),
        ended: Callable[[str, Any], None] = lambda name, end: None,
        failures: Container[str] = (),
    ):
        self.courses = {name: _Course(plan, name in divergence, name in failures) for name, plan in plans.items()}
        self.ended = ended
        self.outcomes: dict[Key, Outcome] = {}
        self.asked: set[Key] = set()
        self.made: set[Path] = set()

    def carry_out(self, *, resume: bool, **options: Any) -> dict[str, Any]:
        """What each plan returned, or the LeNetError by which it ended. `options` are those of `sweep`."""

        def more(names: Iterable[str], answers: bool) -> list[Work]:
            work = [each for name in names for each in self._advance(name, answers)]
            if not resume:
                refuse_others(work, self.made)
            self.made.update(each.out for each in work)
            return work

        def then(work: Work, outcome: Outcome) -> list[Work]:
            self.outcomes[_key(work)] = outcome
            waiting = [name for name, course in self.courses.items() if _key(work) in map(_key, course.wanted)]
            return more([name for name in waiting if self._is_answered(name)], True)

        first = more(self.courses, False)
        sweep(first, resume=True, then=then, **options)
        return {name: course.end for name, course in self.courses.items()}

    def _is_answered(self, name: str) -> bool:
        return all(_key(work) in self.outcomes for work in self.courses[name].wanted)

    def _advance(self, name: str, answered: bool) -> list[Work]:
        """Go on with a plan, for the first time or with its answers, until it needs what is not there; what nobody has
        asked for is returned."""
        course = self.courses[name]
        try:
            while True:
                wanted = course.plan.send(self._answers(course)) if answered else next(course.plan)
                course.wanted = list(wanted)
                answered = True
                new = {_key(work): work for work in course.wanted if _key(work) not in self.asked}
                self.asked.update(new)
                if new or not self._is_answered(name):
                    return list(new.values())
        except StopIteration as stop:
            course.end = stop.value
        except LeNetError as error:
            course.end = error
        course.wanted = ()
        self.ended(name, course.end)
        return []

    def _answers(self, course: _Course) -> list[Any]:
        outcomes = [self._delivered(work) for work in course.wanted]
        failed = [each for each in outcomes if isinstance(each, Failure) and not (course.divergence and each.diverged)]
        if failed and not course.failures:
            raise LeNetError(
                f"{len(failed)} of {len(outcomes)} runs failed ({failed[0].task.out}: {failed[0].reason}); the others "
                "are kept, and the same command with --resume repeats what failed"
            )
        return outcomes

    def _delivered(self, work: Any) -> Any:
        """The outcome as this piece of work has it: another may have made the run, under another name."""
        outcome = self.outcomes[_key(work)]
        if isinstance(work, Task):
            return work.named(outcome) if isinstance(outcome, dict) else Failure(work, outcome.reason, outcome.diverged)
        return outcome


def _key(work: Work) -> Key:
    return work.out, work.passes, getattr(work, "measure", None)
