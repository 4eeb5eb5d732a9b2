"""`python -m composer` does what `netcomposer` does."""

from composer.cli import main

raise SystemExit(main())
