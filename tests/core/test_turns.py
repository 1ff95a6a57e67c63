"""Threads take turns in the order in which they came."""

import threading

from minitwitter.core.sqlite3.turns import Place, Turns


def test_the_turn_goes_to_whoever_has_waited_longest() -> None:
    turns = Turns()
    first, second, third = turns.join(), turns.join(), turns.join()
    assert [place.wait(0) for place in (first, second, third)] == [True, False, False]
    turns.pass_on()
    assert [place.wait(0) for place in (third, second)] == [False, True]
    turns.pass_on()
    assert third.wait(0)
    assert turns.is_taken
    turns.pass_on()
    assert not turns.is_taken


def test_whoever_comes_back_stands_behind_those_who_wait() -> None:
    turns = Turns()
    turns.join()
    waiting = turns.join()
    turns.pass_on()
    again = turns.join()
    assert (again.wait(0), waiting.wait(0)) == (False, True)


def test_whoever_leaves_is_passed_over_and_whoever_was_called_cannot_leave() -> None:
    turns = Turns()
    turns.join()
    leaving, waiting = turns.join(), turns.join()
    assert turns.leave(leaving)
    turns.pass_on()
    assert not turns.leave(waiting)
    assert waiting.wait(0)


def test_a_thread_that_waits_is_woken() -> None:
    turns = Turns()
    turns.join()
    place, woken = turns.join(), []
    thread = threading.Thread(target=lambda: woken.append(place.wait(60)))
    thread.start()
    turns.pass_on()
    thread.join()
    assert woken == [True]


def test_no_two_have_the_turn_at_once() -> None:
    turns, inside, most = Turns(), [], []

    def work() -> None:
        for _ in range(200):
            place: Place = turns.join()
            assert place.wait(60)
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            turns.pass_on()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(most), len(most), turns.is_taken) == (1, 1600, False)
