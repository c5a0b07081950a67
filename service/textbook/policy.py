"""A textbook's policy held against a chapter: what has to be different before it may go out."""

from service.textbook.content import Parts, Policy


def faults(policy: Policy, parts: Parts) -> tuple[str, ...]:
    """Return what the policy finds wrong, each a sentence for a person; nothing for a sound one."""
    raise NotImplementedError
