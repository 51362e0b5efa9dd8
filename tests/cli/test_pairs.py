"""What is typed as KEY=VALUE."""

import pytest

WRONG = [
    (("predict", "lastro", "--bands", "*_r.fits"), "'*_r.fits' is not BAND=PATTERN, such as r=*_r.fits or r=*.fits"),
    (("predict", "lastro", "--bands", "r=a", "r=b"), "r is given twice, as r=a and r=b; leave one out"),
    (("predict", "lastro", "--catalog", "a.csv", "--image", "r=a", "--image", "b"), "'b' is not BAND=PATTERN"),
    (("predict", "lastro", "--tell", "ratio=", "a.fits"), "'ratio=' is not KEY=VALUE, such as ratio=4"),
    (("leaderboard", "--data", "=images"), "'=images' is not BENCHMARK=PATH, such as sky_space=images/"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_is_no_pair_or_names_a_key_twice_is_refused(zoo_command, words, said):
    answer = zoo_command(*words)
    assert answer.code == 2 and said in answer.err
