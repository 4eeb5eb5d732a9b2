import json
from dataclasses import replace

from composer.core.data_facts import DataFacts, FieldFacts, PartFacts, representative_sizes

FACTS = DataFacts(
    source="images:/data/photos",
    fields={"image": FieldFacts("image"), "label": FieldFacts("label", (), "int64")},
    classes=("cat", "dog"),
    parts={"train": PartFacts(5, (2, 3)), "val": PartFacts(2, (1, 1))},
    channels=3,
    sizes=((10, 20), (30, 30), (50, 40)),
    broken=(("a.png", "cannot be read as an image"),),
    notes=("2 files are not images",),
    digest="abc",
    mean=(0.1, 0.2, 0.3),
    std=(0.4, 0.5, 0.6),
    fit="crop",
)


def test_facts_survive_json():
    assert DataFacts.from_json(json.loads(json.dumps(FACTS.to_json()))) == FACTS
    assert FACTS.count == 7
    assert FACTS.run_record()["counts"] == {"train": 5, "val": 2}


def test_broken_files_are_counted_and_the_first_is_named():
    sentence = "1 file of images:/data/photos cannot be used and is left out; a.png: cannot be read as an image"
    assert FACTS.broken_summary() == sentence
    many = replace(FACTS, broken=FACTS.broken * 1200)
    assert many.broken_summary().startswith("1,200 files of images:/data/photos cannot be used and are left out; a.png")
    assert replace(FACTS, broken=()).broken_summary() == ""


def test_the_median_size_counts_every_image():
    assert representative_sizes({}) == ()
    assert representative_sizes({(4, 4): 1}) == ((4, 4),) * 3
    assert representative_sizes({(9, 9): 1, (2, 3): 1, (5, 5): 3}) == ((2, 3), (5, 5), (9, 9))
