# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..modules.cm_deployment_status import SPEC
from ..plugin_utils._action import ResourceAction
from ..plugin_utils._resources.deployment_status import DeploymentStatus


class ActionModule(ResourceAction):
    spec = SPEC
    resource = DeploymentStatus
