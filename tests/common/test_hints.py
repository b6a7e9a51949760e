from realistic_editing.common.hints import did_you_mean


def test_a_name_that_looks_like_a_known_one_is_suggested():
    assert did_you_mean("atenuate", ["amplify", "attenuate"], "use either") == "did you mean attenuate?"


def test_where_nothing_looks_like_it_the_other_remedy_is_given():
    assert did_you_mean("xyz", ["amplify", "attenuate"], "use either") == "use either"
    assert did_you_mean("", [], "use nothing") == "use nothing"


def test_of_several_names_each_is_looked_for_once():
    known = ["--output", "--weights"]
    assert did_you_mean(["--ouptut", "-q", "--wieghts", "--outputt"], known, "") == "did you mean --output, --weights?"
