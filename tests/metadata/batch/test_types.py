"""Types: made, found again, widened as allowed, and refused with what differs."""

import pytest

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import tables
from lineal.metadata.batch import nodes, types
from lineal.metadata.batch.forms import NodeForm, TypeForm
from lineal.metadata.faults import Unsupported


def properties_of(puts, type_id):
    return {
        row["name"]: row["data_type"]
        for row in puts.rows(tables.type_property)
        if row["type_id"] == type_id
    }


def type_row(puts, type_id):
    return next(row for row in puts.rows(tables.type_) if row["id"] == type_id)


def test_the_first_type_of_a_fresh_store_has_the_id_10(puts):
    assert puts.data == 10


def test_a_type_is_known_by_kind_name_and_version(puts):
    again, version, other = puts.put_types(
        "artifact", TypeForm("A"), TypeForm("A", version="2")
    ) + puts.put_types("execution", TypeForm("A"))
    assert len({again, version, other}) == 3
    assert puts.put_types("artifact", TypeForm("A", version="")) == [again]
    assert puts.put_types("artifact", TypeForm("A", version="2")) == [version]


def test_a_type_repeated_in_one_call_has_one_id(puts):
    first, second = puts.put_types(
        "context", TypeForm("Z", properties={"k": 1}), TypeForm("Z", properties={"k": 1})
    )
    assert first == second
    assert properties_of(puts, first) == {"k": 1}


@pytest.mark.parametrize(
    ("form", "error", "told"),
    [
        (TypeForm(None), InvalidInput, "name"),
        (TypeForm(""), InvalidInput, "name"),
        (TypeForm("New", properties={"u": 0}), InvalidInput, "'u'.*UNKNOWN"),
        (TypeForm("Data", properties={"n": 3}), AlreadyExists, "'n' is INT, not STRING"),
        (TypeForm("Data", properties={"n": 0}), AlreadyExists, "'n' is INT, not UNKNOWN"),
        (TypeForm("Run", properties={"n": 1, "more": 1}), AlreadyExists, "lacks.*'more'"),
        (TypeForm("Run"), AlreadyExists, "also has.*'n'"),
        (TypeForm("a\0b"), InvalidInput, "NUL"),
        (TypeForm("Based", base="mlmd.Nothing"), NotFound, "mlmd.Nothing"),
        (TypeForm("Based", base=""), Unsupported, "taken away"),
    ],
)
def test_what_a_type_can_not_be_is_refused(puts, form, error, told):
    kind = "execution" if form.name == "Run" else "artifact"
    with pytest.raises(error, match=told):
        puts.put_types(kind, form)


def test_a_refused_type_leaves_nothing_of_its_call(puts):
    before = puts.rows(tables.type_)
    with pytest.raises(AlreadyExists):
        puts.put_types("execution", TypeForm("Fresh"), TypeForm("Run"))
    assert puts.rows(tables.type_) == before


def test_properties_are_added_and_omitted_where_allowed_and_never_lost(puts):
    same = puts.put_types(
        "execution", TypeForm("Run", properties={"m": 3}), can_add_fields=True, can_omit_fields=True
    )
    assert same == [puts.run]
    assert properties_of(puts, puts.run) == {"n": 1, "m": 3}


def test_an_unknown_type_of_an_added_property_is_refused(puts):
    with pytest.raises(InvalidInput, match=r"'m'.*UNKNOWN"):
        puts.put_types(
            "execution", TypeForm("Run", properties={"n": 1, "m": 0}), can_add_fields=True
        )


def test_description_and_structure_are_kept_from_the_first_time(puts):
    first = TypeForm("E", description="one", input_type='{"any": {}}', output_type='{"none": {}}')
    (type_id,) = puts.put_types("execution", first)
    puts.put_types("execution", TypeForm("E", description="two", input_type="{}"))
    row = type_row(puts, type_id)
    assert (row["description"], row["input_type"], row["output_type"]) == (
        "one",
        '{"any": {}}',
        '{"none": {}}',
    )


def test_an_external_id_may_come_later_and_stays_when_omitted(puts):
    run = {"n": 1}
    puts.put_types("execution", TypeForm("Run", properties=run, external_id="outside"))
    puts.put_types("execution", TypeForm("Run", properties=run))
    assert type_row(puts, puts.run)["external_id"] == "outside"


@pytest.mark.parametrize("kind", ["artifact", "execution"])
def test_an_external_id_belongs_to_one_type_of_any_kind(puts, kind):
    puts.put_types("artifact", TypeForm("First", external_id="taken"))
    with pytest.raises(AlreadyExists, match="'taken'"):
        puts.put_types(kind, TypeForm("Second", external_id="taken"))
    with pytest.raises(AlreadyExists, match="'twice'"):
        puts.put_types(kind, TypeForm("C", external_id="twice"), TypeForm("D", external_id="twice"))


def test_a_base_type_may_come_later_and_never_change(puts):
    (type_id,) = puts.put_types("artifact", TypeForm("Based"))
    puts.put_types("artifact", TypeForm("Based", base="mlmd.Model"))
    puts.put_types("artifact", TypeForm("Based"))
    puts.put_types("artifact", TypeForm("Based", base="mlmd.Model"))
    assert puts.rows(tables.parent_type) == [{"type_id": type_id, "parent_type_id": 2}]
    with pytest.raises(Unsupported, match=r"'mlmd.Model', which can't become 'mlmd.Dataset'"):
        puts.put_types("artifact", TypeForm("Based", base="mlmd.Dataset"))


def test_a_type_that_was_undone_is_not_remembered(puts):
    type_ids = []

    def undone(transaction):
        type_ids.extend(types.put_types(transaction, "artifact", [TypeForm("Gone")]))
        nodes.put_nodes(transaction, "artifact", [NodeForm(type_id=type_ids[0])])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        puts.call(undone)
    (other,) = puts.put_types("artifact", TypeForm("Kept", properties={"k": 1}))
    assert other == type_ids[0]
    node = NodeForm(type_id=other, properties={"k": 1})
    assert puts.get("artifact", *puts.put("artifact", node))[0].type == "Kept"


def test_a_type_is_known_to_nodes_of_the_same_commit(puts):
    with puts.store.write() as transaction:
        (type_id,) = types.put_types(transaction, "artifact", [TypeForm("Now")])
        (node_id,) = nodes.put_nodes(transaction, "artifact", [NodeForm(type_id=type_id)])
    assert puts.get("artifact", node_id)[0].type == "Now"
