"""Markdown and titles of textbooks: ordinary ones, and those that break writers of formats."""

from typing import Final

TABLE: Final = "| Quantity | Unit |\n|:--|--:|\n| force | N |\n| a\\|b | `m/s^2` |\n"
CODE: Final = (
    "```python\n# no heading\ndef f(x: list[int]) -> dict[str, int]:\n    return {x < 3}\n```"
)

PUSHES: Final = f"""A force is a push or a pull.[^1]

## Pushes and pulls

Forces come in *pairs*, and each has a **size** and a direction.

- a push
- a pull

## Units

Its unit is the newton.

{TABLE}
[^1]: Said of contact forces first.
"""
LAWS: Final = """Newton wrote three laws.

## The first law

A body keeps its motion.

## The second law

Force is mass times acceleration:

```text
F = m * a
```

## The third law

> Every action has its reaction.

1. You push the wall.
2. The wall pushes you.
"""
QUWA: Final = """القوة دفع أو سحب، ووحدتها نيوتن (N).

## الدفع والسحب

لكل قوة **مقدار** واتجاه: `F = m * a`.

- دفع
- سحب

## الوحدات

| الكمية | الوحدة |
|---|---|
| القوة | N |
"""
HOK: Final = """טקסט בעברית בתוך ספר בערבית.

## חוק ראשון

גוף מתמיד בתנועתו.
"""
TEXTS: Final = (
    """The set {x < 3} is open, and a < b > c; `{x < 3}` too.

<!-- no comment -->

<T> is a type, `<T>` code, and Map<string, T[]> both.

---

export const x = 1

import y from 'z'
""",
    f"""A table:

{TABLE}
and code:

{CODE}

~~~
<!-- ``` -->
</code></pre>
~~~

    indented {{x}}
""",
    r"""Maths like $x$ and $$\sum_{i=1}^{n} x_i < \infty$$ costs 5$ or 6$.

$$
\frac{a}{b}
$$

:::note

no admonition

:::
""",
    """<div class={x}>raw **HTML**</div>

<script>alert('x')</script>

<br> <img src=x onerror=alert(1)>

&nbsp; &amp; &lt;T&gt; &notanentity; © \u00a0
""",
    """[a link](https://example.org/a?b=c&d=<e>) [bad](javascript:alert(1)) [none](./missing.md)
![none](missing.png) <https://example.org/> www.example.org [ref][none] [^9]

* a
  * b
    * c {#id}

- [ ] todo

Term
: definition
""",
    """نص عربي مع English وأرقام 123 و<T> و{x < 3}.

> טקסט בעברית עם `code` וסוגריים (כאן).

1. أولا
2. ثانيا
""",
)


TITLES: Final = (
    'Sets {x < 3} and "quotes": a #title',
    "Generics: Map<T, List<T>> & <T>",
    "<!-- a comment --> that is a title",
    "---",
    "#hash, 'single', `code`, %percent, @at, !bang, |pipe|",
    "- a list: [x] yes, {no}: ~null",
    "🎓 Emoji 👩🏽‍🚀 and flags 🇨🇭",
    "العربية والعلوم",
    "שלום עולם: מבוא",
    "A very long title " + "that goes on and on " * 12 + "until here",
    "null",
    "2026-01-02",
    "</script><script>alert(1)</script>",
    "back\\slash \\n $x$ = {#} ~ =",
    "]]> ends a section; {{jinja}} <%= erb %>",
    "*stars* _under_ [link](javascript:alert(1)) ![x](y)",
)
