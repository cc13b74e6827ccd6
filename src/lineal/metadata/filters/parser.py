"""Read a filter: precedence as in GoogleSQL, every part checked as soon as it is read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from lineal.metadata.filters.checker import Checker
from lineal.metadata.filters.functions import OPERATORS
from lineal.metadata.filters.lexer import Token, tokens
from lineal.metadata.filters.names import ALL_MOST
from lineal.metadata.filters.syntax import (
    Attribute,
    Has,
    Node,
    NodeKindName,
    Reach,
    Source,
    Type,
    walk,
)
from lineal.metadata.filters.words import CALLABLE, FOLLOWING, OWN, REMEDIES, RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.metadata.filters.fitting import Meaning

__all__ = ["read"]

_COMPARISONS = frozenset(("=", "!=", "<>", "<", "<=", ">", ">="))
# From loose to tight; all of them bind tighter than a comparison.
_LEVELS = ("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"), ("*", "/", "||")
_TIGHTNESS = {sign: level for level, signs in enumerate(_LEVELS) for sign in signs}
_MOST_NESTED = 50
_MOST_LITERALS = 30_000
_MOST_STEPS = 10_000
_WALKS: dict[str, tuple[bool, NodeKindName]] = {
    "upstream": (True, "artifact"),
    "upstream_artifacts": (True, "artifact"),
    "upstream_executions": (True, "execution"),
    "downstream": (False, "artifact"),
    "downstream_artifacts": (False, "artifact"),
    "downstream_executions": (False, "execution"),
}


def read(text: str, kind: NodeKindName, meaning: Meaning) -> Node | None:
    """Return the checked filter; None if there is nothing in it, which all nodes fulfil."""
    if not text.strip() and (not text or meaning == "lineal"):
        return None
    return _Parser(text, kind, meaning).whole()


class _Parser:
    def __init__(self, text: str, kind: NodeKindName, meaning: Meaning) -> None:
        self.text = text
        self.check = Checker(text, kind, meaning)
        self.tokens = list(tokens(text))
        self.place = 0
        self.nested = 0
        literals = [t for t in self.tokens if t.kind in ("integer", "double", "string")]
        if len(literals) > _MOST_LITERALS:
            self.check.refuse(
                f"it holds more than {_MOST_LITERALS:,} values", literals[_MOST_LITERALS].at
            )

    def whole(self) -> Node:
        node = self.check.whole(self.expression())
        if self.token.kind != "end":
            self.unexpected()
        self._check_sources(node)
        return node

    # Tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.token
        self.place += 1
        return token

    def keyword(self, *words: str) -> bool:
        """Whether the next token is one of some words, which then is taken."""
        token = self.token
        if token.kind == "name" and not token.quoted and token.text.upper() in words:
            self.place += 1
            return True
        return False

    def sign(self, text: str) -> bool:
        if self.token.kind == "sign" and self.token.text == text:
            self.place += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not (self.sign(text) or self.keyword(text)):
            self.unexpected(f"; {text} is needed here")

    def unexpected(self, more: str = "") -> NoReturn:
        token = self.token
        if token.kind == "end":
            self.check.refuse(f"it ends too early{more}", token.at)
        said = token.text if len(token.text) <= 60 else f"{token.text[:60]}..."
        self.check.refuse(f"unexpected {said}{more or self._remedy()}", token.at)

    def _remedy(self) -> str:
        """Say what to write instead of the next token, where that is known."""
        token = self.token
        word = "" if token.quoted else token.text.upper()
        if word in REMEDIES:
            return f"; {REMEDIES[word]}"
        before = self.tokens[self.place - 1]
        if token.kind == before.kind == "string" and token.at == before.end:
            return r"; a quote inside of text is written \'"
        return ""

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.nested += 1
        if self.nested > _MOST_NESTED:
            self.check.refuse(f"it is nested more than {_MOST_NESTED} levels deep", self.token.at)
        yield
        self.nested -= 1

    # Conditions, from loose to tight

    def expression(self) -> Node:
        parts = [self.conjunction()]
        while self.keyword("OR"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else self.check.any_of(parts)

    def conjunction(self) -> Node:
        parts = [self.negation()]
        while self.keyword("AND"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else self.check.all_of(parts)

    def negation(self) -> Node:
        at = self.token.at
        if self.keyword("NOT"):
            with self.deeper():
                return self.check.negate(self.negation(), at)
        return self.comparison()

    def comparison(self) -> Node:
        left = self.operation()
        token = self.token
        if token.kind == "sign" and token.text in _COMPARISONS:
            self.take()
            return self.alone(self.check.compare(token.text, left, self.operation(), token.at))
        if self.keyword("IS"):
            negated = self.keyword("NOT")
            for word, what in (("NULL", None), ("TRUE", True), ("FALSE", False)):
                if self.keyword(word):
                    return self.alone(self.check.whether(left, what, token.at, negated=negated))
            self.unexpected("; IS takes NULL, TRUE or FALSE")
        negated = self.keyword("NOT")
        if self.keyword("IN"):
            options = self.options()
            return self.alone(self.check.among(left, options, token.at, negated=negated))
        if self.keyword("BETWEEN"):
            low = self.operation()
            self.need("AND")
            high = self.operation()
            return self.alone(self.check.between(left, low, high, token.at, negated=negated))
        if self.keyword("LIKE"):
            pattern = self.operation()
            return self.alone(self.check.like(left, pattern, token.at, negated=negated))
        if negated:
            self.unexpected("; NOT takes IN, BETWEEN or LIKE here")
        self._check_following()
        return left

    def alone(self, node: Node) -> Node:
        """Refuse a second comparison right after one: a < b < c."""
        token = self.token
        word = token.text.upper() if token.kind == "name" else ""
        if (token.kind == "sign" and token.text in _COMPARISONS) or word in ("IS", "IN", "LIKE"):
            self.unexpected("; a comparison can be compared only in parentheses")
        return node

    def _check_following(self) -> None:
        """Refuse a word or text right behind a value, before the value is found wanting."""
        token = self.token
        if token.kind in ("integer", "double", "string") or (
            token.kind == "name" and (token.quoted or token.text.upper() not in FOLLOWING)
        ):
            self.unexpected()

    def options(self) -> list[Node]:
        self.need("(")
        options = [self.expression()]
        while self.sign(","):
            options.append(self.expression())
        self.need(")")
        return options

    # Values

    def operation(self, tightness: int = 0) -> Node:
        left = self.unary()
        while self.token.kind == "sign":
            sign = self.token.text
            level = _TIGHTNESS.get(sign, -1)
            if level < tightness:
                break
            at = self.take().at
            right = self.operation(level + 1)
            left = self.check.apply(sign, OPERATORS[sign], (left, right), at)
        return left

    def unary(self) -> Node:
        at = self.token.at
        if self.sign("-"):
            number = self.token
            if number.kind == "integer" and isinstance(number.value, int):
                self.take()
                return self.check.literal(-number.value, at)
            with self.deeper():
                return self.check.apply("negate", OPERATORS["negate"], [self.unary()], at)
        if self.sign("~"):
            with self.deeper():
                return self.check.apply("~", OPERATORS["~"], [self.unary()], at)
        if self.sign("+"):
            with self.deeper():
                return self.check.number(self.unary())
        return self.primary()

    def primary(self) -> Node:
        token = self.token
        if token.kind in ("integer", "double", "string"):
            return self.check.literal(self.take().value, token.at)
        if self.sign("("):
            return self.parenthesis(token)
        if token.kind != "name":
            self.unexpected()
        return self.named(token)

    def named(self, token: Token) -> Node:
        for word, value in (("TRUE", True), ("FALSE", False), ("NULL", None)):
            if self.keyword(word):
                return self.check.literal(value, token.at)
        for word, read_on in (("CASE", self.case), ("CAST", self.cast)):
            if self.keyword(word):
                with self.deeper():
                    return read_on(token.at)
        called = self.tokens[self.place + 1].text == "("
        word = "" if token.quoted else token.text.upper()
        if called and (word == "EXISTS" or word not in RESERVED - CALLABLE):
            return self.call(self.take())
        if called or word in RESERVED:
            if not called and word not in OWN and self._stands_as_value():
                self.check.refuse(
                    f"{token.text} is a reserved word; a property is written "
                    f"properties.{token.text}{'.int_value' if self.check.strict else ''}",
                    token.at,
                )
            self.unexpected()
        self.take()
        return self.check.names.attribute(token.parts, token.at)

    def _stands_as_value(self) -> bool:
        """Whether behind the next token something is compared."""
        after = self.tokens[self.place + 1]
        return after.text in _COMPARISONS or after.text.upper() in ("IS", "IN", "LIKE", "BETWEEN")

    def parenthesis(self, start: Token) -> Node:
        if self.token.kind == "name" and self.token.text.upper() in ("SELECT", "WITH"):
            self.check.refuse("there are no queries inside of filters", self.token.at)
        with self.deeper():
            node = self.expression()
        if self.token.kind == "sign" and self.token.text == ",":
            self.check.refuse("several values in parentheses stand after IN only", self.token.at)
        if self.token.kind == "end":
            self.check.refuse("the parenthesis is not closed", start.at)
        self.need(")")
        return self.check.value(node) if self.check.strict else node

    def case(self, at: int) -> Node:
        base = None
        if not (self.token.kind == "name" and self.token.text.upper() == "WHEN"):
            base = self.expression()
        whens = []
        while self.keyword("WHEN"):
            test = self.expression()
            self.need("THEN")
            whens.append((test, self.expression()))
        if not whens:
            self.unexpected("; WHEN is needed here")
        otherwise = self.expression() if self.keyword("ELSE") else None
        self.need("END")
        return self.check.case(base, whens, otherwise, at)

    def cast(self, at: int) -> Node:
        self.need("(")
        value = self.expression()
        self.need("AS")
        name = self.take()
        if name.kind != "name":
            self.place -= 1
            self.unexpected("; a type is needed here")
        self.need(")")
        return self.check.cast(value, name.text, at, name.at)

    def call(self, name: Token) -> Node:
        self.take()
        if not self.check.strict and name.text.lower() in _WALKS:
            with self.deeper():
                return self.walk(name)
        if not self.check.strict and name.text.lower() == "has":
            return self.has(name)
        arguments: list[Node] = []
        with self.deeper():
            if not self.sign(")"):
                if self.token.text in ("*", "SELECT"):
                    self.check.call(name.text, (), name.at)
                arguments = [self.expression()]
                while self.sign(","):
                    arguments.append(self.expression())
                self.need(")")
        return self.check.call(name.text, arguments, name.at)

    # What only Lineal's meaning has

    def has(self, name: Token) -> Node:
        what = self.take()
        if what.kind != "name":
            self.place -= 1
            self.unexpected("; has(…) takes a property or a neighbour")
        source = self.check.names.thing(what.parts, what.at)
        self.need(")")
        return Has(name.at, Type.BOOL, 1, source)

    def walk(self, name: Token) -> Node:
        upstream, found = _WALKS[name.text.lower()]
        if self.check.kind == "context":
            self.check.refuse("contexts have no lineage; ask for artifacts or executions", name.at)
        outer = self.check
        self.check = Checker(self.text, found, outer.meaning)
        condition: Node | None = None
        exactly = most = None
        while not self.sign(")"):
            if self.token.text.lower() == "depth" and self.tokens[self.place + 1].kind == "sign":
                self.take()
                exactly, most = self.steps()
            elif condition is None:
                condition = self.check.whole(self.expression())
            else:
                self.unexpected(f"; {name.text}(…) takes one condition and a depth")
            if not self.sign(","):
                self.need(")")
                break
        self.check = outer
        depth = 1 + (condition.depth if condition else 0)
        return Reach(name.at, Type.BOOL, depth, upstream, found, condition, exactly, most)

    def steps(self) -> tuple[int | None, int | None]:
        """Read the rest of a depth; return how many steps exactly, and how many at most."""
        sign, number = self.take(), self.take()
        if sign.text not in ("=", "<", "<="):
            self.check.refuse("a depth is bounded from above: depth <= 3, < 3 or = 3", sign.at)
        steps = number.value if number.kind == "integer" else None
        if not isinstance(steps, int):
            self.check.refuse("a depth is a whole number", number.at)
        steps -= sign.text == "<"
        if not 1 <= steps <= _MOST_STEPS:
            self.check.refuse(f"a depth lies between 1 and {_MOST_STEPS:,} steps", number.at)
        return (steps, steps) if sign.text == "=" else (None, steps)

    def _check_sources(self, node: Node) -> None:
        """Refuse more than can be joined, and neighbours that differ by case alone."""
        seen: dict[Source, None] = {}
        cases: dict[str, str] = {}
        joined = 0
        for each in walk(node):
            source = each.source if isinstance(each, Attribute | Has) else Source("node")
            if source.of in ("node", "version") or source in seen:
                continue
            seen[source] = None
            if source.is_neighbour:
                said = cases.setdefault(str(source).lower(), str(source))
                if said != str(source):
                    self.check.refuse(f"{source} and {said} differ by case alone", each.at)
            # ML Metadata's meaning joins a neighbour's link, its own row and its type's.
            joined += 3 if self.check.strict and source.is_neighbour else 1
            if joined > ALL_MOST:
                self.check.refuse("it mentions too many properties and neighbours", each.at)
