"""A whole picture, letter by letter: what moves or looks otherwise shows here, and is looked at before it is kept.

    PYTHONPATH=. python tests/unit/output/test_timeline_whole.py        # draws it anew; then look at it in a browser
"""

from __future__ import annotations

from pathlib import Path

from made_up_trace import COMPUTE, MadeUp, create

from azext_dockervm.flow.trace import FAILED, STOPPED
from azext_dockervm.output.timeline.drawing import svg

PICTURE = Path(__file__).with_name("whole_timeline.svg")


def drawn() -> str:
    """Of each thing that a picture can show, one at least."""
    trace = create(polls=9.0)
    made = MadeUp()
    made.trace = trace
    undo = made.step("undo vm", 160.0, 165.0, title="undo: create the VM 'web1'", outcome=FAILED, why="Conflict")
    for _ in range(3):      # bars that become one
        made.call(undo, 160.0, 160.2, f"{COMPUTE}/disks/web1", 409, "DELETE")
    made.step("undo public_ip", 165.0, 179.99, outcome=STOPPED, after="undo vm",
              title="undo: create the public IP address 'web1PublicIP', of which the title is too long to be read")
    made.call(made.step("moment", 180.0, 180.0), 180.0, 180.0)
    return svg(made.over(180.0, STOPPED), "Create the host 'web1' in the group 'demo'")


def test_it_is_as_it_was_looked_at():
    assert drawn() == PICTURE.read_text(encoding="utf-8"), f"see the first lines of {Path(__file__).name}"


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8", newline="\n")
