"""`python -m composer` does what `netcomposer` does."""

from composer.cli.main import main

raise SystemExit(main())
