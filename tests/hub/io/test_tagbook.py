from pathlib import Path

from hub.io.tagbook import TagBook
from hub.model.values import CodeTag

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
