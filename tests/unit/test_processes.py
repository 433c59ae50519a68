"""Work that several processes share: in order, told of, and over at the first fault."""

import pytest

from odyssey.processes import results


def halved(number, folder):
    (folder / str(number)).touch()
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


@pytest.mark.parametrize("processes", [1, 3])
def test_results_come_in_the_order_of_the_jobs_and_each_is_told(tmp_path, processes):
    told = []
    jobs = [(number, tmp_path) for number in range(0, 100, 2)]
    found = list(results(halved, jobs, processes, lambda *numbers: told.append(numbers)))
    assert found == list(range(50))
    assert told == [(done, 50) for done in range(1, 51)]


@pytest.mark.parametrize("processes", [1, 2])
def test_jobs_that_wait_are_not_begun_after_a_fault(tmp_path, processes):
    jobs = [(1, tmp_path), *((number, tmp_path) for number in range(2, 2_000, 2))]
    with pytest.raises(ValueError, match="1 is odd"):
        list(results(halved, jobs, processes))
    assert len(list(tmp_path.iterdir())) < len(jobs) / 2


def test_no_jobs_have_no_results():
    assert list(results(halved, [], 2)) == []
