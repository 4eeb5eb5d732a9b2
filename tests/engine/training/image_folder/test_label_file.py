"""Lists of images in CSV and JSON lines."""

import pytest

from composer.core.errors import UserError
from composer.engine.training.datasets.image_folder.label_file import find_list, list_file
from tests.engine.training.image_folder.pictures import write


def rows(path):
    return [(item.path, item.label, item.part) for item in list_file(path).images]


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, ("im/a.png", "im/b.png", "c, d.png"))


EXPECTED = [("c, d.png", "dog", ""), ("im/a.png", "cat", ""), ("im/b.png", "dog", "")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", 'path,label\nim/a.png,cat\nim/b.png,dog\n"c, d.png",dog\n'),
        ("x.csv", '\ufeffId,File_Name , Class\r\n1,im/a.png,cat\r\n\r\n2,im/b.png, dog \r\n3,"c, d.png",dog'),
        ("x.csv", "filename;category\nim/a.png;cat\nim/b.png;dog\nc, d.png;dog\n"),
        ("x.tsv", "image\ttarget\nim/a.png\tcat\nim/b.png\tdog\nc, d.png\tdog\n"),
        ("x.csv", 'im/a.png,cat\nim/b.png,dog\n"c, d.png",dog\n'),
        (
            "x.jsonl",
            """{"file_name": "im/a.png", "label": "cat"}\n\n{"label": "dog", "file_name": "im/b.png"}
{"file_name": "c, d.png", "label": "dog", "more": [1]}""",
        ),
    ],
)
def test_columns_are_recognized_by_name(folder, name, text):
    (folder / name).write_text(text, "utf-8")
    assert rows(folder / name) == EXPECTED


def test_a_column_names_the_parts(folder):
    (folder / "x.csv").write_text("path,label,split\nim/a.png,cat,Train\nim/b.png,dog,train\nc, d.png,dog,validation\n")
    (folder / "x.csv").write_text(
        'path,label,split\nim/a.png,cat,Train\nim/b.png,dog,train\n"c, d.png",dog,validation\n'
    )
    assert rows(folder / "x.csv") == [
        ("c, d.png", "dog", "val"),
        ("im/a.png", "cat", "train"),
        ("im/b.png", "dog", "train"),
    ]


def test_rows_without_a_file_or_label_are_named(folder):
    (folder / "x.csv").write_text(
        "path,label\nim/a.png,cat\nim/gone.png,dog\nim/b.png,\n,dog\nim/a.png,dog\nim/b.png,3\n"
    )
    listing = list_file(folder / "x.csv")
    assert [(item.path, item.label) for item in listing.images] == [("im/a.png", "cat"), ("im/b.png", "3")]
    assert listing.broken == (
        ("im/gone.png", "file does not exist"),
        ("x.csv, line 4", "has no label"),
        ("x.csv, line 5", "has no path"),
        ("x.csv, line 6", "im/a.png is listed in line 2 already"),
    )


def test_a_list_in_a_folder_speaks_for_it(folder):
    assert find_list(folder) is None
    (folder / "metadata.csv").write_text("file_name,label\nim/a.png,cat\n")
    assert find_list(folder) == folder / "metadata.csv"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"", "has no rows; expected one for each image, with the columns path and label"),
        ("x.csv", b"path,label\n", "has no rows"),
        ("x.csv", b"id,label\n1,cat\n", "has the columns id, label, but none for the path; name it one of: path, file"),
        ("x.csv", b"path,x,y2,z\nim/a.png,1,2,3\n", r"has the columns path, x, y2 and 1 more, but none for the label"),
        (
            "x.csv",
            b"path,label,split\nim/a.png,cat,later\n",
            "line 2: the part is 'later', expected train, val",
        ),
        ("x.csv", b"path,label\nno.png,cat\n", "none of its 1 rows names a file; no.png: file does not exist"),
        ("x.csv", b"path,label\n\xff\xfe", "cannot be read: 'utf-8' codec"),
        ("x.jsonl", b'{"path": "im/a.png", "label": 1}\n[1]\n', r"line 2: '\[1\]' is no JSON object"),
        ("x.csv", b"path,label,split\nim/a.png,cat,val\n", "has rows of val, but none of train"),
        (
            "x.csv",
            b"path,label,split\nim/a.png,cat,train\nim/b.png,cow,test\n",
            "test has the class cow, which train lacks",
        ),
    ],
)
def test_a_list_that_cannot_be_used_is_one_sentence(folder, name, content, message):
    (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        list_file(folder / name)
