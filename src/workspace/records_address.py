"""Where records live: addresses of databases, and what may be said of them."""

from __future__ import annotations

import os

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

#: Read where a workspace keeps its records in a database and nobody gives ``records=``.
VARIABLE = "SCALEBRIDGE_RECORDS"
_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_EXAMPLE = "postgresql://user:password@host/database"


def read_address(address: str | URL) -> URL:
    """Read the address of a records database; no error repeats it, for it may hold a password.

    Parameters
    ----------
    address : str or sqlalchemy.URL
        ``sqlite:///path`` or ``postgresql://user:password@host/database``.

    Returns
    -------
    sqlalchemy.URL
        Its text and its repr hide the password.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> read_address("postgresql://ada:lovelace@db/scale")
    postgresql+psycopg://ada:***@db/scale
    """
    if isinstance(address, str) and address.partition("?")[0].count("@") > 1:
        raise ValueError(
            "the address of the records has more than one @ (it is not repeated here, for it may "
            "hold a password): write those in user and password as %40"
        )
    url = _parsed(address)
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(
            f"records can be kept in sqlite or postgresql, got {url.drivername}: give an address "
            f"as {_EXAMPLE}"
        )
    return _without_secret_options(url).set(drivername=driver)


def _parsed(address: str | URL) -> URL:
    try:
        return make_url(address.strip() if isinstance(address, str) else address)
    except (ArgumentError, ValueError):
        pass
    raise ValueError(
        f"expected the address of a database as {_EXAMPLE}, got something else (it is not "
        "repeated here, for it may hold a password)"
    )


def _without_secret_options(url: URL) -> URL:
    """Take a password among the options for the password; SQLAlchemy would print it."""
    if "sslpassword" in url.query:
        raise ValueError(
            "sslpassword cannot stand in the address of the records: name a key without one, or "
            "a service of ~/.pg_service.conf as postgresql:///?service=name"
        )
    given = url.query.get("password")
    if given is None:
        return url
    secret = given if isinstance(given, str) else given[-1]
    return url.difference_update_query(["password"]).set(password=secret)


def address_of_environment() -> str | None:
    """Return what ``SCALEBRIDGE_RECORDS`` says, or None."""
    return os.environ.get(VARIABLE, "").strip() or None


def place_words(url: URL) -> str:
    """Say where records live, without user, password and options.

    Examples
    --------
    >>> place_words(read_address("postgresql://ada:lovelace@db:5433/scale"))
    'the PostgreSQL database scale on db:5433'
    """
    if url.get_backend_name() == "sqlite":
        return f"the SQLite file {url.database}"
    host = url.host or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"the PostgreSQL database {url.database or '(of the login)'} on {host}{port}"
