"""What a form was sent with, and what is wrong with it. The rules are the domain's."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from minitwitter.accounts.rules import PASSWORD_MAX_LENGTH
from minitwitter.core.errors import DomainError, FieldProblem, RateLimited, ServiceUnavailable, ValidationFailed
from minitwitter.web import words


@dataclass
class Form:
    """The values of a form's fields, and the sentences about each; `general` has those that belong to none."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)
    status: int = 200
    retry_after: int = 0

    def refuse(self, error: DomainError) -> None:
        """Tell what the domain did not like."""
        self.status = error.status
        self.retry_after = error.retry_after if isinstance(error, RateLimited | ServiceUnavailable) else 0
        if not isinstance(error, ValidationFailed):
            self.general.append(words.of_error(error).text)
            return
        for problem in error.problems:
            self._tell(problem)

    def _tell(self, problem: FieldProblem) -> None:
        sentence = words.of_problem(problem)
        if problem.field in self.values:
            self.problems.setdefault(problem.field, []).append(sentence)
        else:
            self.general.append(sentence)


def read(request: HttpRequest, names: Iterable[str]) -> Form:
    """The fields of that name as they were sent, with the line breaks that people typed instead of those of HTTP.

    Passwords stay exactly what they are. Nothing is trimmed but usernames and addresses, where a phone's keyboard
    adds spaces that nobody sees.
    """
    return Form({name: _value(name, request.POST.get(name, "")) for name in names})


def _value(name: str, sent: str) -> str:
    if "password" in name:
        return sent
    value = sent.replace("\r\n", "\n")
    return value.strip() if name in {"username", "login", "email", "code", "token"} else value


def require_hashable(form: Form, *names: str) -> None:
    """Raises ValidationFailed for an overlong password, before anything hashes it."""
    long = [name for name in names if len(form.values[name]) > PASSWORD_MAX_LENGTH]
    if long:
        raise ValidationFailed([FieldProblem(name, "max_length", "The password is too long.") for name in long])


def sent_file(request: HttpRequest, name: str) -> BinaryIO | None:
    """The file of that field. A browser sends an empty one where none was chosen."""
    file = request.FILES.get(name)
    return cast("BinaryIO", file) if isinstance(file, UploadedFile) and (file.size or file.name) else None
