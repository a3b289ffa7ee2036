"""What another process writes appears in an open widget, quietly and while somebody looks."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from scalebridge import LandmarkPicker, SliceExplorer, TargetPicker, Workspace
from scalebridge.widgets import live
from scalebridge.widgets import others as module
from scalebridge.widgets.others import others

sys.path.insert(0, str(Path(__file__).parent))
from test_two_people import AT, BOTH, handle, panels, people  # noqa: F401

WRITES = {
    "landmark": "LandmarkPicker(ws, moving='fine', fixed='survey')"
                ".add_pair(moving=AT, fixed=AT, name='hers')",
    "moved": "LandmarkPicker(ws, moving='fine', fixed='survey')"
             ".move_point('mine', 'fixed', {**AT, 'x_um': 4.5})",
    "target": "TargetPicker(ws, 'survey').place_target(AT, half_size=1, name='hers')",
    "note": "SliceExplorer(ws, ['survey']).annotate('note', [AT], text='look here')",
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.05)


def elsewhere(ws: Workspace, what: str) -> None:
    """Write something in another process."""
    code = (
        "from scalebridge import LandmarkPicker, SliceExplorer, TargetPicker, Workspace\n"
        f"AT = {AT!r}\n"
        f"with Workspace.open({str(ws.path)!r}) as ws:\n    {WRITES[what]}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def hello(view: Any) -> None:
    """What a browser says first."""
    for panel in panels(view):
        panel._handle_custom_msg({"kind": "hello", "missing": []}, [])


async def until(true: Any, seconds: float = 60.0) -> bool:
    for _ in range(round(seconds / 0.02)):
        if true():
            return True
        await asyncio.sleep(0.02)
    return False


@BOTH
def test_a_landmark_that_another_process_writes_appears_by_itself(people):  # noqa: F811
    mine, _ = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")
    picker.add_pair(moving=AT, fixed=AT, name="mine")

    async def looked_at() -> None:
        view = picker.view()
        hello(view)
        revision, step = picker.revision, picker.history.can_undo
        await asyncio.to_thread(elsewhere, mine, "landmark")
        assert await until(lambda: picker.revision > revision)
        assert handle(panels(view)[0], "hers")
        assert handle(panels(view)[1], "hers")
        assert (picker.history.can_undo, picker.revision) == (step, revision + 1)

    asyncio.run(looked_at())
    picker.undo()  # one's own last edit, not the other person's
    assert [record.name for record in picker.records()] == ["hers"]


@BOTH
def test_targets_notes_and_moved_pairs_appear_too(people):  # noqa: F811
    mine, _ = people
    targets, explorer = TargetPicker(mine, "survey"), SliceExplorer(mine, ["survey"])
    pairs = LandmarkPicker(mine, moving="fine", fixed="survey")
    pairs.add_pair(moving=AT, fixed=AT, name="mine")

    async def looked_at() -> None:
        for widget in (targets, explorer, pairs):
            hello(widget.view())
        for what in ("target", "note", "moved"):
            await asyncio.to_thread(elsewhere, mine, what)
        assert await until(lambda: panels(explorer.view())[0].annotations)
        assert await until(lambda: [r.name for r in targets.records()] == ["hers"])
        fixed = panels(pairs.view())[1]
        assert await until(lambda: handle(fixed, "mine")["at_um"][2] == 4.5)
        assert panels(explorer.view())[0].annotations[0]["text"] == "look here"
        assert others(mine) is others(mine)
        await asyncio.sleep(0.2)
        once = others(mine).asked
        await asyncio.sleep(0.5)
        assert others(mine).asked - once <= 12  # one question for all three widgets

    asyncio.run(looked_at())


def test_nothing_is_drawn_anew_while_a_person_drags(people, monkeypatch):  # noqa: F811
    monkeypatch.setattr(live, "_DRAG_S", 600.0)  # the other process may take long to start
    mine, _ = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")
    picker.add_pair(moving=AT, fixed=AT, name="mine")

    async def dragged() -> None:
        view = picker.view()
        hello(view)
        await asyncio.sleep(0.2)
        panel = panels(view)[1]
        held, revision = handle(panel, "mine"), picker.revision
        goal = [at + 1.0 for at in held["at_um"]]
        message = {"kind": "handle", "key": held["key"], "at_um": goal}
        panel._handle_custom_msg({**message, "done": False}, [])
        await asyncio.to_thread(elsewhere, mine, "landmark")
        await asyncio.sleep(0.4)
        assert picker.revision == revision
        assert [one["key"] for one in panel.handles if one["key"].startswith("hers")] == []
        panel._handle_custom_msg({**message, "done": True}, [])
        assert await until(lambda: any(h["key"].startswith("hers") for h in panel.handles))
        moved = next(record for record in picker.records() if record.name == "mine")
        assert moved.fields["fixed"]["x_um"] == pytest.approx(goal[2])

    asyncio.run(dragged())


def test_ones_own_edits_draw_nothing_twice(people):  # noqa: F811
    mine, _ = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")

    async def looked_at() -> None:
        hello(picker.view())
        await asyncio.sleep(0.2)
        picker.add_pair(moving=AT, fixed=AT)
        revision = picker.revision
        await asyncio.sleep(0.4)
        assert picker.revision == revision

    asyncio.run(looked_at())


def test_the_question_ends_with_the_widget(people):  # noqa: F811
    mine, _ = people

    async def closed() -> None:
        picker = LandmarkPicker(mine, moving="fine", fixed="survey")
        explorer = SliceExplorer(mine, ["survey"])
        for widget in (picker, explorer):
            hello(widget.view())
        assert others(mine).running
        for widget in (picker, explorer):
            for panel in panels(widget.view()):
                panel.close()
        assert await until(lambda: not others(mine).running)
        asked = others(mine).asked
        await asyncio.sleep(0.3)
        assert others(mine).asked == asked

    asyncio.run(closed())


def test_no_question_is_asked_without_a_browser_or_without_a_loop_or_of_the_past(people):  # noqa: F811
    mine, _ = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")
    picker.add_pair(moving=AT, fixed=AT)

    async def run_by_papermill() -> None:
        picker.view()
        picker.snapshot()
        await asyncio.sleep(0.2)

    asyncio.run(run_by_papermill())
    assert not others(mine).running
    hello(picker.view())  # a script
    assert (others(mine).running, others(mine).asked) == (False, 0)

    async def of_the_past() -> None:
        with Workspace.open(mine.path, as_of=mine.state) as past:
            hello(SliceExplorer(past, ["survey"]).view())
            assert not others(past).running

    asyncio.run(of_the_past())


def test_a_database_that_does_not_answer_is_asked_less_often_and_again(people, monkeypatch):  # noqa: F811
    mine, _ = people
    picker = LandmarkPicker(mine, moving="fine", fixed="survey")
    gone, asked = threading.Event(), []
    answer = module.Others._state

    def state(self: Any) -> int:
        asked.append(1)
        if gone.is_set():
            raise OSError("the server is gone")
        return answer(self)

    monkeypatch.setattr(module.Others, "_state", state)

    async def looked_at() -> None:
        hello(picker.view())
        await asyncio.sleep(0.1)
        gone.set()
        before = len(asked)
        await asyncio.sleep(1.2)
        assert len(asked) - before <= 6
        gone.clear()
        await asyncio.to_thread(elsewhere, mine, "landmark")
        assert await until(lambda: [r.name for r in picker.records()] and picker.revision)

    asyncio.run(looked_at())


def test_a_widget_that_nobody_keeps_is_not_kept(people):  # noqa: F811
    mine, _ = people

    async def looked_at() -> None:
        picker = LandmarkPicker(mine, moving="fine", fixed="survey")
        hello(picker.view())
        followed = others(mine)
        assert followed.running
        for panel in panels(picker.view()):
            panel.close()
        del picker
        gc.collect()
        assert await until(lambda: not followed._followers)

    asyncio.run(looked_at())
