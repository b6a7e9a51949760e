"""The two things that may be asked of a region: to draw less attention, or more."""
from realistic_editing.common.errors import InputError

TASKS = ("attenuate", "amplify")


def check_task(task: str) -> str:
    """Refuse what is no task. Raises InputError; returns `task`."""
    if task not in TASKS:
        raise InputError(f"task is {task!r}; use attenuate (less attention) or amplify (more attention)")
    return task
