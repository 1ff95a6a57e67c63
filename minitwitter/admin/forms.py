"""Forms that check the shape of the input only. The rules are the actions', and so are the words of a refusal."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.db.models import Model
from django.http import HttpRequest

from minitwitter.accounts.models import EMAIL_LENGTH
from minitwitter.core.errors import DomainError, RateLimited, ValidationFailed
from minitwitter.core.limits import client_address, count_log_in, remember_log_in

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:

    class _ModelForm(forms.ModelForm[Row]):
        pass
else:

    class _ModelForm(forms.ModelForm, Generic[Row]):
        pass


def add_refusal(form: forms.BaseForm, refusal: DomainError) -> None:
    """Show why an action refused: each problem at its field, if the form has that field."""
    if not isinstance(refusal, ValidationFailed):
        form.add_error(None, refusal.message)
        return
    for problem in refusal.problems:
        form.add_error(problem.field if problem.field in form.fields else None, problem.detail)


def explain(refusal: DomainError) -> str:
    """Why an action refused, in a line."""
    if isinstance(refusal, ValidationFailed):
        return " ".join(problem.detail for problem in refusal.problems)
    return refusal.message


class ActionForm(_ModelForm[Row]):
    """The form of a page whose changes an action carries out.

    `refusal` is set when the action has refused what was sent: the form is shown again with the reasons.
    """

    refusal: DomainError | None = None

    def clean(self) -> dict[str, Any] | None:
        if self.refusal is not None:
            add_refusal(self, self.refusal)
        return super().clean()

    def _post_clean(self) -> None:
        # Django would put the input into the instance and apply the model's own checks. The rules are the actions',
        # and the instance stays what the database has.
        pass


class LinesField(forms.CharField):
    """A text of several lines, taken as it is sent.

    Browsers send every line break as CR LF; it becomes the LF that clients of the API write, and a text that
    differs in nothing else is unchanged.
    """

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.to_python(initial), self.to_python(data))


class LogInForm(AdminAuthenticationForm):
    """Takes a username or an address; Django's form would let browsers cut an address at a username's length."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        field = self.fields["username"]
        field.label = "Username or email address"
        field.widget.attrs["maxlength"] = EMAIL_LENGTH
        self.limited: RateLimited | None = None

    def clean(self) -> dict[str, Any]:
        """Check the name and the password, within the limits that the API's log-in has, too."""
        address = client_address(self.request.META if self.request else {})
        login = self.cleaned_data.get("username") or ""
        for count in count_log_in(address, login):
            if not count.passed:
                self.limited = RateLimited(count.reset)
                raise forms.ValidationError(self.limited.message, code=self.limited.code)
        cleaned = super().clean()
        if self.get_user() is not None:
            remember_log_in(address, login)
        return cleaned


class NewPasswordForm(forms.Form):
    """A password, and once more for safety."""

    new_password = forms.CharField(
        strip=False,
        label="New password",
        help_text="8 to 128 characters of any kind; not a common one, not close to the username or the address.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    new_password_again = forms.CharField(
        strip=False, label="Once more", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if len({cleaned.get("new_password"), cleaned.get("new_password_again")}) > 1:
            self.add_error("new_password_again", "The two passwords differ.")
        return cleaned


class OwnPasswordForm(NewPasswordForm):
    """Changing one's own password takes the present one."""

    current_password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True})
    )
    field_order = ("current_password", "new_password", "new_password_again")
