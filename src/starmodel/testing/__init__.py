"""What applications and authors of backends test with; no application imports it."""

import sys

if "pytest" in sys.modules:  # so that a failed contract says what differed
    import pytest

    for _part in ("base", "writes", "markers", "queries", "concurrency"):
        pytest.register_assert_rewrite(f"{__name__}.contract_{_part}")
