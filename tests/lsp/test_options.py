"""initializationOptions: every bad value becomes the default and one message."""

from __future__ import annotations

import pytest

from heatline.lsp.options import Options, parse_options


def test_nothing_given_is_the_defaults() -> None:
    assert (Options(), ()) == parse_options(None)


def test_every_option_is_read_from_its_camel_case_name() -> None:
    given = {
        "supervisor": "s",
        "probe": "p",
        "threads": 2,
        "threshold": 1,
        "scope": "file",
        "scaling": "unscaled",
        "debounceMs": 0,
    }
    expected = Options("s", "p", 2, 1.0, "file", "unscaled", 0)
    assert (expected, ()) == parse_options(given)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "threshold",
            "abc",
            "heatline.threshold must be a number from 0 to 1, not 'abc'; the default is used.",
        ),
        (
            "threshold",
            True,
            "heatline.threshold must be a number from 0 to 1, not True; the default is used.",
        ),
        (
            "threshold",
            float("nan"),
            "heatline.threshold must be a number from 0 to 1, not nan; the default is used.",
        ),
        ("threads", 0, "heatline.threads must be a whole number from 1 to 256, not 0; the default is used."),
        (
            "scope",
            ["file"],
            'heatline.scope must be "changes" or "file", not [\'file\']; the default is used.',
        ),
        ("scaling", 3, 'heatline.scaling must be "scaled" or "unscaled", not 3; the default is used.'),
        (
            "debounceMs",
            -1,
            "heatline.debounceMs must be a whole number from 0 to 10000, not -1; the default is used.",
        ),
        ("probe", " ", "heatline.probe must be a probe's name or path, not ' '; the default is used."),
        ("colour", "red", "heatline.colour is not an option of Heatline; it is ignored."),
    ],
)
def test_a_bad_value_is_the_default_and_a_message(name: str, value: object, message: str) -> None:
    assert (Options(), (message,)) == parse_options({name: value})


def test_options_that_are_no_object_are_the_defaults_and_a_message() -> None:
    assert (Options(), ("Heatline's options must be an object; the defaults are used.",)) == parse_options(
        [1]
    )


def test_null_means_the_default() -> None:
    assert (Options(), ()) == parse_options({"threshold": None})


def test_a_bad_value_does_not_lose_the_good_ones() -> None:
    options, messages = parse_options({"scope": "file", "threads": "many"})
    assert (Options(scope="file"), 1) == (options, len(messages))
