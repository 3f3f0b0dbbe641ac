"""What must hold of the app, beyond what Splunk's own tools look at.

Each check is a function from the app to its complaints, an empty list if all is well; its first line says what holds.
An app is a folder: `splunk_app/`, or the one inside the package, which alone holds the binary.
"""

import json
import re
import struct
import tomllib
import xml.etree.ElementTree as xml
from pathlib import Path
from urllib.parse import unquote

import confs
import elf
import enterprise_security
import spl

HERE = Path(__file__).resolve().parent
CHECKS = []

# Where splunkd looks for the program of a command, in its own order: the folder of its platform, then bin/.
PLATFORMS = ("linux_x86_64", "linux_x86", "windows_x86_64", "windows_x86", "darwin_x86_64")
ICONS = {"appIcon.png": 36, "appIconAlt.png": 36, "appIcon_2x.png": 72, "appIconAlt_2x.png": 72}
# Stanzas whose setting names are free.
FREE_NAMES = re.compile(r"distsearch\.conf/replication\w+list")
# Stanzas that all apps share, so a [name] in metadata need not be an object of this app.
META_TYPES = {
    "collections": "collections", "commands": "commands", "lookups": None, "macros": "macros", "nav": None,
    "savedsearches": "savedsearches", "searchbnf": "searchbnf", "transforms": "transforms", "views": None, "workflow_actions": "workflow_actions",
}
# What no other app has: all else shares names with ESCU, or leans on what does.
EXPORTED = {"commands", "searchbnf", "workflow_actions"}
ADMINISTRATORS = {"admin", "sc_admin"}
# Who writes a collection beside administrators and the schedules.
WRITERS = {"unseen_decisions": {"power"}}
# Lookup files that are not shipped: *Unseen - Load* reads what an administrator uploads.
UPLOADED = {"unseen_baseline.csv"}
# The fields that a click may paste into a search: written by our searches, never chosen by others.
PASTED = {"key", "_key", "mark", "_earliest", "_latest"}
# Pages that every Splunk has, which a navigation may name.
BUILT_IN_VIEWS = {"search", "analytics_workspace", "datasets", "reports", "alerts", "dashboards", "home"}
# What Splunk itself puts in for `$...$` in a saved search's messages.
PLATFORM_TOKENS = re.compile(
    r"(?:app|cron_schedule|description|name|next_scheduled_time|owner|results_link|search|search_id|trigger_date|trigger_time|type|view_link"
    r"|info_(?:min|max)_time|(?:job|results|alert|server|action)\..+)"
)


class App:
    """The app's files, and its conf files read once."""

    def __init__(self, root, packaged=False):
        self.root, self.packaged = Path(root), packaged
        self.confs = {path.name: confs.read(path) for path in sorted(self.root.glob("default/*.conf"))}
        self.meta = confs.read(self.root / "metadata" / "default.meta")
        self.keys = json.loads((HERE / "conf-keys-10.4.2.json").read_text(encoding="utf-8"))["confs"]

    def conf(self, name):
        return self.confs.get(name + ".conf") or confs.read(self.root / "default" / (name + ".conf"))

    def stanzas(self, name):
        return self.conf(name).stanzas

    def files(self):
        return sorted(path for path in self.root.rglob("*") if not path.is_dir() or path.is_symlink())

    def name_of(self, path):
        return path.relative_to(self.root).as_posix()

    def views(self):
        return {path.stem: path for path in sorted(self.root.glob("default/data/ui/views/*.xml"))}

    def lookup_fields(self):
        return {
            name: [field for field in spl.words(stanza.get("fields_list")) if field != "_key"]
            for name, stanza in self.stanzas("transforms").items()
        }

    def searches(self):
        """(where it stands, its SPL) of all searches that the app ships."""
        for name, stanza in self.stanzas("savedsearches").items():
            yield f"[{name}]", stanza.get("search")
        for name, path in self.views().items():
            for label, query, _ in dashboard_searches(path):
                yield f"{name}: {label}", query
        yield from self.drilldowns()

    def drilldowns(self):
        """(where it stands, its SPL) of the searches that a click or an alert opens."""
        for name, stanza in self.stanzas("savedsearches").items():
            for search in re.findall(r'"search"\s*:\s*("(?:\\.|[^"\\])*")', stanza.get("action.notable.param.drilldown_searches")):
                yield f"[{name}] drilldown", json.loads(search).replace("%original_detection_search%", stanza.get("search"))
        yield from ((where, query) for where, query, _ in self.clicks())

    def clicks(self):
        """(where it stands, its SPL, the page that runs it) of the searches that a click on a dashboard opens."""
        for name, path in self.views().items():
            for url in re.findall(r'"url"\s*:\s*("(?:\\.|[^"\\])*")', path.read_text(encoding="utf-8")):
                for query in re.findall(r"[?&]q=([^&]*)", json.loads(url)):
                    yield f"{name}: drilldown", unquote(query), json.loads(url).split("?")[0]


def check(function):
    CHECKS.append(function)
    return function


def alternatives(macros):
    """The bodies that a switch can be set to: a macro described as `Switch:` has them under its name and `_from_`."""
    switches = [name for name, stanza in macros.items() if stanza.get("description").startswith("Switch:")]
    return {name for name in macros for switch in switches if name.startswith(switch + "_from_")}


def definition_of(path):
    """The Dashboard Studio definition in a view, else None."""
    found = xml.parse(path).getroot().find("definition")
    return json.loads(found.text) if found is not None else None


def dashboard_searches(path):
    """(label, SPL, base label or None) of each search in a view, in Studio's JSON or in Simple XML. None if it cannot be read."""
    try:
        definition = definition_of(path)
    except (xml.ParseError, ValueError):
        return []
    if definition is None:
        return [("<query>", query.text or "", None) for query in xml.parse(path).getroot().iter("query")]
    return [
        (label, source["options"]["query"], source["options"].get("extend"))
        for label, source in definition.get("dataSources", {}).items()
        if "query" in source.get("options", {})
    ]


# ---- Files


@check
def files_are_where_splunk_allows_them(app):
    """nothing under local/, nothing hidden, no links, no leftovers"""
    complaints = []
    for path in app.root.rglob("*"):
        name = app.name_of(path)
        if name.split("/")[0] == "local" or name == "metadata/local.meta":
            complaints.append(f"{name}: belongs to the site, not to the app")
        if any(part.startswith(".") for part in name.split("/")):
            complaints.append(f"{name}: hidden")
        if path.is_symlink():
            complaints.append(f"{name}: a link")
        if name.endswith((".pyc", "~", ".orig", ".rej", ".bak", ".swp")):
            complaints.append(f"{name}: a leftover")
    return complaints


@check
def the_program_alone_is_executable(app):
    """the binary has mode 0755 and stands where splunkd looks first, and nothing else is executable"""
    complaints, programs = [], {stanza.get("filename") for stanza in app.stanzas("commands").values()}
    found = [path for path in app.files() if path.parent.name == "bin"]
    for path in app.files():
        mode = path.stat().st_mode & 0o777
        if path in found and mode != 0o755:
            complaints.append(f"{app.name_of(path)}: mode {mode:o}, expected 755")
        if path not in found and mode & 0o111:
            complaints.append(f"{app.name_of(path)}: executable, and not the program")
    if not app.packaged:
        return complaints + [f"{app.name_of(path)}: built files do not belong in the source tree" for path in found]
    for path in found:
        if app.name_of(path.parent) not in {"bin"} | {f"{platform}/bin" for platform in PLATFORMS}:
            complaints.append(f"{app.name_of(path)}: splunkd does not look there")
    if {path.name for path in found} != programs:
        complaints.append(f"commands.conf names {sorted(programs)}, the package holds {sorted(path.name for path in found)}")
    return complaints


@check
def the_program_links_nothing(app):
    """the binary is static: no loader, no shared libraries"""
    complaints = []
    for path in (path for path in app.files() if app.packaged and path.parent.name == "bin"):
        try:
            image = elf.read(path)
        except elf.NotElf:
            complaints.append(f"{app.name_of(path)}: not an ELF program")
            continue
        needs = image.needed + ([image.interpreter] if image.interpreter else [])
        complaints += [f"{app.name_of(path)}: needs {library}" for library in needs]
    return complaints


@check
def programs_stay_out_of_the_bundle(app):
    """distsearch.conf keeps every program out of the knowledge bundle, and nothing a search needs"""
    stanza = app.stanzas("distsearch").get("replicationDenylist")
    if stanza is None:
        return ["distsearch.conf has no [replicationDenylist]"]
    own_id = app.conf("app").get("package", "id")
    patterns = {name: splunk_pattern(value) for name, value in stanza.settings.items()}

    def denied(name):
        return any(pattern.match(f"apps/{own_id}/{name}") for pattern in patterns.values())

    complaints = [f"{name}: a list of this name may be another app's; begin it with `{own_id}`" for name in patterns if not name.startswith(own_id)]
    for folder in ("bin", *(f"{platform}/bin" for platform in PLATFORMS)):
        if not denied(f"{folder}/program"):
            complaints.append(f"{folder}/ would be copied to every indexer")
    needed = [name for name in map(app.name_of, app.files()) if re.match("default/.*[.]conf|metadata/|lookups/", name)]
    complaints += [f"{name}: searches need it, and it is kept back" for name in needed if denied(name)]
    complaints += [f"{name} reaches beyond this app" for name, pattern in patterns.items() if pattern.match("apps/another/bin/program")]
    return complaints


def splunk_pattern(pattern):
    """Splunk's file patterns: `...` is anything, `*` anything but a `/`, `.` a dot; the rest is a regular expression."""
    parts = re.split(r"(\.\.\.|\*|\.)", pattern)
    return re.compile("".join({"...": ".*", "*": "[^/]*", ".": r"\."}.get(part, part) for part in parts))


@check
def icons_have_their_sizes(app):
    """icons are PNGs of 36 and 72 pixels, and if there is one, all four are there"""
    static = app.root / "static"
    if not static.exists():
        return []
    complaints = []
    for name, side in ICONS.items():
        path = static / name
        if not path.exists():
            complaints.append(f"static/{name}: missing")
            continue
        head = path.read_bytes()[:24]
        if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
            complaints.append(f"static/{name}: not a PNG")
        elif struct.unpack(">II", head[16:24]) != (side, side):
            complaints.append(f"static/{name}: {'x'.join(map(str, struct.unpack('>II', head[16:24])))}, expected {side}x{side}")
    return complaints


# ---- Identity


@check
def one_name_and_one_version(app):
    """app.conf, app.manifest and Cargo.toml name one id and one version, and the build follows from it"""
    complaints = []
    cargo = tomllib.loads((HERE.parent.parent / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    try:
        manifest = json.loads((app.root / "app.manifest").read_text(encoding="utf-8"))["info"]
        manifest_id, license_ = manifest["id"], manifest.get("license") or {}
    except (ValueError, KeyError, OSError) as error:
        return [f"app.manifest cannot be read: {error!r}"]
    conf = app.conf("app")
    told = {
        "Cargo.toml": (cargo["name"], cargo["version"]),
        "app.manifest": (manifest_id.get("name"), manifest_id.get("version")),
        "app.conf [id]": (conf.get("id", "name"), conf.get("id", "version")),
        "app.conf [package] and [launcher]": (conf.get("package", "id"), conf.get("launcher", "version")),
    }
    expected = told["Cargo.toml"]
    complaints += [f"{where}: {' '.join(map(str, said))}, expected {' '.join(expected)}" for where, said in told.items() if said != expected]
    if conf.get("install", "build") != build_of(cargo["version"]):
        complaints.append(f"app.conf [install]: build {conf.get('install', 'build')}, expected {build_of(cargo['version'])} for version {cargo['version']}")
    if license_.get("text") and not (app.root / license_["text"]).is_file():
        complaints.append(f"app.manifest: the licence text {license_['text']} is not in the app")
    return complaints


def build_of(version):
    """0.1.0 is 100, 1.2.3 is 10203: a new version cannot keep the old build."""
    major, minor, patch = (int(part) for part in version.split("-")[0].split("."))
    return str(major * 10000 + minor * 100 + patch)


@check
def what_is_unproven_says_so(app):
    """app.manifest calls a version below 1.0.0 Beta, and only that"""
    try:
        info = json.loads((app.root / "app.manifest").read_text(encoding="utf-8"))["info"]
        version, status = info["id"]["version"], info["classification"]["developmentStatus"]
    except (ValueError, KeyError, OSError) as error:
        return [f"app.manifest cannot be read: {error!r}"]
    expected = "Beta" if version.startswith("0.") else "Production/Stable"
    return [] if status == expected else [f"app.manifest: version {version} is called {status}, expected {expected}"]


# ---- Conf files


@check
def conf_files_are_well_formed(app):
    """no stanza or setting twice, none out of place, no cut continuation; each file says what it is for"""
    complaints = []
    for conf in (*app.confs.values(), app.meta):
        complaints += conf.faults
        if not conf.path.read_text(encoding="utf-8").startswith("#"):
            complaints.append(f"{conf.path.name}: does not open with a comment")
    return complaints


@check
def settings_are_known(app):
    """every setting is one that Splunk knows in that file"""
    complaints = []
    for name, conf in app.confs.items():
        if (app.root / "README" / (name + ".spec")).exists():
            continue
        if name not in app.keys:
            complaints.append(f"{name}: no list of its settings in conf-keys-10.4.2.json, and no README/{name}.spec")
            continue
        known = re.compile("|".join(map(key_pattern, app.keys[name]["keys"] + ["disabled"])))
        for stanza in conf.stanzas.values():
            if FREE_NAMES.fullmatch(f"{name}/{stanza.name}"):
                continue
            complaints += [f"{name} [{stanza.name}]: Splunk knows no `{key}`" for key in stanza.settings if not known.fullmatch(key)]
    return complaints


def key_pattern(key):
    """`field.<name>` as a regular expression; the second <...> of a key may hold dots."""
    parts = re.split(r"<[^>]*>", key)
    if len(parts) == 3 and not parts[2]:
        return re.escape(parts[0]) + r"[^.\s]+" + re.escape(parts[1]) + r"\S+"
    return r"[^.\s]+".join(map(re.escape, parts))


@check
def metadata_says_who_may(app):
    """metadata: readers and writers are named, and nothing is exported but what no other app has"""
    complaints, stanzas = [], app.meta.stanzas
    if "read : [ * ], write : [ admin, sc_admin ]" not in (stanzas[""].get("access") if "" in stanzas else ""):
        complaints.append("[]: everyone reads, admin and sc_admin write")
    for name, stanza in stanzas.items():
        complaints += [f"[{name}]: no setting `{key}`" for key in stanza.settings if key not in ("access", "export", "owner", "version", "modtime")]
        kind, _, object_ = name.partition("/")
        if kind and kind not in META_TYPES:
            complaints.append(f"[{name}]: no such kind of object here")
        elif object_ and META_TYPES[kind] and unquote(object_) not in app.stanzas(META_TYPES[kind]):
            complaints.append(f"[{name}]: {META_TYPES[kind]}.conf has no such stanza")
        if stanza.get("export") == "system" and kind not in EXPORTED:
            complaints.append(f"[{name}]: exported, but other apps define the same names")
    return complaints + [
        f"[{kind}]: not exported" for kind in sorted(EXPORTED) if app.stanzas(META_TYPES[kind]) and app.meta.get(kind, "export") != "system"
    ]


@check
def collections_have_their_writers(app):
    """metadata: administrators write every collection and every lookup's definition, analysts their decisions, and nobody anything else"""
    complaints = []
    for kind in ("collections", "transforms"):
        for name in app.stanzas(kind):
            expected = ADMINISTRATORS | (WRITERS.get(name, set()) if kind == "collections" else set())
            found = writers(app.meta, kind, name)
            if found != expected:
                complaints.append(f"{kind}/{name}: written by {', '.join(sorted(found))}, expected {', '.join(sorted(expected))}")
        if app.meta.get(kind, "access") == "":
            complaints.append(f"[{kind}]: a site that opens the app to more writers would open these too; name the writers here")
    return complaints


def writers(meta, kind, name):
    """The roles that may write an object: by its own stanza, else its kind's, else the app's."""
    access = next((found for stanza in (f"{kind}/{name}", kind, "") if (found := meta.get(stanza, "access"))), "")
    named = re.search(r"write\s*:\s*\[([^]]*)\]", access)
    return set(spl.words(named[1])) if named else set()


@check
def the_lookup_fits_its_collection(app):
    """every lookup has a collection with all its fields, and every collection a lookup with all of its"""
    complaints, collections = [], app.stanzas("collections")
    lookups = {name: stanza for name, stanza in app.stanzas("transforms").items() if stanza.get("external_type") == "kvstore"}
    for name, stanza in lookups.items():
        if stanza.get("collection") not in collections:
            complaints.append(f"[{name}]: no collection {stanza.get('collection')}")
    for name, collection in collections.items():
        typed = {key.removeprefix("field.") for key in collection.settings if key.startswith("field.")}
        offered = {lookup: set(spl.words(stanza.get("fields_list"))) for lookup, stanza in lookups.items() if stanza.get("collection") == name}
        for lookup, fields in offered.items():
            complaints += [f"[{lookup}]: the collection {name} has no field {field}" for field in sorted(fields - typed - {"_key"})]
        if typed | {"_key"} not in offered.values():
            complaints.append(f"collection {name}: no lookup reads all its fields")
        complaints += [f"[{name}] {complaint}" for complaint in about_indexes(collection, typed)]
    return complaints


def about_indexes(collection, typed):
    """What is wrong with the indexes of a collection."""
    for key, value in collection.settings.items():
        if key.startswith("accelerated_fields."):
            try:
                yield from (f"{key}: no field {field}" for field in json.loads(value) if field not in typed)
            except ValueError:
                yield f"{key}: not JSON, so Splunk ignores it"


@check
def commands_are_explained(app):
    """every command has its syntax, description and usage in searchbnf.conf, which explains no other"""
    complaints, commands = [], app.stanzas("commands")
    explained = {name.removesuffix("-command"): stanza for name, stanza in app.stanzas("searchbnf").items() if name.endswith("-command")}
    for name in commands:
        missing = [key for key in ("syntax", "shortdesc", "description", "usage") if not explained.get(name, confs.Stanza(name, 0)).get(key)]
        complaints += [f"{name}: searchbnf.conf has no {key}" for key in missing]
    complaints += [f"searchbnf.conf explains {name}, which is no command" for name in explained if name not in commands]
    syntaxes = " ".join(stanza.get("syntax") for stanza in explained.values())
    return complaints + [
        f"searchbnf.conf [{name}]: neither a command nor a part of one's syntax"
        for name in app.stanzas("searchbnf")
        if not name.endswith("-command") and f"<{name}>" not in syntaxes
    ]


# ---- Searches


@check
def searches_are_bounded(app):
    """every saved search has a search and both time bounds, and a schedule if it is scheduled"""
    complaints = []
    for name, stanza in app.stanzas("savedsearches").items():
        needed = ["search", "description", "dispatch.earliest_time", "dispatch.latest_time"]
        needed += ["cron_schedule"] if stanza.get("enableSched") in ("1", "true") else []
        complaints += [f"[{name}]: no {key}" for key in needed if not stanza.get(key)]
    return complaints


@check
def searches_can_be_read(app):
    """SPL: quotes, brackets and backticks are closed, and no pipe leads nowhere"""
    return [complaint for where, _, complaint in read_searches(app) if complaint]


@check
def commands_exist(app):
    """SPL: every command is Splunk's or the app's own"""
    known = {line for line in (HERE / "commands-10.4.2.txt").read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")}
    known |= set(app.stanzas("commands"))
    return [
        f"{where}: no command `{step.command}`"
        for where, pipeline, _ in read_searches(app)
        for step in spl.every_step(pipeline or [])
        if step.command not in known
    ]


@check
def lookups_exist(app):
    """SPL: every lookup that is named is in transforms.conf, or is a file that an administrator uploads"""
    complaints = []
    for where, pipeline, _ in read_searches(app):
        for step in spl.every_step(pipeline or []):
            lookup = spl.lookup_named(step)
            if lookup in UPLOADED:
                continue
            if lookup is not None and lookup not in app.stanzas("transforms") and not (app.root / "lookups" / (lookup or "?")).exists():
                complaints.append(f"{where}: no lookup `{lookup}`")
    return complaints


def read_searches(app):
    """(where, pipeline or None, complaint or None) of all searches, and of each switch's other bodies."""
    macros = app.stanzas("macros")
    searches = [*app.searches(), *((f"macro {name}", f"| `{name}`") for name in sorted(alternatives(macros)))]
    searches += [
        (f"searchbnf.conf {key}", value)
        for stanza in app.stanzas("searchbnf").values()
        for key, value in stanza.settings.items()
        if re.fullmatch(r"example\d+", key)
    ]
    for where, search in searches:
        try:
            yield where, spl.steps(spl.expand(without_tokens(search), macros)), None
        except spl.SplError as error:
            yield where, None, f"{where}: {error}"


def without_tokens(search):
    """A dashboard's `$token$` as a plain word."""
    return re.sub(r"\$[\w.:]+(?:\|\w)*\$", "token", search)


@check
def macros_are_defined_and_used(app):
    """macros: arguments as many as the name says, bodies well formed, every one used by a search, offered by a switch, or for people to use"""
    complaints, macros = [], app.stanzas("macros")
    for name, stanza in macros.items():
        count = re.search(r"\((\d+)\)$", name)
        parameters = spl.words(stanza.get("args"))
        if len(parameters) != int(count[1] if count else 0):
            complaints.append(f"{name}: args names {len(parameters)}")
        complaints += [f"{name}: the argument {arg} is not used" for arg in parameters if f"${arg}$" not in stanza.get("definition")]
        complaints += [f"{name}: no {key}" for key in ("definition", "description") if not stanza.get(key)]
        try:
            if stanza.get("definition"):
                spl.steps(re.sub(r"\s*\|", "x |", stanza.get("definition"), count=1))
        except spl.SplError as error:
            complaints.append(f"{name}: {error}")
    used, waiting = set(), [search for _, search in app.searches()] + [f"`{name}`" for name in alternatives(macros)]
    while waiting:
        try:
            called = {name for name, *_ in spl.macro_calls(without_tokens(waiting.pop()))} - used
        except spl.SplError:
            continue
        used |= called
        waiting += [macros[name].get("definition") for name in called if name in macros]
    for_people = {name for name, stanza in macros.items() if re.match(r"For \w+:", stanza.get("description"))}
    return complaints + [f"{name}: no search uses it" for name in macros if name not in used | for_people]


@check
def tokens_are_fields(app):
    """`$token$`s of alerts and drilldowns are fields that the search gives"""
    complaints, macros, fields_of = [], app.stanzas("macros"), app.lookup_fields()
    for name, stanza in app.stanzas("savedsearches").items():
        tokens = {
            token.removeprefix("result.")
            for key, value in stanza.settings.items()
            if key.startswith(("action.", "alert."))
            for token in re.findall(r"\$([\w.:]+)(?:\|\w)*\$", value)
            if not PLATFORM_TOKENS.fullmatch(token)
        }
        tokens |= set(spl.words(stanza.get("alert.suppress.fields")))
        tokens |= set(re.findall(r'"(?:risk_object|threat_object)_field"\s*:\s*"([^"]+)"', stanza.get("action.risk.param._risk")))
        if not tokens:
            continue
        try:
            fields = spl.fields_after(spl.steps(spl.expand(stanza.get("search"), macros)), fields_of, app.stanzas("commands"))
        except spl.SplError as error:
            complaints.append(f"[{name}]: {error}")
            continue
        complaints += [f"[{name}]: no field `{token}` comes out of the search" for token in sorted(tokens) if fields is not None and token not in fields]
    return complaints


@check
def drilldowns_stand_alone(app):
    """drilldowns name no macro, lookup or command of ours, unless they open in this app: elsewhere ours are not found"""
    complaints, home = [], f"/app/{app.conf('app').get('package', 'id')}/"
    at_home = {(where, query) for where, query, page in app.clicks() if page.startswith(home)}
    for where, search in app.drilldowns():
        if (where, search) in at_home:
            continue
        try:
            macros = spl.macro_calls(without_tokens(search))
            steps = [] if macros else list(spl.every_step(spl.steps(without_tokens(search))))
        except spl.SplError:
            continue
        complaints += [f"{where}: macro `{name}`" for name, *_ in macros]
        complaints += [f"{where}: command `{step.command}`" for step in steps if step.command in app.stanzas("commands")]
        complaints += [f"{where}: lookup `{lookup}`" for step in steps if (lookup := spl.lookup_named(step)) in app.stanzas("transforms")]
    return complaints


@check
def enterprise_security_finds_its_keys(app):
    """the detection has the keys that Splunk's build tool writes for it, and a reason for each difference; Reconcile has the same"""
    searches = app.stanzas("savedsearches")
    found = [f"[{enterprise_security.DETECTION}] {complaint}" for complaint in enterprise_security.complaints(searches)]
    return found + [f"[{enterprise_security.FOLLOWER}] {complaint}" for complaint in enterprise_security.about_follower(searches)]


@check
def enterprise_security_can_drill_down(app):
    """drilldowns of alerts: an index is given, offsets are of a form that works, and no `$` stands alone"""
    return [
        f"[{name}] {drilldown['name']}: {complaint}"
        for name, stanza in app.stanzas("savedsearches").items()
        for drilldown in enterprise_security.drilldowns(stanza)
        for complaint in enterprise_security.about_drilldown(drilldown)
    ]


@check
def events_are_named_as_the_baseline_names_them(app):
    """a drilldown or click that opens CloudTrail events makes role and call of them as the macro does that the baseline is learned with"""
    macro = app.stanzas("macros").get("unseen_cloudtrail_fields", confs.Stanza("", 0)).get("definition").split(", object=")[0]
    expected = macro.replace('$"', '\\z"')
    searches = [(where, search) for where, search in app.drilldowns() if "sourcetype=aws:cloudtrail" in search]
    return [f"{where}: not as unseen_cloudtrail_fields" for where, search in searches if expected not in search]


@check
def no_name_becomes_part_of_a_search(app):
    """what a click or a menu puts into a search is a key, a mark or a time: names are chosen by others, who could end the quotes"""
    complaints = []
    for where, query, _ in app.clicks():
        asked = set(re.findall(r"\$row\.([\w.{}]+)\.value", query))
        complaints += [f"{where}: `{field}` goes into the search" for field in sorted(asked - PASTED)]
    for name, stanza in app.stanzas("workflow_actions").items():
        asked = set(re.findall(r"\$([^$]+)\$", stanza.get("link.uri") + stanza.get("search.search_string")))
        complaints += [f"[{name}]: `{field}` goes into the search" for field in sorted(asked - PASTED)]
        if "q=" in stanza.get("link.uri") or stanza.get("search.search_string"):
            complaints.append(f"[{name}]: runs a search with what an event holds; lead to the dashboard, which quotes it")
    return complaints


# ---- What people see


@check
def views_and_navigation_agree(app):
    """views are well formed, and the navigation leads to each of them and nowhere else"""
    complaints, views = [], app.views()
    nav = app.root / "default/data/ui/nav/default.xml"
    if not nav.exists():
        return [f"{name}: no navigation leads to it" for name in views]
    try:
        entries = xml.parse(nav).getroot()
    except xml.ParseError as error:
        return [f"nav/default.xml: {error}"]
    named = {view.get("name") for view in entries.iter("view") if view.get("name")}
    named |= {match[1] for link in entries.iter("a") if (match := re.search(rf"app/{app.conf('app').get('package', 'id')}/(\w+)", link.get("href") or ""))}
    for link in entries.iter("saved"):
        if link.get("name") not in app.stanzas("savedsearches"):
            complaints.append(f"nav/default.xml: no saved search {link.get('name')}")
    complaints += [f"nav/default.xml: no view {name}" for name in sorted(named - set(views) - BUILT_IN_VIEWS)]
    if sum(view.get("default") in ("true", "1") for view in entries.iter("view")) != 1:
        complaints.append("nav/default.xml: one view is the default")
    if not any(view.get("source") in ("all", "unclassified") for view in entries.iter("view")):
        complaints += [f"{name}: no navigation leads to it" for name in sorted(set(views) - named)]
    for name, path in views.items():
        try:
            root = xml.parse(path).getroot()
        except xml.ParseError as error:
            complaints.append(f"{name}: {error}")
            continue
        if root.get("version") not in ("1.1", "2"):
            complaints.append(f"{name}: version 2 (Dashboard Studio) or 1.1 (Simple XML)")
        if not root.findtext("label"):
            complaints.append(f"{name}: no label")
    return complaints


@check
def dashboards_hold_together(app):
    """dashboards: JSON parses, every visualisation, input, data source and token that is named exists"""
    complaints = []
    for name, path in app.views().items():
        try:
            definition = definition_of(path)
        except xml.ParseError:
            continue
        except ValueError as error:
            complaints.append(f"{name}: not JSON: {error}")
            continue
        if definition is not None:
            complaints += [f"{name}: {complaint}" for complaint in studio(definition, app)]
    return complaints


def studio(definition, app):
    """Complaints about one Dashboard Studio definition."""
    known = {"title", "description", "dataSources", "visualizations", "inputs", "layout", "defaults", "expressions", "applicationProperties", "theme"}
    yield from (f"no key `{key}` at the top" for key in definition if key not in known)
    sources, shown = definition.get("dataSources", {}), {**definition.get("visualizations", {}), **definition.get("inputs", {})}

    layout = json.dumps(definition.get("layout", {}))
    placed = set(re.findall(r'"item": "([^"]+)"', layout)) | set(definition.get("layout", {}).get("globalInputs", []))
    yield from (f"the layout places `{item}`, which does not exist" for item in sorted(placed - set(shown)))
    yield from (f"`{item}` is nowhere in the layout" for item in sorted(set(shown) - placed))

    used = set()
    for item, what in shown.items():
        for role, source in what.get("dataSources", {}).items():
            used.add(source)
            if source not in sources:
                yield f"`{item}` takes its {role} data from `{source}`, which does not exist"
    for source, what in sources.items():
        base = what.get("options", {}).get("extend")
        if base:
            used.add(base)
            if base not in sources:
                yield f"`{source}` extends `{base}`, which does not exist"
        reference = what.get("options", {}).get("ref")
        if reference and reference not in app.stanzas("savedsearches"):
            yield f"`{source}` names the saved search `{reference}`, which does not exist"
    text = json.dumps(definition)
    yield from (f"nothing shows `{source}`" for source in sorted(set(sources) - used) if f"${source}:" not in text)

    tokens = {token for what in definition.get("inputs", {}).values() if (token := what.get("options", {}).get("token"))}
    made = tokens | {made for token in tokens for made in (f"{token}.earliest", f"{token}.latest")}
    made |= set(re.findall(r'"token": "([^"]+)"', text)) | set(definition.get("defaults", {}).get("tokens", {}).get("default", {}))
    asked = set(re.findall(r"\$(\w[\w.]*?)(?:\|\w)*\$", re.sub(r"\$\w+:[\w.]+\$|\$row\.[^$]*\$", "", text)))
    missing = (token for token in sorted(asked - made) if not token.startswith(("env", "trellis.")) and token not in ("name", "value"))
    yield from (f"no input or drilldown sets `${token}$`" for token in missing)
    yield from drilldown_fields(definition, app)


def drilldown_fields(definition, app):
    """`$row.field.value$` of a click, held against the fields of the search behind it."""
    for item, what in definition.get("visualizations", {}).items():
        asked = set(re.findall(r"row\.([^.$\"]+)\.value", json.dumps(what.get("eventHandlers", []))))
        source = what.get("dataSources", {}).get("primary")
        if not asked or source not in definition.get("dataSources", {}):
            continue
        try:
            search = whole_search(source, definition["dataSources"])
            fields = spl.fields_after(spl.steps(spl.expand(without_tokens(search), app.stanzas("macros"))), app.lookup_fields(), app.stanzas("commands"))
        except (spl.SplError, KeyError) as error:
            yield f"a click on `{item}` asks for {', '.join(sorted(asked))}: {error}"
            continue
        missing = (field for field in sorted(asked) if fields is not None and field not in fields)
        yield from (f"a click on `{item}` asks for `{field}`, which its search does not give" for field in missing)


def whole_search(source, sources):
    """A chained search with the ones it extends before it."""
    options = sources[source]["options"]
    if "extend" not in options:
        return options["query"]
    return whole_search(options["extend"], sources) + " | " + options["query"].lstrip().removeprefix("|")
