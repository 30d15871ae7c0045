"""Every simulated party there is: importing this file registers all behaviours."""

from __future__ import annotations

import simulators.participants.data_service
import simulators.participants.distributor
import simulators.participants.flaws
import simulators.participants.listening
import simulators.participants.load_shaping
import simulators.participants.market_data_service
import simulators.participants.metering
import simulators.participants.provider
import simulators.participants.publishing
import simulators.participants.retriever
import simulators.participants.supplier
import simulators.registration.behaviour
import simulators.registration.flaws  # noqa: F401 - they register their behaviours
