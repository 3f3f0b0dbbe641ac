"""Each check passes on the app as it is, and finds the fault it is there for in a copy that has it."""

import json
import shutil
import struct
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

import checks
import elf
import licenses
import spl
from confs import Stanza, read

ROOT = Path(__file__).resolve().parent.parent.parent
LOOKUP = "previously_seen_cloud_api_calls_per_user_role"
# An ELF header for x86_64 and nothing else: it needs no loader and no library.
STATIC = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 0, 0, 0, 0)
STUDIO = {
    "title": "Fixture",
    "dataSources": {
        "calls": {"type": "ds.search", "options": {"query": f"| inputlookup {LOOKUP} | search user=$who$ | stats count by user key"}},
        "named": {"type": "ds.chain", "options": {"extend": "calls", "query": "| rename user as role"}},
    },
    "visualizations": {
        "table": {
            "type": "splunk.table",
            "dataSources": {"primary": "named"},
            "eventHandlers": [{"type": "drilldown.customUrl", "options": {"url": "search?q=$row.key.value|u$"}}],
        }
    },
    "inputs": {"who": {"type": "input.text", "options": {"token": "who"}}},
    "layout": {"type": "grid", "globalInputs": ["who"], "structure": [{"item": "table"}]},
}


def png(side):
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", side, side)


def built(into):
    """The app as packaged, and beside what it has a view, a navigation to it and icons, so that those checks have something to bite."""
    shutil.copytree(ROOT / "splunk_app", into)
    program = into / "linux_x86_64/bin/unseen"
    program.parent.mkdir(parents=True)
    program.write_bytes(STATIC)
    program.chmod(0o755)
    (into / "static").mkdir(exist_ok=True)
    for name, side in checks.ICONS.items():
        (into / "static" / name).write_bytes(png(side))
    views, nav = into / "default/data/ui/views", into / "default/data/ui/nav/default.xml"
    views.mkdir(parents=True, exist_ok=True)
    write_studio(into, STUDIO)
    nav.parent.mkdir(parents=True, exist_ok=True)
    if not nav.exists():
        nav.write_text('<nav><view name="search" default="true"/></nav>')
    tree = xml.parse(nav)
    xml.SubElement(tree.getroot(), "view", name="fixture")
    tree.write(nav)
    return into


def write_studio(app, definition):
    text = f'<dashboard version="2"><label>Fixture</label><definition><![CDATA[{json.dumps(definition)}]]></definition></dashboard>'
    (app / "default/data/ui/views/fixture.xml").write_text(text)


# ---- Faults: each changes a copy of the app


def replace(name, old, new):
    def fault(app):
        text = (app / name).read_text()
        assert old in text, f"{name} no longer holds {old!r}"
        (app / name).write_text(text.replace(old, new))

    return fault


def append(name, text):
    return lambda app: (app / name).write_text(((app / name).read_text() if (app / name).exists() else "") + text)


def add(name, data=b"", mode=0o644):
    def fault(app):
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_bytes(data)
        (app / name).chmod(mode)

    return fault


def mode(name, bits):
    return lambda app: (app / name).chmod(bits)


def studio(**changes):
    return lambda app: write_studio(app, {**STUDIO, **changes})


def search(spl_text):
    """Another saved search."""
    return append("default/savedsearches.conf", f"\n[fault]\ndescription = x\nsearch = {spl_text}\ndispatch.earliest_time = -1h\ndispatch.latest_time = now\n")


def drilldown(spl_text):
    """A drilldown of the last saved search, which goes the detection's way."""
    return append("default/savedsearches.conf", f"\naction.notable.param.drilldown_searches = {json.dumps([{'name': 'x', 'search': spl_text, 'earliest_offset': '7d', 'latest_offset': '0'}])}\n")


PROGRAM, CONF, MACROS, SEARCHES = "linux_x86_64/bin/unseen", "default/app.conf", "default/macros.conf", "default/savedsearches.conf"
NAV, VIEW, META, MANIFEST = "default/data/ui/nav/default.xml", "default/data/ui/views/fixture.xml", "metadata/default.meta", "app.manifest"

FAULTS = {
    "files_are_where_splunk_allows_them": [
        ("a file under local", add("local/app.conf"), "belongs to the site"),
        ("local metadata", add("metadata/local.meta"), "belongs to the site"),
        ("a hidden file", add("static/.DS_Store"), "hidden"),
        ("a link", lambda app: (app / "default/link.conf").symlink_to("app.conf"), "a link"),
        ("an editor's leftover", add("default/app.conf.orig"), "a leftover"),
    ],
    "the_program_alone_is_executable": [
        ("a program that cannot be run", mode(PROGRAM, 0o644), "mode 644"),
        ("an executable conf file", mode(CONF, 0o755), "executable, and not the program"),
        ("a program in a folder that splunkd ignores", add("linux_aarch64/bin/unseen", STATIC, 0o755), "splunkd does not look there"),
        ("no program", lambda app: (app / PROGRAM).unlink(), "the package holds []"),
        ("a second program", add("linux_x86_64/bin/other", STATIC, 0o755), "the package holds ['other', 'unseen']"),
    ],
    "the_program_links_nothing": [
        ("a dynamic program", lambda app: shutil.copyfile(dynamic_program(), app / PROGRAM), "needs lib"),
        ("a script", add(PROGRAM, b"#!/bin/sh\n", 0o755), "not an ELF program"),
    ],
    "programs_stay_out_of_the_bundle": [
        ("no deny list", lambda app: (app / "default/distsearch.conf").unlink(), "no [replicationDenylist]"),
        ("a folder left out", replace("default/distsearch.conf", "linux_x86_64|", ""), "linux_x86_64/bin/ would be copied"),
        ("conf files kept back", append("default/distsearch.conf", "unseen_conf = apps/unseen/default/...\n"), "searches need it"),
        ("another app's programs kept back", append("default/distsearch.conf", "unseen_all = apps/*/bin/...\n"), "reaches beyond this app"),
        ("a name that another app may use", append("default/distsearch.conf", "bin = apps/unseen/bin/...\n"), "may be another app's"),
    ],
    "icons_have_their_sizes": [
        ("an icon of the wrong size", add("static/appIcon.png", png(72)), "72x72, expected 36x36"),
        ("an icon that is no PNG", add("static/appIcon_2x.png", b"GIF89a"), "not a PNG"),
        ("an icon missing", lambda app: (app / "static/appIconAlt.png").unlink(), "missing"),
    ],
    "one_name_and_one_version": [
        ("another version in the manifest", lambda app: edit_manifest(app, version="9.9.9"), "app.manifest: unseen 9.9.9"),
        ("another id in the manifest", lambda app: edit_manifest(app, name="seen"), "app.manifest: seen"),
        ("a manifest that is not JSON", append(MANIFEST, "}"), "cannot be read"),
        ("another version in [id]", replace(CONF, "[id]\nname = unseen\nversion = ", "[id]\nname = unseen\nversion = 9"), "app.conf [id]"),
        ("another package id", replace(CONF, "id = unseen\ncheck", "id = other\ncheck"), "app.conf [package]"),
        ("a new version with the old build", replace(CONF, "build = 100", "build = 99"), "build 99, expected 100 for version 0.1.0"),
        ("a licence text that is not there", lambda app: edit_manifest(app, license_text="./LICENSES/none.txt"), "is not in the app"),
    ],
    "what_is_unproven_says_so": [
        ("a first version that calls itself stable", replace(MANIFEST, '"Beta"', '"Production/Stable"'), "is called Production/Stable, expected Beta"),
        ("a manifest without a status", replace(MANIFEST, "developmentStatus", "status"), "cannot be read"),
    ],
    "conf_files_are_well_formed": [
        ("a stanza twice", append(CONF, "\n[ui]\n"), "[ui] is there twice"),
        ("a setting twice", append(CONF, "\nname = unseen\n"), "`name` is there twice in [id]"),
        ("a [default] stanza", append(SEARCHES, "\n[default]\n"), "[default] would give"),
        ("a line that is nothing", append(CONF, "\nnonsense\n"), "neither a stanza"),
        ("a setting before any stanza", add("default/props.conf", b"# x\na = b\n"), "stands before any stanza"),
        ("a blank behind a backslash", append(CONF, "\nbuild = 1\\ \n"), "blanks behind the backslash"),
        ("Windows line ends", add("default/props.conf", b"# x\r\n[a]\r\n"), "carriage return"),
        ("a file that does not say what it is for", add("default/props.conf", b"[x]\n"), "does not open with a comment"),
        ("a setting twice in the metadata", append(META, "\nexport = none\n"), "`export` is there twice"),
    ],
    "settings_are_known": [
        ("a misspelt setting", append("default/commands.conf", "\nrun_in_previw = false\n"), "Splunk knows no `run_in_previw`"),
        ("a misspelt field type", append("default/collections.conf", "\nfields.x = string\n"), "Splunk knows no `fields.x`"),
        ("a misspelt alert setting", append(SEARCHES, "\nalert.supress = 1\n"), "Splunk knows no `alert.supress`"),
        ("a file of its own without a spec", add("default/own.conf", b"# x\n[a]\nb = 1\n"), "no list of its settings"),
    ],
    "metadata_says_who_may": [
        ("everyone may write", replace(META, "write : [ admin, sc_admin ]\nexport = none\n\n[commands]", "write : [ * ]\n\n[commands]"), "admin and sc_admin write"),
        ("a command kept private", replace(META, "[commands]\nexport = system", "[commands]\nexport = none"), "[commands]: not exported"),
        ("exported macros", append(META, "\n[macros]\nexport = system\n"), "[macros]: exported"),
        ("exported searches", replace(META, "owner = nobody\nexport = none", "owner = nobody\nexport = system"), "[savedsearches]: exported"),
        ("everything exported", replace(META, "export = none\n\n[commands]", "export = system\n\n[commands]"), "[]: exported"),
        ("rights on an object that is not there", append(META, "\n[collections/other]\nexport = none\n"), "collections.conf has no such stanza"),
        ("a kind that is none", append(META, "\n[lookup]\nexport = none\n"), "no such kind"),
        ("a setting that is none", append(META, "\nacess = read : [ * ]\n"), "no setting `acess`"),
    ],
    "collections_have_their_writers": [
        ("a baseline that analysts write", append(META, f"\n[collections/{LOOKUP}]\naccess = read : [ * ], write : [ admin, sc_admin, power ]\n"), f"collections/{LOOKUP}: written by admin, power"),
        ("a lookup that everyone redirects", append(META, f"\n[transforms/{LOOKUP}]\naccess = read : [ * ], write : [ * ]\n"), f"transforms/{LOOKUP}: written by *"),
        ("writers that hang on the rest of the app", replace(META, "[collections]\naccess", "[collections]\n#access"), "[collections]: a site"),
    ],
    "the_lookup_fits_its_collection": [
        ("a lookup without its collection", replace("default/transforms.conf", "collection = prev", "collection = prov"), "no collection"),
        ("a field that the collection lacks", replace("default/transforms.conf", "_key, user,", "_key, user, role,"), "has no field role"),
        ("an index that is not JSON", replace("default/collections.conf", '{"lastTimeSeen": 1}', "{lastTimeSeen: 1}"), "not JSON"),
        ("an index on no field", replace("default/collections.conf", '{"lastTimeSeen": 1}', '{"last": 1}'), "no field last"),
        ("a collection without a lookup", append("default/collections.conf", "\n[other]\n"), "other: no lookup reads all its fields"),
        ("a field that no lookup offers", append("default/collections.conf", "\nfield.more = string\n"), "no lookup reads all its fields"),
    ],
    "commands_are_explained": [
        ("a command without a description", lambda app: drop(app, "default/searchbnf.conf", "shortdesc"), "searchbnf.conf has no shortdesc"),
        ("a command without a stanza", append("default/commands.conf", "\n[third]\nchunked = true\nfilename = unseen\n"), "third: searchbnf.conf has no syntax"),
        ("a stanza without a command", append("default/searchbnf.conf", "\n[third-command]\nsyntax = third\n"), "explains third"),
        ("a part that no syntax names", append("default/searchbnf.conf", "\n[seen-options]\nsyntax = x\n"), "[seen-options]"),
    ],
    "searches_are_bounded": [
        ("no end", lambda app: drop(app, SEARCHES, "dispatch.latest_time"), "no dispatch.latest_time"),
        ("no beginning", lambda app: drop(app, SEARCHES, "dispatch.earliest_time"), "no dispatch.earliest_time"),
        ("scheduled for no time", lambda app: drop(app, SEARCHES, "cron_schedule"), "no cron_schedule"),
    ],
    "searches_can_be_read": [
        ("a quote left open", search('| makeresults | eval a="b'), 'a `"` is never closed'),
        ("a bracket left open", search("| makeresults | append [ makeresults"), "a `[` is never closed"),
        ("a parenthesis left open", search("| makeresults | eval a=min(1, 2"), "a `(` is never closed"),
        ("a bracket too many", search("| makeresults | eval a=1)"), "a `)` without its `(`"),
        ("a backtick left open", search("| `unseen_calls"), "a backtick is never closed"),
        ("an empty step", search("| makeresults | | head 1"), "a pipe with nothing behind it"),
        ("an empty step in a subsearch", search("| makeresults | append [ makeresults | ]"), "a pipe with nothing behind it"),
        ("a pipe at the end", search("| makeresults |"), "a pipe with nothing behind it"),
        ("a macro that is not there", search("| `no_such_macro`"), "is not defined"),
        ("a macro with one argument too many", search('| makeresults | `security_content_ctime("a", "b")`'), "is not defined with that number"),
        ("a macro that calls itself", replace(MACROS, "definition = `unseen_calls_from_cloudtrail`", "definition = `unseen_calls`"), "calls itself"),
        (
            "a fault in a switch's other body",
            replace(MACROS, "definition = tstats `unseen_tstats_options`", "definition = tstats (`unseen_tstats_options`"),
            "macro unseen_calls_from_change",
        ),
        ("a fault in a drilldown", drilldown("| makeresults ("), "drilldown: a `(` is never closed"),
        ("a fault in a dashboard", studio(dataSources={"calls": {"options": {"query": "| makeresults ("}}}), "fixture: calls"),
    ],
    "commands_exist": [
        ("a command that is none", search("| makeresults | evl a=1"), "no command `evl`"),
        ("one in a subsearch", search("| makeresults | append [ | makerslts ]"), "no command `makerslts`"),
        ("one in a macro", replace(MACROS, "convert timeformat", "covert timeformat"), "no command `covert`"),
    ],
    "lookups_exist": [
        ("an inputlookup of nothing", search("| inputlookup append=true no_such_lookup"), "no lookup `no_such_lookup`"),
        ("a file that nobody uploads", search("| inputlookup other.csv"), "no lookup `other.csv`"),
        ("a lookup renamed", replace("default/transforms.conf", f"[{LOOKUP}]", "[renamed]"), f"no lookup `{LOOKUP}`"),
    ],
    "macros_are_defined_and_used": [
        ("a macro that nothing uses", append(MACROS, "\n[idle]\ndefinition = x\ndescription = x\n"), "idle: no search uses it"),
        ("a macro with fewer arguments than its name says", replace(MACROS, "args = object", "args ="), "args names 0"),
        ("an argument that is not used", replace(MACROS, "ctime($field$)", "ctime(field)"), "the argument field is not used"),
        ("a macro without a description", append(MACROS, "\n[idle]\ndefinition = x\n"), "idle: no description"),
        ("a macro with an open quote", append(MACROS, '\n[idle]\ndescription = x\ndefinition = "x\n'), "never closed"),
    ],
    "tokens_are_fields": [
        ("a drilldown to a field that does not come out", drilldown("| search dest=$dest$"), "no field `dest`"),
        ("an alert that is suppressed by no field", append(SEARCHES, "\nalert.suppress.fields = user,dest\n"), "no field `dest`"),
        ("a risk object that is no field", append(SEARCHES, '\naction.risk.param._risk = [{"risk_object_field": "dest", "risk_object_type": "user"}]\n'), "no field `dest`"),
    ],
    "drilldowns_stand_alone": [
        ("an alert that opens a macro", drilldown("| `security_content_ctime(a)`"), "macro `security_content_ctime(1)`"),
        ("an alert that opens a command", drilldown("search a=$user$ | unseen user"), "command `unseen`"),
        ("a click that opens a lookup", replace(VIEW, "q=$row", f"q=%7C%20inputlookup%20{LOOKUP}&x=$row"), f"lookup `{LOOKUP}`"),
    ],
    "no_name_becomes_part_of_a_search": [
        ("a role in a click", studio(visualizations={"table": {**STUDIO["visualizations"]["table"], "eventHandlers": [{"type": "drilldown.customUrl", "options": {"url": "search?q=x=$row.role.value|s|u$"}}]}}), "`role` goes into the search"),
        ("a workflow action with a role", add("default/workflow_actions.conf", b"# x\n[fault]\nlink.uri = /app/unseen/unseen?form.user=$user$\n"), "`user` goes into the search"),
        ("a workflow action that runs a search", add("default/workflow_actions.conf", b"# x\n[fault]\nlink.uri = /app/unseen/search?q=$key$\n"), "runs a search with what an event holds"),
    ],
    "enterprise_security_finds_its_keys": [
        ("a key left out", replace(SEARCHES, "action.correlationsearch.detection_type = ebd\n", ""), "detection_type: contentctl writes it"),
        ("another score", replace(SEARCHES, '"risk_score": 20', '"risk_score": 80'), '"risk_score": 80'),
        ("another technique", replace(SEARCHES, '"mitre_attack": ["T1078"]', '"mitre_attack": ["T1"]'), "annotations: mitre_attack"),
        ("an id that is ESCU's", replace(SEARCHES, "f0ba5b38-95bd-4032-8c1a-0612a3487e36", "2181ad1f-1e73-4d0c-9780-e8880482a08f"), "detection_id is ESCU's"),
        ("metadata without its date", replace(SEARCHES, ', "publish_time": 1795651200.0', ""), "expected the fields of"),
        ("a key of ESCU's own", replace(SEARCHES, "action.risk = 1", "action.escu = 0\naction.risk = 1"), "to be left out"),
        ("a key that nobody asked for", replace(SEARCHES, "action.risk = 1", "action.risk.param.more = 1\naction.risk = 1"), "say in ADDED why"),
        ("no detection", replace(SEARCHES, "[Cloud API", "[Another API"), "the app has it not"),
        ("a score that Reconcile does not share", append(SEARCHES, "\n[Unseen - Reconcile]\naction.risk = 0\n"), "[Unseen - Reconcile] action.risk"),
    ],
    "enterprise_security_can_drill_down": [
        ("an end of a text that looks like a token", drilldown('index=a | where match(x, "y$")'), "a `$` that is no token"),
        ("events of no index", drilldown("sourcetype=aws:cloudtrail user=$user$"), "no index"),
        ("a range that is a field", replace(SEARCHES, '"earliest_offset": "7d"', '"earliest_offset": "-7d"'), "earliest_offset -7d: of no form"),
    ],
    "events_are_named_as_the_baseline_names_them": [
        ("a macro that changed", replace(MACROS, "replace(eventSource,", "lower(eventSource,"), "not as unseen_cloudtrail_fields"),
        ("a drilldown that changed", replace(SEARCHES, "command=replace(eventSource", "command=lower(eventSource"), "not as unseen_cloudtrail_fields"),
    ],
    "views_and_navigation_agree": [
        ("a navigation to no view", replace(NAV, 'name="fixture"', 'name="fixtures"'), "no view fixtures"),
        ("a view that nothing leads to", add("default/data/ui/views/lost.xml", b'<dashboard version="2"><label>x</label></dashboard>'), "lost: no navigation"),
        ("a navigation to no saved search", replace(NAV, "</nav>", '<saved name="x"/></nav>'), "no saved search x"),
        ("no default view", replace(NAV, "default=", "other="), "one view is the default"),
        ("a navigation that is no XML", append(NAV, "<"), "nav/default.xml"),
        ("a view that is no XML", append(VIEW, "<"), "fixture: "),
        ("a view of an old version", replace(VIEW, 'version="2"', 'version="1.0"'), "version 2"),
        ("a view without a label", replace(VIEW, "<label>Fixture</label>", ""), "no label"),
    ],
    "dashboards_hold_together": [
        ("a definition that is not JSON", replace(VIEW, '{"title"', '{title"'), "not JSON"),
        ("a key that is none", studio(titel="x"), "no key `titel`"),
        ("a place for nothing", studio(layout={**STUDIO["layout"], "structure": [{"item": "tabel"}]}), "places `tabel`"),
        ("a visualisation without a place", studio(layout={**STUDIO["layout"], "structure": []}), "`table` is nowhere"),
        ("data from nowhere", studio(visualizations={"table": {"dataSources": {"primary": "nowhere"}}}), "which does not exist"),
        ("a search that nothing shows", studio(visualizations={"table": {}}), "nothing shows `named`"),
        ("a chain to nothing", studio(dataSources={"named": {"options": {"extend": "call", "query": "| head 1"}}}), "extends `call`"),
        ("a saved search that is not there", studio(dataSources={"named": {"options": {"ref": "x"}}}), "names the saved search `x`"),
        ("a token that nothing sets", studio(inputs={"who": {"options": {"token": "whom"}}}), "sets `$who$`"),
        ("a click on a field that does not come out", replace(VIEW, "row.key.value", "row.mark.value"), "asks for `mark`"),
    ],
}


def dynamic_program():
    """A dynamic program of this machine: the Python that runs this, or env."""
    for path in (Path(sys.executable).resolve(), Path("/usr/bin/env")):
        if elf.read(path).needed:
            return path
    raise unittest.SkipTest("no dynamic program at hand")


def drop(app, name, key):
    """Takes the last setting of that name out of a file."""
    lines = (app / name).read_text().splitlines(keepends=True)
    del lines[max(at for at, line in enumerate(lines) if line.startswith(key + " "))]
    (app / name).write_text("".join(lines))


def edit_manifest(app, license_text=None, **identity):
    manifest = json.loads((app / MANIFEST).read_text())
    manifest["info"]["id"].update(identity)
    if license_text:
        manifest["info"]["license"]["text"] = license_text
    (app / MANIFEST).write_text(json.dumps(manifest))


class Faults(unittest.TestCase):
    """One test for each fault in FAULTS, made below."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_the_app_as_it_is_has_none(self):
        app = checks.App(built(self.folder / "unseen"), packaged=True)
        self.assertEqual([], [complaint for check in checks.CHECKS for complaint in check(app)])

    def test_the_source_tree_has_none_and_holds_no_program(self):
        self.assertEqual([], [complaint for check in checks.CHECKS for complaint in check(checks.App(ROOT / "splunk_app"))])
        complaints = checks.the_program_alone_is_executable(checks.App(built(self.folder / "unseen")))
        self.assertIn("built files do not belong in the source tree", complaints[0])

    def test_every_check_has_a_fault_to_find(self):
        self.assertEqual({check.__name__ for check in checks.CHECKS}, set(FAULTS))


def finds(check, fault, expected):
    def test(self):
        app = built(self.folder / "unseen")
        fault(app)
        complaints = getattr(checks, check)(checks.App(app, packaged=True))
        self.assertTrue(any(expected in complaint for complaint in complaints), f"expected {expected!r} among {complaints}")

    return test


for _check, _faults in FAULTS.items():
    for _name, _fault, _expected in _faults:
        setattr(Faults, f"test_{_check}_finds_{_name.replace(' ', '_')}", finds(_check, _fault, _expected))


class Spl(unittest.TestCase):
    def test_pipes_within_quotes_and_brackets_do_not_part_a_search(self):
        found = spl.steps('search "a|b" | append [ | makeresults | head 1 ] | where match(x, "[(]")')
        self.assertEqual(["search", "append", "where"], [step.command for step in found])
        self.assertEqual(["makeresults", "head"], [step.command for step in found[1].subsearches[0]])

    def test_a_search_that_begins_without_a_pipe_begins_with_search(self):
        self.assertEqual(["search", "stats"], [step.command for step in spl.steps("index=a | stats count")])

    def test_backticks_within_quotes_call_no_macro(self):
        self.assertEqual([], spl.macro_calls('eval a="`b`"'))

    def test_a_macro_takes_its_arguments_without_their_quotes(self):
        macros = {"m(1)": Stanza("m(1)", 1, {"args": "object", "definition": 'rename "$object$.*" as *'})}
        self.assertEqual('rename "All_Changes.*" as *', spl.expand('`m("All_Changes")`', macros))

    def test_fields_are_followed_through_a_search(self):
        cases = {
            "search a=1": None,
            "search a=1 | stats count max(x) as y by user command": {"count", "y", "user", "command"},
            "| tstats count from datamodel=C where C.a=1 by C.user, C.command | rename C.* as *": {"count", "user", "command"},
            "| tstats min(_time) as t from datamodel=C": {"t"},
            "| stats count by user | eval a=if(b=1, 2, 3), c=\"d=e\"": {"count", "user", "a", "c"},
            "| stats count by user | table user": {"user"},
            "| stats count by user | fields - count": {"user"},
            "| stats count by user | lookup l user OUTPUT x, y AS z": {"count", "user", "x", "z"},
            "| inputlookup l": {"f"},
            "| stats count by user | inputlookup append=true l": {"count", "user", "f"},
        }
        for search_, fields in cases.items():
            with self.subTest(search_):
                self.assertEqual(fields, spl.fields_after(spl.steps(search_), {"l": ["f"]}, ()))

    def test_a_command_that_cannot_be_followed_says_so(self):
        with self.assertRaises(spl.SplError):
            spl.fields_after(spl.steps("| metadata"), {}, ())


class Others(unittest.TestCase):
    def test_a_later_version_has_a_greater_build(self):
        versions = ["0.1.0", "0.1.1", "0.2.0", "0.12.0", "1.0.0", "1.2.3-beta.1", "10.0.0"]
        builds = [int(checks.build_of(version)) for version in versions]
        self.assertEqual(sorted(set(builds)), builds)

    def test_a_setting_goes_on_behind_a_backslash(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.conf")
            path.write_text("[a]\nb = 1 \\\n| 2\nc = 3\n")
            self.assertEqual({"b": "1 \n| 2", "c": "3"}, read(path).stanzas["a"].settings)

    def test_splunks_patterns_are_read_as_splunk_reads_them(self):
        pattern = checks.splunk_pattern("apps/*/bin/...")
        self.assertTrue(pattern.match("apps/a/bin/b/c"))
        self.assertFalse(pattern.match("apps/a/b/bin/c"))

    def test_licences_are_chosen_from_what_is_offered(self):
        cases = {
            "MIT OR Apache-2.0": ["MIT"], "MIT/Apache-2.0": ["MIT"], "Apache-2.0 WITH LLVM-exception OR GPL-3.0": ["Apache-2.0"],
            "(MIT OR Apache-2.0) AND Unicode-3.0": ["MIT", "Unicode-3.0"],
            "Apache-2.0 OR BSD-3-Clause AND ISC": ["Apache-2.0"], "GPL-3.0 AND MIT": None, "GPL-3.0": None, None: None,
        }
        for said, taken in cases.items():
            with self.subTest(said):
                self.assertEqual(taken, licenses.chosen({"license": said}))


if __name__ == "__main__":
    unittest.main()
