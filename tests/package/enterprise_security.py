"""The detection's keys beside those that Splunk's own build tool writes for the same detection, one by one.

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
