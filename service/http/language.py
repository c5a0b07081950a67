"""Languages as bodies name them (RFC 5646): ``en``, ``de-AT``, ``zh-Hant``."""

from typing import Annotated

from msgspec import Meta

Language = Annotated[
    str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", examples=["en"])
]
