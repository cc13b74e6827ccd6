"""Annotations, wiring, and what is refused while a pipeline is built."""

# ruff: noqa: PLW0108 - calls stand in lambdas, so that the test makes them
# ruff: noqa: TC001 - a component's annotations are read while running
# ruff: noqa: ISC004 - long messages among the cases are split
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

import pyarrow as pa
import pytest

from lineal.errors import InvalidInput
from lineal.metadata import Version
from lineal.pipeline import Channel, File, Graph, Input, Model, Named, Node, component, pipeline

if TYPE_CHECKING:
    from tests.pipeline.conftest import PlainWorkspace


class Rows(File):
    """Rows in a file."""


class Split(NamedTuple):
    train: Rows
    test: Annotated[Rows, Named("held_out")]


@dataclass
class Trained:
    model: Model
    loss: float | None

    def __post_init__(self) -> None:
        assert self.model.name


@component
def load(month: int) -> Rows:
    return Rows(str(month).encode())


@component
def split(rows: Rows, share: float = 0.2) -> Split:
    return Split(rows, rows)


@component
def train(rows: Input[Rows], *, depth: int = 3) -> Trained:
    return Trained(Model(rows.read_bytes()), 0.5)


@component
def gather(models: list[Model], loss: Input[float], extra: Rows | None = None) -> None:
    return None


def test_inputs_parameters_and_outputs_are_told_apart_by_annotations() -> None:
    assert set(split.signature.inputs) == {"rows"}
    assert set(split.signature.parameters) == {"share"}
    assert [(s.key, s.kind, s.name) for s in split.signature.outputs.values()] == [
        ("train", Rows, None),
        ("test", Rows, "held_out"),
    ]
    assert train.signature.outputs["loss"].optional
    assert gather.signature.inputs["models"].many
    assert gather.signature.inputs["extra"].optional
    assert gather.signature.outputs == {}


def test_components_are_wired_by_their_outputs() -> None:
    @pipeline
    def flights(months: int) -> None:
        models = []
        for month in range(1, months + 1):
            rows, _ = split.with_id(f"split_{month}")(load.with_id(f"load_{month}")(month))
            trained = train.with_id(f"train_{month}")(rows, depth=month)
            models.append(trained.model)
        gather(models, loss=trained.loss)  # type: ignore[arg-type]

    graph = flights.build(2)
    assert [node.id for node in graph.nodes] == [
        *("load_1", "split_1", "train_1"),
        *("load_2", "split_2", "train_2"),
        "gather",
    ]
    assert graph.node("gather").upstream == {"train_1", "train_2"}
    assert graph.node("split_1").parameters == {"share": 0.2}
    assert graph.downstream("load_2") == {"split_2", "train_2", "gather"}


def test_outside_of_a_pipeline_a_component_is_the_function() -> None:
    trained = train(load(3))
    assert trained.model.read_bytes() == b"3"


def test_the_workspace_is_handed_in_and_asked_for_outside(workspace: PlainWorkspace) -> None:
    Here = type(workspace)  # noqa: N806 - a class, told to the annotation below

    def where(ws: Here, month: int) -> str:  # type: ignore[valid-type]
        return f"{ws.recorder.store.uuid}/{month}"

    made = component(where)
    assert set(made.signature.parameters) == {"month"}
    assert made(workspace, 1) == f"{workspace.recorder.store.uuid}/1"
    with pytest.raises(InvalidInput, match=r"where\(ws, \.\.\.\)"):
        made(1)


def test_frames_and_tables_fit_each_other() -> None:
    @component
    def read() -> pa.Table:
        return pa.table({"a": [1]})

    @component
    def frame(table: pa.Table) -> None:
        return None

    @component
    def anything(what: Version) -> None:
        return None

    @pipeline
    def tables() -> None:
        table = read()
        frame(table)
        anything(table)

    assert len(tables.build().nodes) == 3


def build(body: object) -> Graph:
    assert callable(body)
    return pipeline(name="p")(body).build()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            lambda: gather([load(1)], loss=train(load.with_id("b")(1)).loss),
            "input 'models' of node 'gather' takes a Model, "
            "but gets output 'output' of node 'load' (Rows)",
        ),
        (
            lambda: train(Rows(b"")),
            "input 'rows' of node 'train' takes a Rows, but gets the plain value",
        ),
        (lambda: gather(load(1), 0.5), "input 'models' of node 'gather' takes a list of Model"),
        (lambda: train(), "node 'train' (test_wiring.train): missing a required argument: 'rows'"),
        (lambda: train(rows=load(1), deep=1), "got an unexpected keyword argument 'deep'"),
        (
            lambda: (load(1), load(2)),
            "two nodes called 'load' (components test_wiring.load and test_wiring.load); "
            "give one another id: load.with_id('...')(...)",
        ),
        (lambda: load("x"), "parameter 'month' of node 'load' must be int, not 'x'"),
        (
            lambda: load(train(load.with_id("a")(1)).loss),
            "parameter 'month' of node 'load' takes a plain int, but gets output 'loss' of node "
            "'train' (float); annotate it Input[int]",
        ),
        (lambda: load(1).read_bytes(), "has no 'read_bytes' while the pipeline is built"),
        (lambda: list(load(1)), "can't be taken apart while the pipeline is built"),
        (lambda: bool(load(1)), "can't be tested while the pipeline is built"),
        (lambda: None, "pipeline 'p' has no node"),
        (lambda: load.with_id("a b")(1), "'a b' can't be a node's id"),
        (lambda: build(lambda: load(1)), "can't be built inside another one"),
    ],
)
def test_wrong_wiring_is_refused_naming_both_ends(body: object, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(body)
    assert message in str(caught.value).replace("tests.pipeline.", "")


def test_a_channel_of_another_pipeline_is_refused() -> None:
    stolen: list[Rows] = []
    build(lambda: stolen.append(load(1)))
    with pytest.raises(InvalidInput, match="belongs to another pipeline"):
        build(lambda: train(stolen[0]))


def test_a_cycle_made_by_hand_is_refused() -> None:
    channel = load_channel()
    a = Node("a", train, {}, {"rows": [Channel("b", "model", Model, channel.graph)]})
    b = Node("b", train, {}, {"rows": [Channel("a", "model", Model, channel.graph)]})
    with pytest.raises(InvalidInput, match=r"cycle: 'a' needs b, 'b' needs a"):
        Graph([a, b], pipeline="p")
    lost = Node("c", train, {}, {"rows": [Channel("x", "model", Model, channel.graph)]})
    with pytest.raises(InvalidInput, match="node 'c' needs node 'x', which isn't there"):
        Graph([lost], pipeline="p")


def load_channel() -> Channel:
    found: list[object] = []
    build(lambda: found.append(load(1)))
    assert isinstance(found[0], Channel)
    return found[0]


class Loose:
    """No artifact, no plain data."""


def unannotated(x) -> None:  # type: ignore[no-untyped-def]
    return None


def no_return(x: int):  # type: ignore[no-untyped-def]
    return None


def loose(x: Loose) -> None:
    return None


def starred(*x: int) -> None:
    return None


def listed(x: int) -> list[int]:
    return [x]


def unknown(x: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    return None


async def waiting(x: int) -> None:
    return None


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (unannotated, "argument 'x' needs an annotation"),
        (no_return, "needs a return annotation; write -> None"),
        (loose, "is annotated Loose, which is neither plain data nor an artifact's class"),
        (starred, "give each argument a name instead of *x"),
        (listed, "returns list[int] as 'output', which can't be kept as an artifact"),
        (unknown, "the annotation 'Nowhere' has no meaning while running"),
        (waiting, "must not be async"),
        (Loose, "a component is a plain function"),
    ],
)
def test_annotations_of_no_use_are_refused(function: object, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        component(function)  # type: ignore[call-overload]
    assert message in str(caught.value)


def test_names_of_pipelines_are_checked() -> None:
    with pytest.raises(InvalidInput, match="can't be a pipeline's name"):
        pipeline(name="x" * 64)(lambda: None)
    with pytest.raises(InvalidInput, match="'x' needs an annotation"):
        pipeline(unannotated)
    with pytest.raises(InvalidInput, match="a pipeline is a plain function"):
        pipeline(load)


def test_the_package_itself_is_the_decorator() -> None:
    import lineal

    @lineal.pipeline
    def one() -> None:
        load(1)

    @lineal.pipeline(name="other")
    def two() -> None:
        load(1)

    assert (one.name, two.name) == ("one", "other")
