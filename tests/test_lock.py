"""The lock's rows: pins, and markers that follow from the packages' own metadata."""

import pytest

from book import lock

METADATA = {
    "descent-book": {"version": "1", "requires_dist": ['Tool[fast]>=1; extra == "test"', "torch"]},
    "torch": {"version": "2.13.0+cpu"},
    "tool": {
        "version": "1.5",
        "requires_dist": [
            'old; python_version < "3.12"',
            'shell; os_name == "nt"',
            'pty; sys_platform != "win32"',
            'extra-speed; extra == "fast"',
            'unused; extra == "slow"',
        ],
    },
    "old": {"version": "7.7"},
    "pty": {"version": "0.7"},
    "extra-speed": {"version": "3", "requires_dist": ['triton; sys_platform == "linux"']},
    "triton": {"version": "3.7.1"},
}
ROWS = """\
extra-speed==3
old==7.7 ; python_version < "3.12"
pty==0.7 ; sys_platform != "win32"
shell==2.0 ; sys_platform == "win32"
tool==1.5
torch==2.13.0
triton==3.7.1 ; sys_platform == "linux" and platform_machine == "x86_64"
"""


def test_rows_pin_each_package_where_it_is_needed(monkeypatch, capsys):
    asked = []

    def resolve(*arguments, python="3.11.0"):
        asked.append(arguments)
        return dict(METADATA) if ".[test]" in arguments else {"shell": {"version": "2.0"}}

    monkeypatch.setattr(lock, "resolve", resolve)
    lock.main(["torch==2.13.0"])
    assert capsys.readouterr().out == lock.HEADER + ROWS
    assert asked[0] == (".[test]", "torch==2.13.0")
    assert asked[1:] == [("--no-deps", "--platform=win_amd64", "shell")]


@pytest.mark.parametrize(
    "targets",
    [
        {("linux", "3.11"), ("win32", "3.12")},
        {(system, python) for system in lock.SYSTEMS for python in ("3.12", "3.13")},
    ],
    ids=["no-product", "new-pythons-only"],
)
def test_what_no_short_marker_says_is_refused(targets):
    with pytest.raises(ValueError, match="odd: "):
        lock.marker("odd", targets)
