"""Work that threads share: every part once, the same results for any number of them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from scalebridge.analysis.threads import Workers, each, in_slabs, slab_edges, thread_count


@pytest.mark.parametrize("count", [0, 1, 5, 16, 1000])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_part_of_a_range_is_done_once_and_in_order(count, threads):
    parts = in_slabs(lambda start, stop: list(range(start, stop)), count, threads=threads)
    assert [k for part in parts for k in part] == list(range(count))


def test_the_parts_do_not_depend_on_the_threads():
    cuts = [in_slabs(lambda start, stop: (start, stop), 1001, threads=n) for n in (1, 2, 7)]
    assert cuts[0] == cuts[1] == cuts[2]
    assert len(cuts[0]) == len(slab_edges(1001)) - 1


def test_parts_run_side_by_side():
    both = threading.Barrier(2, timeout=20)
    assert each(lambda _: both.wait() in (0, 1), range(2), threads=2) == [True, True]


def test_what_a_part_raises_reaches_the_caller():
    def work(start, stop):
        raise OverflowError(start)

    with pytest.raises(OverflowError):
        in_slabs(work, 40, threads=3)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("cells", [10, 1_000_000])
def test_planes_are_counted_from_one_and_each_is_done_once(threads, cells):
    done = np.zeros(12, int)

    def loop(array, first, last):
        array[first:last] += 1

    Workers(threads).run(loop, done, planes=10, cells=cells)
    assert done.tolist() == [0] + [1] * 10 + [0]


@pytest.mark.parametrize("threads", [0, -1, 1.5, True])
def test_threads_that_cannot_be_meant_are_refused(threads):
    with pytest.raises(ValueError, match="threads needs a whole number of 1 or more"):
        thread_count(threads)
