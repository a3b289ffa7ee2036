"""The page is served to this machine alone, to who has its address, with its own scripts."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

import pytest
from served import served
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from scalebridge.app import serving


def answer(address, **headers):
    """Status and text of an answer; redirections are followed with cookies kept."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    try:
        with opener.open(urllib.request.Request(address, headers=headers), timeout=60) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def page(application):
    status, text = answer(application.address)
    assert status == 200
    return text


def test_it_listens_on_the_loopback_address_and_nowhere_else(application):
    assert application.listening() == {"127.0.0.1"}


def test_without_the_token_there_is_no_page_no_report_and_a_word_why(application):
    for path in ("/", "/?token=wrong", "/report", "/report?token="):
        status, text = answer(application.origin + path)
        assert status == 403, path
        assert "example" not in text
    assert "whole address" in answer(application.origin + "/")[1]


def websocket(application, page, *, origin, cookie):
    """Try to open the page's websocket as a browser would; the status of the answer."""
    token = re.search(r'"token":"([^"]+)"', page).group(1)
    headers = {"Origin": origin}
    if cookie:
        headers["Cookie"] = f"scalebridge-{application.port}={application.token}"
    request = HTTPRequest(f"ws://127.0.0.1:{application.port}/ws", headers=headers)

    async def opened():
        try:
            connection = await websocket_connect(request, subprotocols=["bokeh", token])
        except HTTPClientError as error:
            return error.code
        connection.close()
        return 101

    return asyncio.run(opened())


def test_only_the_page_itself_may_open_its_websocket(application, page):
    own = application.origin
    assert websocket(application, page, origin=own, cookie=True) == 101
    assert websocket(application, page, origin="http://evil.example", cookie=True) == 403
    assert websocket(application, page, origin=f"http://evil.example:{application.port}",
                     cookie=True) == 403  # fmt: skip
    assert websocket(application, page, origin=own, cookie=False) in (302, 403)


def test_the_page_names_no_address_but_this_machines(page):
    named = set(re.findall(r"https?:(?:\\?/){2}[^\s\"'<>)\\]+", page))
    assert {name for name in named if "www.w3.org/2000/svg" not in name} == set()
    assert "default-src 'self'" in page


def test_the_front_end_of_the_live_panels_comes_from_this_installation(application):
    status, module = answer(f"{application.origin}/front-end/anywidget@~0.11.*/dist/index")
    assert status == 200
    assert 'define(["@jupyter-widgets/base"]' in module


def test_the_report_says_what_to_run_where_nothing_has_been_run(application):
    status, text = answer(f"{application.origin}/report?token={application.token}")
    assert status == 404
    assert "scalebridge run" in text


def command(*words):
    command = [sys.executable, "-m", "scalebridge.cli", "app", *map(str, words), "--no-browser"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_taken_port_and_a_folder_that_is_no_workspace_are_refused_in_words(
    application, specimen, tmp_path
):
    taken = command(specimen, "--port", application.port)
    assert taken.returncode == 2
    assert f"port {application.port} is taken" in taken.stderr
    wrong = command(tmp_path)
    assert wrong.returncode != 0
    assert "Traceback" not in wrong.stderr
    assert wrong.stderr.startswith("scalebridge: ")


def test_a_port_that_somebody_takes_meanwhile_is_left_to_them(specimen, monkeypatch):
    with socket.socket() as other:
        other.bind((serving.ADDRESS, 0))
        other.listen()
        free = serving.free_port
        found = iter([other.getsockname()[1]])  # it was free when it was tried
        monkeypatch.setattr(serving, "free_port", lambda wanted: next(found, None) or free(wanted))
        application = serving.application_of(specimen)
        application.server.stop()
        assert f":{other.getsockname()[1]}/" not in application.address


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_leaves_no_process(specimen, sign):
    with served(specimen) as running:
        running.process.send_signal(sign)
        assert running.process.wait(20) == 0
