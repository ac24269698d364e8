"""Render the pages with Jinja2. Autoescape is on; only charts bypass it, and they escape their own texts."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feedback_api.console.console import Console
from feedback_api.console.desk import Desk
from feedback_api.console.receipt_view import receipt_of
from feedback_api.console.view import case_of, note_of, race_of, rows_of, silence_of, top_of, verdicts_of
from feedback_api.console.words import plural

FRAGMENTS = ("top", "case", "note", "keys", "receipt", "race", "queue", "feed")


class Pages:
    """The console's pages. `assets` maps a static file's name to its path."""

    def __init__(self, currency: str, assets: Callable[[str], str]) -> None:
        self._currency = currency
        self._jinja = Environment(
            loader=PackageLoader("feedback_api.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters["chart"] = Markup  # `charts` escapes every text
        self._jinja.globals["asset"] = assets

    def console(self, console: Console, desk: Desk, now_ms: int) -> str:
        parts = {name: Markup(self.fragment(name, console, desk, now_ms)) for name in FRAGMENTS}  # noqa: S704
        return self._render("console.html", name=desk.name, parts=parts)

    def message(self, title: str, text: str) -> str:
        """A page with only a title and one paragraph."""
        return self._render("message.html", title=title, text=text)

    def after_act(self, console: Console, desk: Desk, now_ms: int) -> str:
        """The next case, followed by the other changed fragments as htmx out-of-band swaps."""
        parts = {name: Markup(self.fragment(name, console, desk, now_ms)) for name in FRAGMENTS}  # noqa: S704
        return self._render("after_act.html", parts=parts)

    def fragment(self, name: str, console: Console, desk: Desk, now_ms: int) -> str:
        """One of FRAGMENTS."""
        return self._render(f"part_{name}.html", **self._content(name, console, desk, now_ms))

    def _content(self, name: str, console: Console, desk: Desk, now_ms: int) -> dict[str, Any]:
        currency = self._currency
        case = desk.case and case_of(desk.case, currency) if name == "case" else desk.case
        content: dict[str, Callable[[], dict[str, Any]]] = {
            "top": lambda: {"top": top_of(console, now_ms, currency)},
            "case": lambda: {"case": case, "quiet": _quiet(console, now_ms)},
            "note": lambda: {"note": note_of(console, desk, now_ms)},
            "keys": lambda: {"case": case, "note": note_of(console, desk, now_ms)},
            "receipt": lambda: {"receipt": desk.receipt and receipt_of(desk.receipt, now_ms)},
            "race": lambda: {"race": race_of(console)},
            "queue": lambda: {"rows": rows_of(console, desk, now_ms, currency), "count": len(console.queue)},
            "feed": lambda: {"verdicts": verdicts_of(console, now_ms)},
        }
        return content[name]()

    def _render(self, template: str, **content: Any) -> str:
        return self._jinja.get_template(template).render(**content)


def _quiet(console: Console, now_ms: int) -> str:
    """The text of an empty desk."""
    silence = silence_of(console, now_ms)
    if silence is not None:
        return f"{silence}."
    rate = plural(round(console.throughput.per_second(now_ms)), "transaction")
    return f"{rate} a second, none waiting for you."
