"""The pages as HTML: Jinja2 with autoescape on. Only charts, which escape for themselves, are taken as they are."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feedback_api.console.console import Console
from feedback_api.console.desk import Desk
from feedback_api.console.receipt_view import receipt_of
from feedback_api.console.view import case_of, note_of, race_of, remarks_of, rows_of, silence_of, top_of

FRAGMENTS = ("top", "case", "note", "keys", "receipt", "race", "queue", "feed")


class Pages:
    """Renders. `assets` gives the address of a static file by its name."""

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
        """The whole page."""
        parts = {name: Markup(self.fragment(name, console, desk, now_ms)) for name in FRAGMENTS}  # noqa: S704
        return self._render("console.html", name=desk.name, parts=parts)

    def message(self, title: str, text: str) -> str:
        """A page that says one thing."""
        return self._render("message.html", title=title, text=text)

    def after_act(self, console: Console, desk: Desk, now_ms: int) -> str:
        """The next case, and out of band whatever else the visitor's act changed."""
        parts = {name: Markup(self.fragment(name, console, desk, now_ms)) for name in FRAGMENTS}  # noqa: S704
        return self._render("after_act.html", parts=parts)

    def fragment(self, name: str, console: Console, desk: Desk, now_ms: int) -> str:
        """One part of the page."""
        return self._render(f"part_{name}.html", **self._content(name, console, desk, now_ms))

    def _content(self, name: str, console: Console, desk: Desk, now_ms: int) -> dict[str, Any]:
        currency = self._currency
        case = desk.case and case_of(desk.case, currency) if name == "case" else desk.case
        content: dict[str, Callable[[], dict[str, Any]]] = {
            "top": lambda: {"top": top_of(console, now_ms, currency)},
            "case": lambda: {"case": case, "fine": _fine(console, now_ms)},
            "note": lambda: {"note": note_of(console, desk, now_ms)},
            "keys": lambda: {"case": case, "note": note_of(console, desk, now_ms)},
            "receipt": lambda: {"receipt": desk.receipt and receipt_of(desk.receipt, now_ms)},
            "race": lambda: {"race": race_of(console)},
            "queue": lambda: {"rows": rows_of(console, desk, now_ms, currency), "count": len(console.queue)},
            "feed": lambda: {"remarks": remarks_of(console, now_ms)},
        }
        return content[name]()

    def _render(self, template: str, **content: Any) -> str:
        return self._jinja.get_template(template).render(**content)


def _fine(console: Console, now_ms: int) -> str:
    """What an empty desk says."""
    silence = silence_of(console, now_ms)
    if silence is not None:
        return f"{silence}."
    return f"{console.throughput.per_second(now_ms):,.0f} transactions a second are fine."
