"""Every word that the page and the derivations say, in English and in Russian.

`{name}` in a phrase is filled in by `say`. A key begins with the place where it is said. Counts stand after
a colon, so that no language needs plural forms.
"""

from __future__ import annotations

from typing import NamedTuple

from ..errors import NotSupportedError


class Phrase(NamedTuple):
    """The same words in each language; the fields are the languages."""

    en: str
    ru: str


CATALOGUE: dict[str, Phrase] = {
    # the page
    "page.title": Phrase("Backprop of {loss}", "Обратное распространение для {loss}"),
    "page.summary": Phrase(
        "{forward} steps forward, {backward} back. Every formula, number and line below comes from the recorded graph.",
        "Шагов вперёд: {forward}, назад: {backward}. Все формулы, числа и строки ниже взяты из записанного графа.",
    ),
    "page.keys": Phrase(
        "← → step, Home and End go to the first and the last; arrow keys walk through a matrix.",
        "← → — шаг, Home и End — первый и последний; внутри матрицы стрелки ходят по элементам.",
    ),
    "page.first": Phrase("First step", "Первый шаг"),
    "page.previous": Phrase("Previous step", "Предыдущий шаг"),
    "page.next": Phrase("Next step", "Следующий шаг"),
    "page.last": Phrase("Last step", "Последний шаг"),
    "page.controls": Phrase("Steps", "Шаги"),
    "page.step": Phrase("Step", "Шаг"),
    "page.position": Phrase("Step {n} of {total}", "Шаг {n} из {total}"),
    "page.forward": Phrase("forward", "вперёд"),
    "page.backward": Phrase("backward", "назад"),
    "page.theme": Phrase("Dark", "Тёмная"),
    "page.display": Phrase("Heat map", "Тепловая карта"),
    "page.graph": Phrase("Graph", "Граф"),
    "page.graph_help": Phrase(
        "Operations are boxes, tensors are lines. Click a box to go to its step.",
        "Операции — рамки, тензоры — линии. Щёлкните рамку, чтобы перейти к её шагу.",
    ),
    "page.operation": Phrase("Operation {name}: go to its step", "Операция {name}: перейти к её шагу"),
    "page.open": Phrase("Open the module {name}", "Открыть модуль {name}"),
    "page.close": Phrase("Close the module {name}", "Закрыть модуль {name}"),
    "page.whole": Phrase("whole graph", "весь граф"),
    "page.operations": Phrase("{count} operations", "операций: {count}"),
    "page.tensors": Phrase("{count} tensors", "тензоров: {count}"),
    "page.module": Phrase("module", "модуль"),
    "page.line": Phrase("Your line", "Ваша строка"),
    "page.source": Phrase("The same in NumPy", "То же на NumPy"),
    "page.in": Phrase("What goes in", "Что входит"),
    "page.out": Phrase("What comes out", "Что выходит"),
    "page.gradient_in": Phrase("Gradient flowing in", "Градиент входит"),
    "page.used": Phrase("Values it needs", "Нужные значения"),
    "page.gradient_out": Phrase("Gradient flowing out", "Градиент выходит"),
    "page.parameter": Phrase("parameter", "параметр"),
    "page.input": Phrase("input", "вход"),
    "page.constant": Phrase("constant", "константа"),
    "page.result": Phrase("result", "результат"),
    "page.gradient": Phrase("gradient", "градиент"),
    "page.scalar": Phrase("scalar", "скаляр"),
    "page.empty": Phrase("no entries", "нет элементов"),
    "page.part": Phrase("shown: the first {rows} × {columns}", "показаны первые {rows} × {columns}"),
    "page.summary_of": Phrase(
        "min {min}, max {max}, mean {mean}", "минимум {min}, максимум {max}, среднее {mean}"
    ),
    "page.no_numbers": Phrase("too large for this page", "слишком велик для этой страницы"),
    "page.matrix": Phrase("Entries of {name}", "Элементы {name}"),
    "page.entry": Phrase("One entry and its chain rule", "Один элемент и его цепное правило"),
    "page.entry_help": Phrase(
        "Point at an entry, or walk to it with Tab and the arrow keys.",
        "Наведите на элемент или дойдите до него клавишей Tab и стрелками.",
    ),
    "page.stopped": Phrase("{share} % of the entries stopped here", "{share} % элементов здесь остановлены"),
    "page.terms": Phrase("{count} terms", "слагаемых: {count}"),
    "page.whole_array": Phrase(
        "{word} is computed for the whole array at once.", "{word} вычисляется сразу для всего массива."
    ),
    "page.not_here": Phrase(
        "The arrays are too large to stand on this page whole.", "Массивы слишком велики, чтобы стоять здесь целиком."
    ),
    "page.given": Phrase("This is given, not computed.", "Это дано, а не вычислено."),
    "page.noscript": Phrase(
        "This page needs JavaScript; it runs on its own and loads nothing.",
        "Странице нужен JavaScript; она ничего не загружает.",
    ),
    "page.made": Phrase("Made by chainrule. One file, no network.", "Сделано chainrule. Один файл, без сети."),
    # the table
    "table.forward": Phrase("forward", "вперёд"),
    "table.backward": Phrase("backward", "назад"),
    "table.scalar": Phrase("scalar", "скаляр"),
    "table.empty": Phrase("empty", "пусто"),
    "table.stopped": Phrase(
        "{percent} % of the entries stopped here", "{percent} % элементов остановлено здесь"
    ),
    # one entry, and the whole derivation
    "entry.steps": Phrase(
        "The chain rule, from {name} towards the loss:", "Цепное правило, от {name} в сторону потерь:"
    ),
    "entry.whole": Phrase("Put into each other:", "Подставим одно в другое:"),
    "entry.numbers": Phrase("With the numbers:", "С числами:"),
    "entry.more": Phrase(
        "… and so on; terms left out: {count} of {total}", "… и так далее; пропущено слагаемых: {count} из {total}"
    ),
    "entry.assembled": Phrase(
        "The entries of {name} have this form at every place; together they are a matrix formula:",
        "Элементы {name} имеют этот вид на каждом месте; вместе они дают матричную формулу:",
    ),
    "derivation.forward": Phrase("How {loss} is computed:", "Как вычисляется {loss}:"),
    "derivation.path": Phrase("The way from {name} to the loss:", "Путь от {name} к потерям:"),
    "derivation.entry": Phrase("One entry, {name}:", "Один элемент, {name}:"),
    "derivation.matrix": Phrase(
        "All entries at once, in matrix form:", "Все элементы сразу, в матричной форме:"
    ),
    "derivation.end": Phrase(
        "The gradient of {name} has the norm {norm}.", "Норма градиента {name} равна {norm}."
    ),
}  # fmt: skip

LANGUAGES = Phrase._fields


def words(lang: str = "en") -> dict[str, str]:
    """All phrases in a language, by key. Raises NotSupportedError for a language that is not there.

    >>> from chainrule.explain.catalogue import words
    >>> words("ru")["page.next"]
    'Следующий шаг'
    """
    if lang not in LANGUAGES:
        raise NotSupportedError(f"lang={lang!r}: there are words in {' and '.join(LANGUAGES)}")
    return {key: getattr(phrase, lang) for key, phrase in CATALOGUE.items()}


def say(key: str, lang: str = "en", **values: object) -> str:
    """A phrase with its places filled in.

    >>> from chainrule.explain.catalogue import say
    >>> say("page.terms", count=64)
    '64 terms'
    """
    return str(words(lang)[key]).format(**values)
