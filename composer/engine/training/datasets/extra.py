"""Packages that only some sources need: what to say if they are not installed."""

from composer.core.errors import UserError


def missing_package(source: str, package: str, error: ImportError) -> UserError:
    """Return the error of a source whose package cannot be imported.

    Args:
        source: name of the source.
        package: the package that it imports.
        error: why that failed.
    """
    reason = "is not installed" if isinstance(error, ModuleNotFoundError) else f"cannot be imported ({error})"
    return UserError(f'{source}: {package} {reason}; install it with: pip install "netcomposer[data]"')
