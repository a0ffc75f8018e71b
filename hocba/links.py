"""A pupil whose id changes keeps one timeline: old id and new id are linked, with the reason.

A link is never changed. What undoes it is a further row, with a reason of its own.
"""

import re
from datetime import datetime

from hocba.continuity.refresh import refresh
from hocba.errors import LifecycleRefused
from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent, PupilLink
from hocba.requests import checked_name, checked_text
from schemas.findings import finding

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class LinkRefused(LifecycleRefused):
    """Nothing was linked or undone."""


def link_pupils(
    tx: Transaction, old: str, new: str, *, reason: str, by: str, at: datetime, actor: str
) -> PupilLink:
    """From now on *old* and *new* stand for one pupil; raises `LinkRefused`."""
    link = _link(old, new, linked=True, reason=reason, by=by, at=at)
    if tx.records.find_pupil(old) is None:
        raise LinkRefused(finding("HB-I063", found=old))
    if new in tx.links.ids(old):
        raise LinkRefused(finding("HB-I064", old=old, new=new))
    for each in tx.links.in_force(old):
        if each.old == old:
            raise LinkRefused(finding("HB-I065", old=old, found=each.new))
    return _added(tx, link, "pupil.linked", actor)


def unlink_pupils(
    tx: Transaction, old: str, new: str, *, reason: str, by: str, at: datetime, actor: str
) -> PupilLink:
    """Undo the link from *old* to *new*; raises `LinkRefused`."""
    link = _link(old, new, linked=False, reason=reason, by=by, at=at)
    if not any((each.old, each.new) == (old, new) for each in tx.links.in_force(old)):
        raise LinkRefused(finding("HB-I066", old=old, new=new))
    return _added(tx, link, "pupil.unlinked", actor)


def bring_link(tx: Transaction, link: PupilLink, *, at: datetime, actor: str) -> None:
    """Write a link, or what undoes one, as another repository made it; raises `LinkRefused`."""
    _refuse_no_pair(link.old, link.new)
    _write(tx, link, "pupil.linked" if link.linked else "pupil.unlinked", at, actor)


def _link(old: str, new: str, *, linked: bool, reason: str, by: str, at: datetime) -> PupilLink:
    _refuse_no_pair(old, new)
    return PupilLink(
        old=old,
        new=new,
        linked=linked,
        reason=checked_text(reason),
        linked_by=checked_name(by),
        at=at,
    )


def _refuse_no_pair(old: str, new: str) -> None:
    if old == new or not (_IDENTIFIER.match(old) and _IDENTIFIER.match(new)):
        raise LinkRefused(finding("HB-I062"))


def _added(tx: Transaction, link: PupilLink, action: str, actor: str) -> PupilLink:
    _write(tx, link, action, link.at, actor)
    return link


def _write(tx: Transaction, link: PupilLink, action: str, at: datetime, actor: str) -> None:
    """The one way that a link gets into the index: with its event, and the years judged anew."""
    tx.links.add(link)
    detail = (("old", link.old), ("new", link.new))
    tx.audit.append(NewAuditEvent(at=at, actor=actor, action=action, detail=detail))
    refresh(tx, (link.old, link.new))
