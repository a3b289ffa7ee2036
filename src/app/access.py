"""Who may open the page: whoever has the address with its token, as with Jupyter.

The page listens on the loopback address only, but on a shared machine every user can reach that,
and a page of any other site can try. Without the token (or the cookie that it leaves) there is
neither page nor websocket nor report.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any

from bokeh.server.auth_provider import AuthProvider
from tornado.web import HTTPError, RequestHandler

_USER = "person"


class Access(AuthProvider):
    """Lets in who knows the token.

    Parameters
    ----------
    port : int
        Cookies are shared by all ports of a host: its number keeps two applications apart.
    """

    def __init__(self, *, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self._cookie = f"scalebridge-{port}"
        super().__init__()

    @property
    def get_user(self) -> Callable[[Any], Any]:
        """Bokeh asks this for every page and websocket."""
        return self.user_of

    @property
    def login_url(self) -> str:
        """Where those are sent who have no token."""
        return "/no-token"

    @property
    def login_handler(self) -> type[RequestHandler]:
        """What they read there."""
        return NoToken

    def user_of(self, handler: RequestHandler) -> str | None:
        """Whose request this is; None where it shows no token."""
        given = handler.get_query_argument("token", "")
        if self._is_token(given):
            # strict: no page of another site can send it along
            handler.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict")
            return _USER
        return _USER if self._is_token(handler.get_cookie(self._cookie, "") or "") else None

    def check(self, handler: RequestHandler) -> None:
        """Refuse a request of a handler of our own that shows no token.

        Raises
        ------
        tornado.web.HTTPError
            403.
        """
        if self.user_of(handler) is None:
            raise HTTPError(403, "the address lacks its token")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())


class NoToken(RequestHandler):
    """Says what is missing."""

    def get(self) -> None:
        """Answer in words."""
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write(
            "This page needs the whole address that `scalebridge app` prints, with its token."
        )
