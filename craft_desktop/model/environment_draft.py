"""A project's environment variables while a person changes them: nothing is in force before the whole is saved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from craft_desktop.model.environment import MOST_BYTES, check_variables, importable, name_problem
from craft_desktop.model.errors import VariableError


class Standing(StrEnum):
    """How a variable of the draft stands to what is in force."""

    KEPT = "kept"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is in force, by name, and what is to be put and dropped. Its `repr` tells no value.

    :param kept: the names in force.
    :param put: new values by name.
    :param drop: those of `kept` that are to go.
    """

    kept: frozenset[str] = frozenset()
    put: Mapping[str, str] = field(default_factory=dict, repr=False)
    drop: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names there will be."""
        return (self.kept - self.drop) | frozenset(self.put)

    @property
    def changes(self) -> int:
        """How many variables would be saved otherwise than they are."""
        return len(self.put) + len(self.drop)

    def standings(self) -> dict[str, Standing]:
        """Give every variable, removed ones too, in the order of names."""
        return {name: self._standing(name) for name in sorted(self.kept | frozenset(self.put))}

    def setting(self, values: Mapping[str, str]) -> "Draft":
        """Give the draft with these values put."""
        return replace(self, put={**self.put, **values}, drop=self.drop - frozenset(values))

    def without(self, name: str) -> "Draft":
        """Give the draft without a variable."""
        put = {each: value for each, value in self.put.items() if each != name}
        return replace(self, put=put, drop=self.drop | ({name} & self.kept))

    def restored(self, name: str) -> "Draft":
        """Give the draft with a variable as it is in force."""
        put = {each: value for each, value in self.put.items() if each != name}
        return replace(self, put=put, drop=self.drop - {name})

    def onto(self, kept: Collection[str]) -> "Draft":
        """Give the draft after others changed what is in force."""
        return Draft(frozenset(kept), self.put, self.drop & frozenset(kept))

    def name_problem(self, name: str, before: str = "") -> tuple[str, str] | None:
        """Give why a name cannot be taken, and what to do instead.

        :param before: the variable's own name until now, which is no double.
        """
        problem = name_problem(name)
        if problem is None and name != before and name in self.names:
            return "There is a variable of that name already.", "Change that one, or choose another name."
        return problem

    def _standing(self, name: str) -> Standing:
        if name in self.drop:
            return Standing.REMOVED
        if name in self.put:
            return Standing.CHANGED if name in self.kept else Standing.ADDED
        return Standing.KEPT


def value_problem(name: str, value: str) -> tuple[str, str] | None:
    """Give why a value cannot be kept, and what to do instead; no word of it."""
    if len(value) > MOST_BYTES:
        return (
            f"The value is too large: {len(value):,} characters. All variables together may take {MOST_BYTES:,} bytes.",
            "Put it into a file of the project, for example .env.local.",
        )
    try:
        check_variables({name: value})
    except VariableError as error:
        return error.problem.detail, error.problem.remedy
    return None


def importable_values(values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Part what a `.env` text names into what may be set, and what is left out, with why: names and values checked."""
    fine, left_out = importable(values)
    for name, value in tuple(fine.items()):
        problem = value_problem(name, value)
        if problem is not None:
            left_out[name] = problem[0]
            del fine[name]
    return fine, left_out
