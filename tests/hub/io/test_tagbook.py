from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.io.tagbook import TagBook
from hub.model.values import CodeTag, LockId

ONE, TWO = CodeTag("6d319339:6654e8d2"), CodeTag("6d319339:91b0aa17")


def test_the_book_is_there_again_after_a_restart(tmp_path: Path) -> None:
    book = TagBook(tmp_path / "book")
    book.add(ONE)
    book.add(TWO)
    book.add(ONE)
    book.close()
    assert TagBook(tmp_path / "book").tags == {ONE, TWO}
    assert (tmp_path / "book").read_text() == f"{ONE}\n{TWO}\n"


def test_a_line_cut_short_does_not_swallow_the_next(tmp_path: Path) -> None:
    (tmp_path / "book").write_text(f"{ONE}\n{TWO[:9]}")
    book = TagBook(tmp_path / "book")
    assert book.tags == {ONE}
    book.add(TWO)
    book.close()
    assert {ONE, TWO} <= TagBook(tmp_path / "book").tags


def test_nobody_else_may_read_the_book(tmp_path: Path) -> None:
    TagBook(tmp_path / "book").close()
    assert (tmp_path / "book").stat().st_mode & 0o777 == 0o600


FRONT = LockId("front")


def test_where_a_code_was_put_is_known_until_it_is_gone(tmp_path: Path) -> None:
    book = TagBook(tmp_path / "book")
    book.put(FRONT, 1, ONE)
    book.put(FRONT, 2, ONE)
    book.put(FRONT, 2, TWO)
    book.gone(FRONT, 1)
    book.gone(FRONT, 3)
    book.close()
    again = TagBook(tmp_path / "book")
    assert [again.at(FRONT, slot) for slot in (1, 2, 3)] == [None, TWO, None]
    assert (tmp_path / "book.places").stat().st_mode & 0o777 == 0o600


def test_a_place_cut_short_counts_as_it_was_before(tmp_path: Path) -> None:
    whole = f"front 1 {ONE}\n"
    (tmp_path / "book.places").write_text(f"{whole}front 1 {TWO[:9]}")
    book = TagBook(tmp_path / "book")
    assert book.at(FRONT, 1) == ONE
    book.put(FRONT, 2, TWO)
    book.close()
    assert (tmp_path / "book.places").read_text() == f"{whole}front 2 {TWO}\n"


def test_what_no_longer_counts_is_left_out_when_there_is_much_of_it(tmp_path: Path) -> None:
    lines = [f"front 1 {tag}\n" for tag in (ONE, TWO) * 600]
    (tmp_path / "book.places").write_text("".join(lines))
    TagBook(tmp_path / "book").close()
    assert (tmp_path / "book.places").read_text() == f"front 1 {TWO}\n"
    assert TagBook(tmp_path / "book").at(FRONT, 1) == TWO


NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def test_when_leave_ended_is_known_by_its_id_until_it_is_given_back(tmp_path: Path) -> None:
    book = TagBook(tmp_path / "book")
    book.end({"one": NOON, "two": NOON, "never ended": None})
    book.end({"one": NOON, "two": None, "three": NOON})
    book.end({"three": NOON + timedelta(hours=1)})
    book.close()
    text = (tmp_path / "book.ends").read_text()
    assert len(text.splitlines()) == 5, "what it knows already takes no line"
    with (tmp_path / "book.ends").open("a") as file:
        file.write("four 2027-03")  # cut short
    again = TagBook(tmp_path / "book")
    assert again.ends == {"one": NOON, "three": NOON + timedelta(hours=1)}
    again.close()
    assert (tmp_path / "book.ends").read_text() == text
    (tmp_path / "book.ends").write_text(f"one {NOON.isoformat()}\none -\n" * 600 + f"two {NOON.isoformat()}\n")
    TagBook(tmp_path / "book").close()
    assert (tmp_path / "book.ends").read_text() == f"two {NOON.isoformat()}\n"


def test_what_a_power_loss_left_of_several_lines_does_not_close_the_book(tmp_path: Path) -> None:
    """The first sector of one write is lost and the next is there: nothing was committed after it."""
    whole = f"one {NOON.isoformat()}\n"
    (tmp_path / "book.ends").write_text(f"{whole}\0\0\0\0-01T12:00:00+00:00\ntwo {NOON.isoformat()}\n01KX\n")
    book = TagBook(tmp_path / "book")
    assert book.ends == {"one": NOON, "two": NOON}
    book.close()
