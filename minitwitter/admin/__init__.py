"""The operator's pages (Django admin). Every change goes through the same actions as the API's."""
