"""Settings from several places: later ones win, every bad value becomes one message and no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from heatline.settings import Layer, Settings, read_settings
from heatline.settings.reading import EDITOR
from heatline.settings.schema import Severities, entries


def editor(values: object) -> list[Layer]:
    return [Layer(EDITOR, values)]


@pytest.mark.parametrize("nothing", [None, {}])
def test_nothing_given_is_the_defaults(nothing: object) -> None:
    assert (Settings(), ()) == read_settings(editor(nothing))


def test_every_setting_is_read_from_its_camel_case_name() -> None:
    given_values = {"threads": 2, "threshold": 1, "scope": "file", "debounceMs": 0, "exclude": ["a/**"]}
    expected = Settings(threads=2, threshold=1.0, scope="file", debounce_ms=0, exclude=("a/**",))
    assert (expected, ()) == read_settings(editor(given_values))


@pytest.mark.parametrize("values", [{"severity": {"high": "error"}}, {"severity.high": "error"}])
def test_a_group_may_be_nested_or_dotted(values: object) -> None:
    assert (Settings(severity=Severities(high="error")), ()) == read_settings(editor(values))


def test_a_later_place_wins_name_by_name() -> None:
    layers = [
        Layer("heatline.toml", {"scope": "file", "threshold": 0.2}),
        Layer(EDITOR, {"threshold": 0.4}),
    ]
    assert (Settings(scope="file", threshold=0.4), ()) == read_settings(layers)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("threshold", "abc", "must be a number from 0 to 1, not 'abc'; the default is used."),
        ("threshold", True, "must be a number from 0 to 1, not True; the default is used."),
        ("threshold", float("nan"), "must be a number from 0 to 1, not nan; the default is used."),
        ("threads", 0, "must be a whole number from 1 to 256, not 0; the default is used."),
        ("threads", 1.5, "must be a whole number from 1 to 256, not 1.5; the default is used."),
        (
            "scope",
            ["file"],
            'must be "changes", "inserted" or "file", not [\'file\']; the default is used.',
        ),
        ("debounceMs", -1, "must be a whole number from 0 to 10000, not -1; the default is used."),
        ("probe", " ", "must be a probe's name or path, not ' '; the default is used."),
        ("baseRate", "much", "must be a number from 0.001 to 0.999, not 'much'; the default is used."),
        ("exclude", "a", "must be a list of globs, not 'a'; the default is used."),
        ("features.hover", 1, "must be true or false, not 1; the default is used."),
        ("features", True, "is not a setting of Heatline; it is ignored."),
        ("colour", "red", "is not a setting of Heatline; it is ignored."),
    ],
)
def test_a_bad_value_is_the_default_and_a_message(name: str, value: object, message: str) -> None:
    assert (Settings(), (f"heatline.{name} {message}",)) == read_settings(editor({name: value}))


def test_a_bad_value_leaves_the_one_of_an_earlier_place() -> None:
    layers = [Layer("heatline.toml", {"threads": 3}), Layer(EDITOR, {"threads": "many"})]
    message = (
        "heatline.threads must be a whole number from 1 to 256, not 'many'; the one in heatline.toml is used."
    )
    assert (Settings(threads=3), (message,)) == read_settings(layers)


def test_values_that_are_no_object_are_the_defaults_and_a_message() -> None:
    message = "Heatline's settings in your editor's settings must be an object; they are ignored."
    assert (Settings(), (message,)) == read_settings(editor([1]))


def test_null_means_not_set() -> None:
    layers = [Layer("heatline.toml", {"threshold": 0.3}), Layer(EDITOR, {"threshold": None})]
    assert (Settings(threshold=0.3), ()) == read_settings(layers)


def test_what_is_the_clients_own_is_left_alone() -> None:
    assert (Settings(), ()) == read_settings(
        editor({"path": "/opt/heatline", "trace": {"server": "verbose"}})
    )


@pytest.mark.parametrize("name", ["supervisor", "probe"])
def test_an_untrusted_folder_sets_no_programs_and_files(name: str) -> None:
    settings, messages = read_settings(
        [Layer("heatline.toml", {name: "/tmp/x.json", "scope": "file"}, False)]
    )
    assert (settings, messages) == (
        Settings(scope="file"),
        (
            f"{name} in heatline.toml is ignored, because the folder is not trusted; "
            "set it in your editor or on the command line.",
        ),
    )


def test_a_trusted_folder_sets_them() -> None:
    assert read_settings([Layer("heatline.toml", {"probe": "x"})])[0].probe == "x"


def test_every_default_is_of_its_kind() -> None:
    for entry in entries():
        assert entry.default is None or entry.rule.kind.accepts(entry.default), entry.name
        assert (entry.default is None) == bool(entry.rule.null), entry.name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([entry.name for entry in entries()] + ["severity", "features", "nonsense"])


@hypothesis_settings(deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_whatever_is_given_leaves_settings_of_the_right_kinds(values: dict[str, object]) -> None:
    """No JSON value stops reading, and none of a wrong kind gets through."""
    settings, _ = read_settings(editor(values))
    for entry in entries():
        value = settings
        for field in entry.fields:
            value = getattr(value, field)
        assert value == entry.default or entry.rule.kind.accepts(value), entry.name
