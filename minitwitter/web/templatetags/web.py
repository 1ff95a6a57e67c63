"""The one tag of the web client's templates: a field of a form, with its label, hint and what is wrong with it."""

from typing import Any

from django import template
from django.utils.html import format_html_join

from minitwitter.web.forms import Form

register = template.Library()


@register.inclusion_tag("web/_field.html")
def field(form: Form, name: str, label: str, *, type: str = "text", hint: str = "", **attributes: Any) -> dict[str, Any]:  # noqa: A002
    """`attributes` go to the input as they are; one with an empty value has none. Passwords are never filled in."""
    errors = form.problems.get(name, [])
    pairs = [(key, value) for key, value in attributes.items() if value != ""]
    flags = [(key,) for key, value in attributes.items() if value == ""]
    return {
        "name": name,
        "label": label,
        "type": type,
        "hint": hint,
        "value": "" if type == "password" else form.values.get(name, ""),
        "errors": errors,
        "described": " ".join([f"e-{name}"] * bool(errors) + [f"h-{name}"] * bool(hint)),
        "attributes": format_html_join("", ' {}="{}"', pairs) + format_html_join("", " {}", flags),
    }
