"""Reverse migration: a supplier outside the new arrangements gains a metering point that has migrated.

IF-003 tells whoever is concerned that the new arrangements end at the supply start. Neither IF-036 nor
IF-037 follows, and no update: those events went with API release 1.8.1.
"""

from __future__ import annotations

from simulators.registration.case import Case
from simulators.registration.items import MHHS, REVERSE_MIGRATED, Holder, Item
from simulators.registration.notices import Around, segment_of, write
from simulators.registration.point import ITEM_OF, MeteringPoint
from simulators.registration.processes.moving import Moved
from simulators.registration.processes.switch_forms import LEAVES, REVERSED, Switching
from simulators.registration.processes.withdrawing import withdrawn
from simulators.registration.services import Service
from simulators.registration.switching import Switch


def reversed_migration(case: Case, before: MeteringPoint, point: MeteringPoint, switch: Switch) -> Moved:
    """End the new arrangements at the supply start; on a point that never migrated nothing is sent."""
    holder = Holder(switch.supplier, switch.supplier_mpid, reference=switch.registration)
    after = point.put(Item.SUPPLIER, holder, switch.effective, case.now)
    if before.regime_at(switch.effective) != MHHS:
        return Moved(after)
    after = after.put(Item.REGIME, REVERSE_MIGRATED, switch.effective, case.now)
    fills = {"SUP:incoming": (switch.supplier, switch.supplier_mpid)}
    sent = [write(REVERSED, case, before, Switching(case, before, switch), around=Around(fills=fills))]
    for service, named in ((Service.METERING, switch.operator), (Service.DATA, switch.collector)):
        gone = before.provider_span(service, switch.effective)
        comes = Holder("", named) if named else None
        after = after.put(ITEM_OF[service], comes, switch.effective, case.now)
        if gone is not None and gone.value is not None and gone.value.dip_id:
            around = Around(
                parties={"predecessor": gone.value.dip_id},
                fills=fills,
                segment=segment_of(case.acting, gone.value.dip_id),
            )
            subject = Switching(case, before, switch, gone)
            sent.append(write(LEAVES[service], case, before, subject, around=around))
    return Moved(after, tuple(sent)).then(withdrawn(case, after, switch.effective))
