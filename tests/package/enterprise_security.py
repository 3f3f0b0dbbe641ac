"""What Enterprise Security is given: keys, annotations, risk, drilldowns.

The detection's keys are compared with those that Splunk's own build tool writes for the same detection, one by one.

`tests/data/contentctl` has the listing. A key is shipped with the same value, shipped with another value for a reason that
stands here, or left out for a reason that stands here; and what is added has its reason too. It does not know what
Enterprise Security does with any of them.
"""

import json
import re
from pathlib import Path

import confs

LISTING = Path(__file__).resolve().parent.parent / "data" / "contentctl" / "detection.conf"
DETECTION = "Cloud API Calls From Previously Unseen User Roles"
# Alerts the same records, so it is given the same; but it is another search, and reads no events.
FOLLOWER = "Unseen - Reconcile"
ITS_OWN = {"action.correlationsearch.label", "action.correlationsearch.metadata", "action.notable.param.drilldown_searches"}
# What was seen to work as the range of a drilldown: the search's own, or a number and a unit before and after the event.
OFFSET = re.compile(r"\$info_(?:min|max)_time\$|0|\d+[smhdw]")
# The settings that Enterprise Security reads; the schedule is Splunk's own business and ours.
READ = re.compile(r"action\.(?:risk|correlationsearch|notable|escu)\b.*|description|search")

LEFT_OUT = {
    "action.escu*": "ESCU's own bookkeeping; another app that claims it would stand in ESCU's lists",
}
DIFFERENT = {
    "description": "one row per role and call, and a record",
    "search": "the point of this app",
    "action.correlationsearch.label": "without ESCU's prefix and suffix, which its own detection has",
    "action.correlationsearch.annotations": "with the kill chain, which contentctl adds when it may ask the network",
    "action.correlationsearch.metadata": "an id, a version and a date of our own: an id names one detection",
    "action.notable.param.drilldown_searches": "the original asks for a field that no row has",
}
ADDED = {
    "action.notable": "off; one switch makes a finding of each alert",
    "action.notable.param.nes_fields": "what the finding is about",
    "action.notable.param.rule_description": "for that switch",
    "action.notable.param.rule_title": "for that switch",
    "action.notable.param.security_domain": "the domain by which Enterprise Security lists it",
    "action.notable.param.severity": "what 20 points of risk are called",
}


def complaints(searches):
    """What the detection in `searches` (stanzas by name) lacks, has too much, or has otherwise than the listing."""
    listed = next(iter(confs.read(LISTING).stanzas.values())).settings
    shipped = searches[DETECTION].settings if DETECTION in searches else {}
    for key in sorted(filter(READ.fullmatch, {*listed, *shipped})):
        complaint = compare(key, listed.get(key), shipped.get(key))
        if complaint:
            yield f"{key}: {complaint}"
    yield from about_annotations(as_json(listed, "annotations"), as_json(shipped, "annotations"))
    yield from about_metadata(as_json(listed, "metadata"), as_json(shipped, "metadata"))


def compare(key, listed, shipped):
    """Why these two values of a key are not as they are meant to be, or None."""
    if any(re.fullmatch(pattern.replace(".", r"\.").replace("*", ".*"), key) for pattern in LEFT_OUT):
        return None if shipped is None else "shipped, but it is to be left out"
    if listed is None:
        return None if key in ADDED else "contentctl writes no such key; say in ADDED why it is there"
    if shipped is None:
        return "contentctl writes it, and the app has it not"
    if key in DIFFERENT:
        return "as contentctl writes it, although DIFFERENT says why not" if shipped == listed else None
    return None if shipped == listed else f"{shipped}, where contentctl writes {listed}"


def as_json(settings, name):
    """A JSON setting of the correlation search; {} if there is none or it cannot be read."""
    try:
        return json.loads(settings.get(f"action.correlationsearch.{name}", "{}"))
    except ValueError:
        return {}


def about_annotations(listed, shipped):
    """Whatever the listing annotates is annotated alike; more may be."""
    return [f"annotations: {name} is {shipped.get(name)}, expected {value}" for name, value in listed.items() if shipped.get(name) != value]


def about_metadata(listed, shipped):
    """The same fields of the same types, and an id of our own."""
    if {name: type(value) for name, value in listed.items()} != {name: type(value) for name, value in shipped.items()}:
        return [f"metadata: {shipped}, expected the fields of {listed}"]
    if shipped["detection_id"] == listed["detection_id"]:
        return ["metadata: the detection_id is ESCU's, and would name two detections"]
    return []


def about_follower(searches):
    """Reconcile's alerts are the detection's: same risk, same finding, same annotations."""
    theirs, its = (searches[name].settings if name in searches else {} for name in (DETECTION, FOLLOWER))
    for key in sorted({*theirs, *its}):
        if key.startswith("action.") and key not in ITS_OWN and theirs.get(key) != its.get(key):
            yield f"{key}: {its.get(key)}, where the detection has {theirs.get(key)}"
    if "detection_id" in as_json(its, "metadata") and as_json(its, "metadata")["detection_id"] == as_json(theirs, "metadata").get("detection_id"):
        yield "metadata: the detection_id is the detection's, and would name two searches"


def drilldowns(search):
    """The drilldowns of a saved search."""
    return json.loads(search.get("action.notable.param.drilldown_searches", "[]"))


def about_drilldown(drilldown):
    """What of one drilldown does not work in Enterprise Security."""
    text = re.sub(r"\$\w+\$", "", drilldown["search"])
    if "$" in text:
        yield "a `$` that is no token: some versions take all up to the next one for a token; write `\\z` for the end of a text"
    if "sourcetype=" in text and "index=" not in text:
        yield "no index: an analyst searches `main` only"
    for end in ("earliest_offset", "latest_offset"):
        if not OFFSET.fullmatch(drilldown[end]):
            yield f"{end} {drilldown[end]}: of no form that was seen to work"
