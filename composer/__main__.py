"""`python -m composer` does what `netcomposer` does."""


def run() -> int:
    """Run the command line; an interrupt while it is still being imported leaves no trace either."""
    try:
        from composer.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(run())
