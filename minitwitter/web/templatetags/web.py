"""The tags of the web client's templates."""

from collections.abc import Hashable
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.context import Context
from django.template.loader_tags import BlockNode
from django.utils.html import format_html_join

from minitwitter.web.forms import Form

register = template.Library()


@register.inclusion_tag("web/_field.html")
def field(
    form: Form, name: str, label: str, *, kind: str = "text", hint: str = "", prefix: str = "", **attributes: Any
) -> dict[str, Any]:
    """`attributes` go to the input as they are; one with an empty value has none. Passwords are never filled in.

    `prefix` tells two fields of the same name on one page apart.
    """
    errors = form.problems.get(name, [])
    pairs = [(key, value) for key, value in attributes.items() if value != ""]
    flags = [(key,) for key, value in attributes.items() if value == ""]
    return {
        "name": name,
        "place": f"{prefix}{name}",
        "label": label,
        "type": kind,
        "hint": hint,
        "value": "" if kind == "password" else form.values.get(name, ""),
        "errors": errors,
        "described": " ".join([f"e-{prefix}{name}"] * bool(errors) + [f"h-{prefix}{name}"] * bool(hint)),
        "attributes": format_html_join("", ' {}="{}"', pairs) + format_html_join("", " {}", flags),
    }


class Remembered(Node):
    """What is between the tags, rendered once for each of the values behind its name."""

    # As many people who look at the same time, by a few pages; a page's surroundings have some kilobytes.
    _MOST = 256
    child_nodelists = ("_inside",)  # Where Django looks for nodes in nodes.

    def __init__(self, inside: NodeList, values: list[FilterExpression]) -> None:
        self._inside = inside
        self._values = values
        self._kept: dict[Hashable, str] = {}

    def get_nodes_by_type(self, nodetype: type[Node]) -> list[Any]:
        """Those inside. Django looks for blocks at each rendering of a page, and there are none."""
        return [] if nodetype is BlockNode else super().get_nodes_by_type(nodetype)

    def render(self, context: Context) -> str:
        key = tuple([value.resolve(context) for value in self._values])
        kept = self._kept.get(key)
        if kept is None:
            kept = self._inside.render(context)
            if len(self._kept) >= self._MOST:
                self._kept.clear()
            self._kept[key] = kept
        return kept


@register.tag
def remembered(parser: Parser, token: Token) -> Remembered:
    """`{% remembered a b %} ... {% endremembered %}`: only `a` and `b` (and settings) may make a difference inside.

    A `{% block %}` would be filled in by the page that is rendered first, so there can be none.
    """
    values = [parser.compile_filter(value) for value in token.split_contents()[1:]]
    inside = parser.parse(("endremembered",))
    parser.delete_first_token()
    if inside.get_nodes_by_type(BlockNode):
        raise template.TemplateSyntaxError("There is a block inside of `remembered`: put it outside.")
    return Remembered(inside, values)
