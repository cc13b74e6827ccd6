"""What a computation runs in: captured, compared, and named by a fingerprint."""

from lineal.environment.capture import Environment, Interpreter, capture
from lineal.environment.difference import Change, diff
from lineal.environment.distributions import Distribution
from lineal.environment.git import GitState, git_difference
from lineal.environment.program import program, program_folder
from lineal.environment.types import ENVIRONMENT, properties_of

__all__ = [
    "ENVIRONMENT",
    "Change",
    "Distribution",
    "Environment",
    "GitState",
    "Interpreter",
    "capture",
    "diff",
    "git_difference",
    "program",
    "program_folder",
    "properties_of",
]
