"""Reading what the sandbox's own paths are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from .errors import JiraError

if TYPE_CHECKING:
    from collections.abc import Mapping

Asked = TypeVar("Asked", bound=BaseModel)


def checked(model: type[Asked], raw: Mapping[str, Any]) -> Asked:
    """A body as a model.

    Raises
    ------
    JiraError
        Raised with 400 and one line for every mistake.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise JiraError(400, *problems) from None
