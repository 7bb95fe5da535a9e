"""GitHub's workflow commands and GitLab's code quality report."""

from __future__ import annotations

import json

from heatline.report.checked import FailedFile
from heatline.report.github import GithubReport
from heatline.report.gitlab import GitlabReport
from tests.unit.report.samples import Text, checked, run, written

SAMPLE = checked("src/a.py", Text([0.3, 0.1, 0.4], code=["x = 1", "y = 2", "  z = 3"]), run().flagging)


def test_annotations_come_riskiest_first_with_their_places() -> None:
    assert written(GithubReport, [SAMPLE]).splitlines() == [
        "::warning file=src/a.py,line=3,endLine=3,col=3,endColumn=8,title=Heatline::Risk 40 %25: about 4 in 10 lines "
        "like this one get edited before the code does what was meant.",
        "::notice file=src/a.py,line=1,endLine=1,col=1,endColumn=6,title=Heatline::Risk 30 %25: about 3 in 10 lines "
        "like this one get edited before the code does what was meant.",
    ]


def test_a_file_name_cannot_start_another_command() -> None:
    file = checked("a,b:c\n::error::d%.py", Text([0.5]), run().flagging)
    page = written(GithubReport, [file], [FailedFile("e\nf", "It broke\r\n::error::here.")])
    assert page.count("\n") == 2
    assert "file=a%2Cb%3Ac%0A%3A%3Aerror%3A%3Ad%25.py,line=1" in page
    assert page.startswith("::error file=e%0Af,title=Heatline::It broke%0D%0A::error::here.\n")


def test_unscaled_risks_are_said_to_be_no_frequencies() -> None:
    of = run(0.1, unscaled=True, on_unscaled=True)
    page = written(GithubReport, [checked("a.py", Text([0.5]), of.flagging)], of=of)
    assert page.endswith("::Unscaled risk 25 %25: it ranks lines, but is no frequency.\n")


def test_a_code_quality_issue_has_the_fields_gitlab_asks_for() -> None:
    first, second = json.loads(written(GitlabReport, [SAMPLE]))
    assert first == {
        "description": "Risk 30 %: about 3 in 10 lines like this one get edited before the code does what was meant.",
        "check_name": "risky-line",
        "fingerprint": first["fingerprint"],
        "severity": "info",
        "location": {"path": "src/a.py", "lines": {"begin": 1}},
    }
    assert (second["severity"], second["location"]["lines"]["begin"]) == ("minor", 3)
    assert first["fingerprint"] != second["fingerprint"]


def test_without_a_flagged_line_there_is_an_empty_list() -> None:
    assert json.loads(written(GitlabReport, [])) == []
    assert written(GithubReport, []) == ""
