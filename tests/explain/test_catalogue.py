"""The words of the page and of derivations: every language has all of them."""

from __future__ import annotations

import re
import string
from importlib.resources import files

import pytest

from chainrule.errors import NotSupportedError
from chainrule.explain.catalogue import CATALOGUE, LANGUAGES, Phrase, say, words


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_language_has_the_phrase_with_the_same_places(key):
    phrase = CATALOGUE[key]
    assert all(text and text == text.strip() for text in phrase)
    assert len({frozenset(places(text)) for text in phrase}) == 1


def test_russian_is_russian():
    assert all(re.search("[а-яё]", phrase.ru, re.IGNORECASE) for phrase in CATALOGUE.values())


def test_words_are_those_of_the_language():
    assert words() == {key: phrase.en for key, phrase in CATALOGUE.items()}
    assert words("ru") == {key: phrase.ru for key, phrase in CATALOGUE.items()}
    assert Phrase._fields == LANGUAGES == ("en", "ru")


def test_another_language_is_refused():
    with pytest.raises(NotSupportedError, match="lang='de': there are words in en and ru"):
        words("de")


def test_say_fills_in():
    assert say("page.position", "ru", n=2, total=9) == "Шаг 2 из 9"


def test_the_page_asks_for_no_word_that_is_not_there():
    sources = [
        (files("chainrule.explain") / name).read_text("utf-8") for name in ("page.html", "page.js", "page_entry.js")
    ]
    asked = {key for text in sources for key in re.findall(r'(?:"|\{\{)(page\.\w+)', text)}
    assert len(asked) > 30
    assert asked <= set(CATALOGUE)
