# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of the unit tests: how hard the property-based ones look.

``ci`` (the default) is a small fixed sample; ``full`` (``make fuzz``) tries many more examples, others each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_TOLERATED = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "ci", max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=_TOLERATED
)
settings.register_profile("full", max_examples=5000, deadline=None, database=None, suppress_health_check=_TOLERATED)
settings.load_profile(os.environ.get("CONFIGMGR_HYPOTHESIS", "ci"))
