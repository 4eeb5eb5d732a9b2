from composer.core.name_list import list_names


def test_the_first_names_and_how_many_more_there_are() -> None:
    assert list_names([]) == ""
    assert list_names(["a", "b", "c"]) == "a, b, c"
    assert list_names(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert list_names(["a"] * 2001, 1) == "a and 2,000 more"
