"""Schemas to and from the forms of other tools, telling what can't be carried."""

from lineal.validation.conversion.convert import (
    FORMS,
    Converted,
    Loss,
    convert_from,
    convert_to,
)

__all__ = ["FORMS", "Converted", "Loss", "convert_from", "convert_to"]
