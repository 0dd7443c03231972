"""`python -m rgbt_perception.cli`."""

import sys

from rgbt_perception.cli.main import main

sys.exit(main())
