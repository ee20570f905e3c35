"""The plain functions behind the page My products: files in, problems by line or a network out."""

from __future__ import annotations

import base64
import io
import zipfile

import openpyxl
import pytest

from dashboard import own
from dashboard.vault import Vault
from supplychain.errors import DataError, InputError
from supplychain.goods import part_edges
from supplychain.network import Network
from supplychain.readers import read_cells
from supplychain.schema import schemas


@pytest.fixture(scope="module")
def example() -> tuple[own.File, ...]:
    return tuple(own.accepted(name, text.encode()) for name, text in own.EXAMPLE.items())


def url(content: bytes) -> str:
    return "data:application/octet-stream;base64," + base64.b64encode(content).decode()


def test_the_example_is_read_and_computed(net: Network, example: tuple[own.File, ...]) -> None:
    made, warnings = own.network(net, example)
    assert [p for p in warnings if p.level == "error"] == []
    assert own.own_products(made, example) == ("acme_pump",)
    frame = made.exposure("2025-06-05", "DEU", ["acme_pump"]).static
    magnets = made.exposure("2025-06-05", "JPN").readings("ndfeb_magnet_high_temp")
    # the pump loses what the motor loses, the motor 1 - s/2 = 0.9 of what its magnets lose in Japan
    assert frame["short"].item() == pytest.approx(0.9 * magnets[3])
    assert frame["short_low"].item() == pytest.approx(0.8 * magnets[2])
    assert frame["short"].item() > 0.1


def test_the_reference_data_stay_as_they_are(net: Network, example: tuple[own.File, ...]) -> None:
    before = {name: len(net.table(name)) for name in ("goods", "bom", "stocks", "sources")}
    own.network(net, example)
    assert {name: len(net.table(name)) for name in before} == before
    with pytest.raises(Exception, match="acme_pump"):
        net.tables.resolve("acme_pump")


def test_a_row_with_the_key_of_a_reference_row_replaces_it(net: Network) -> None:
    head = "good,producer,country,share,basis\n"
    row = net.table("production").query("good == 'dysprosium_oxide' and producer == 'CHN'").iloc[0]
    content = f"{head}dysprosium_oxide,CHN,CHN,0.5,{row['basis']}\n".encode()
    made, _ = own.network(net, [own.accepted("production.csv", content)])
    rows = made.table("production").query("good == 'dysprosium_oxide' and producer == 'CHN'")
    assert rows["share"].tolist() == [0.5]
    assert rows["source_id"].tolist() == ["OVERLAY"]


def test_every_problem_has_its_line(net: Network) -> None:
    text = (
        "output,input,role,effect,substitutability\na,b,part,essential,2\na,c,parts,essential,\na,,part,essential,x\n"
    )
    with pytest.raises(DataError) as caught:
        own.accepted("bom.csv", text.encode())
    table = own.problem_rows(caught.value.problems)
    assert set(zip(table["line"], table["column"], strict=True)) == {
        (2, "substitutability"), (3, "role"), (4, "input"), (4, "substitutability"),
    }  # fmt: skip
    assert set(table["file"]) == {"bom.csv"}
    assert table["remedy"].str.len().min() > 0


def test_an_unknown_good_is_told_with_its_line_and_what_was_meant(net: Network) -> None:
    text = "output,input,role,effect\nf35,disprosium_oxide,part,essential\n"
    with pytest.raises(DataError) as caught:
        own.network(net, [own.accepted("bom.csv", text.encode())])
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("your files/bom.csv", 2, "input")
    assert "dysprosium_oxide" in problem.remedy


def test_a_circle_of_parts_is_told(net: Network) -> None:
    text = "output,input,role,effect\ndysprosium_oxide,dysprosium_metal,part,essential\n"
    with pytest.raises(DataError, match="cycle"):
        own.network(net, [own.accepted("bom.csv", text.encode())])


@pytest.mark.parametrize(
    ("name", "header", "table"),
    [
        ("bom.csv", "output,input", "bom"),
        ("BOM-2026.csv", "output,input", "bom"),
        ("stocks_plant1.csv", "good,days", "stocks"),
        ("export.csv", "output,input,role,effect", "bom"),
        ("export.csv", "good,producer,country,basis,share", "production"),
        ("export.csv", "good,holder,kind,days", "stocks"),
        ("export.csv", "good,importer,exporter,share,basis", "trade"),
    ],
)
def test_the_table_is_known_by_name_or_by_columns(name: str, header: str, table: str) -> None:
    assert own.table_of(name, f"{header}\n".encode()) == table


def test_columns_of_no_table_are_refused() -> None:
    with pytest.raises(DataError, match="columns of no table"):
        own.accepted("x.csv", b"a,b\n1,2\n")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bom.csv", b"", "is empty"),
        ("bom.csv", b"\xff\xfe\x00", "UTF-16"),
        ("bom.csv", b"output;input\na;b\n", "';'"),
        ("bom.pdf", b"%PDF", "unknown format"),
        ("bom.xlsx", b"no workbook", "not a readable workbook"),
        ("bom.exe", b"MZ", "unknown format"),
    ],
)
def test_bad_files_are_refused_in_words(name: str, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        own.accepted(name, content)


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (own.MOST_UNPACKED + 1))
    assert len(file.getvalue()) < 100_000
    with pytest.raises(DataError, match="unpacks to"):
        own.accepted("bom.xlsx", file.getvalue())


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\me\\bom.csv", "bom.csv"),
        ("a\nb:c.csv", "a_b_c.csv"),
        ("", "file"),
    ],
)
def test_names_of_files_lose_their_folders(name: str, plain: str) -> None:
    assert own.decoded(name, url(b"x")) == (plain, b"x")


def test_too_large_or_broken_uploads_are_refused() -> None:
    with pytest.raises(DataError, match="larger than"):
        own.decoded("bom.csv", url(b"0" * (own.MOST_BYTES + 10)))
    with pytest.raises(DataError, match="whole"):
        own.decoded("bom.csv", "data:;base64,***")


def test_limits_of_a_session(monkeypatch: pytest.MonkeyPatch, example: tuple[own.File, ...]) -> None:
    assert own.merged(example, example[:1])[-1] is example[0]
    monkeypatch.setattr(own, "MOST_ROWS", 3)
    with pytest.raises(InputError, match="up to 3"):
        own.merged((), example)
    monkeypatch.setattr(own, "MOST_FILES", 2)
    with pytest.raises(InputError, match="up to 2"):
        own.merged((), example)


def test_sessions_never_see_each_other(net: Network, example: tuple[own.File, ...]) -> None:
    uploads = own.Uploads(net, Vault(slots=2, size=100_000))
    uploads.keep("a", example)
    assert uploads.files("a") == example
    assert uploads.files("b") == ()
    assert uploads.files("") == ()
    assert uploads.network("b") is None
    made = uploads.network("a")
    assert made is not None
    assert uploads.network("a") is made  # kept ready
    uploads.keep("b", example[:1])
    other = uploads.network("b")
    assert other is not None
    assert other[0] is not made[0]
    uploads.forget("a")
    assert uploads.network("a") is None
    assert uploads.files("b") == example[:1]
    assert made not in uploads._networks.values()


@pytest.mark.parametrize("table", list(own.TABLES))
def test_templates_have_the_columns_of_the_table(table: str) -> None:
    for form in ("csv", "xlsx"):
        cells = read_cells(own.template(table, form), f"{table}.{form}")
        assert cells.header == schemas()[table].columns
        assert cells.lines == []
    book = openpyxl.load_workbook(io.BytesIO(own.template(table, "xlsx")))
    assert [row[0].value for row in book["columns"].iter_rows(min_row=2)] == schemas()[table].columns


def test_no_other_templates() -> None:
    with pytest.raises(InputError):
        own.template("countries", "csv")
    with pytest.raises(InputError):
        own.template("bom", "pdf")


def test_a_filled_workbook_is_read_like_csv(example: tuple[own.File, ...]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(own.template("stocks", "xlsx")))
    columns = schemas()["stocks"].columns
    cells = {"good": "ndfeb_magnet_high_temp", "country": "JPN", "holder": "Motorworks", "kind": "industry", "days": 45}
    book["stocks"].append([cells.get(name) for name in columns])
    file = io.BytesIO()
    book.save(file)
    frame = own.accepted("stocks.xlsx", file.getvalue()).frame
    plain = next(f for f in example if f.table == "stocks").frame
    assert frame.reset_index(drop=True).equals(plain.reset_index(drop=True))


def test_a_blank_criticality_follows_the_rule(net: Network) -> None:
    text = (
        "output,input,role,effect,substitutability\n"
        "x,dysprosium_metal,part,essential,\nx,terbium_metal,part,essential,0.4\n"
        "x,gallium_metal,part,adds,\nx,germanium_metal,part,adds,0.2\nx,iron_metal,part,negligible,\n"
    )
    goods = b"good,name,kind,stage,unit\nx,X,component,component,unit\n"
    tables = net.tables.laid_over(
        "f", own.frames([own.accepted("bom.csv", text.encode()), own.accepted("goods.csv", goods)])
    )
    edges = part_edges(tables).query("output == 'x'").set_index("input")
    told = {
        name: edges.loc[name, ["criticality_low", "criticality", "criticality_high"]].tolist() for name in edges.index
    }
    assert told["dysprosium_metal"] == [1, 1, 1]
    assert told["terbium_metal"] == pytest.approx([0.6, 0.8, 1])
    assert told["gallium_metal"] == pytest.approx([0.05, 0.25, 0.5])
    assert told["germanium_metal"] == pytest.approx([0.08, 0.4, 0.8])
    assert told["iron_metal"] == [0, 0, 0.1]
