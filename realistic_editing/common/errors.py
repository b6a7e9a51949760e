"""The one error for what a user gave and the project cannot use."""


class InputError(ValueError):
    """A file, array or option that cannot be used.

    The message names the file or argument, the value found, and the remedy. The commands print it without a traceback
    and exit with code 2.
    """
