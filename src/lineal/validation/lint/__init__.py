"""Find what is wrong with a schema itself, before any data is held against it."""

from lineal.validation.lint.problem import Problem
from lineal.validation.lint.walk import lint

__all__ = ["Problem", "lint"]
