"""The database of a course's gradebook: where it is, and the tables that are made in it."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.script import ScriptDirectory
from nbgrader import api
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SAWarning

from lib.instructor._tables import INDEX, INDICES, Attempt, Base
from lib.instructor.course import Course, CourseError

VERSION = "alembic_version"  # the table in which nbgrader keeps the version of its own


def database_url(course: Course) -> str:
    """Return the URL of the course's gradebook; SQLite's file lies in the course's folder.

    Raises:
        CourseError: what the course's file says is no database's URL.
    """
    return url_of(course).render_as_string(hide_password=False)


def url_of(course: Course) -> URL:
    """Return what `database_url` does, in its parts."""
    try:
        url = make_url(course.gradebook)
    except ArgumentError:  # what it says repeats the URL, and a password perhaps
        raise CourseError(
            'expected `gradebook` in course.toml to be a URL such as "sqlite:///gradebook.db" or '
            '"postgresql+psycopg://user@host/database", got something else'
        ) from None
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(course.folder / url.database))
    return url


def make_tables(url: URL) -> None:
    """Make nbgrader's tables and ours, with their indices, where they are not there yet.

    Raises:
        SQLAlchemyError: the database cannot be used.
        ImportError: what speaks with such a database is not installed.
    """
    engine = create_engine(url)
    try:
        with _private_files(), engine.begin() as connection:
            # Asked of the last one made: to make an index anew would lock a server's table.
            if not inspect(connection).has_table(Attempt.__tablename__):
                _make_tables(connection)
    finally:
        engine.dispose()


def _make_tables(connection: Connection) -> None:
    if not inspect(connection).has_table(VERSION):  # as nbgrader does, which starts a process
        api.Base.metadata.create_all(connection)
        newest = ScriptDirectory(ALEMBIC_DIR).get_current_head()
        connection.execute(text(f"CREATE TABLE {VERSION} (version_num VARCHAR(32) NOT NULL)"))
        values = text(f"INSERT INTO {VERSION} (version_num) VALUES (:newest)")
        connection.execute(values, {"newest": newest})
    for table, column in INDICES:
        connection.execute(text(INDEX.format(table, column)))
    Base.metadata.create_all(connection)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what nbgrader's models make a newer SQLAlchemy say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


@contextmanager
def _private_files() -> Iterator[None]:
    """Let files made meanwhile be readable by their owner only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
