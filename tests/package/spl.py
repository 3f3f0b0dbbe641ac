"""Enough of SPL to hold searches against the app: pipes, quotes, brackets, macros, and which fields come out.

No grammar of the commands. Where the fields that come out cannot be told, `fields_after` says so with `None`.
"""

import re
from dataclasses import dataclass

CLOSES = {")": "(", "]": "["}


class SplError(Exception):
    """What is wrong with a search, in words for its author."""


@dataclass
class Step:
    """One command between two pipes, and the subsearches in its brackets."""

    text: str
    subsearches: list

    @property
    def command(self):
        return words(self.text)[0] if self.text else ""


def pieces(spl):
    """(character, in quotes, in backticks) of every character; a quote left open is an error."""
    quoted = ticked = escaped = False
    for char in spl:
        if quoted:
            yield char, True, ticked
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
            yield char, True, ticked
        else:
            if char == "`":
                ticked = not ticked
            yield char, False, ticked or char == "`"
    if quoted:
        raise SplError('a `"` is never closed')
    if ticked:
        raise SplError("a backtick is never closed")


def steps(spl):
    """The search's pipeline. A first step that does not follow a pipe is Splunk's implicit `search`."""
    texts, brackets, inner, sub = [""], [], [[]], ""
    for char, quoted, ticked in pieces(spl):
        if not quoted and not ticked:
            if char in "([":
                if char == "[" and "[" not in brackets:
                    sub = ""
                brackets.append(char)
            elif char in CLOSES:
                if not brackets or brackets.pop() != CLOSES[char]:
                    raise SplError(f"a `{char}` without its `{CLOSES[char]}`")
                if char == "]" and "[" not in brackets:
                    inner[-1].append(sub[1:])
            elif char == "|" and "[" not in brackets:
                if brackets:
                    raise SplError("a pipe between parentheses")
                texts.append("")
                inner.append([])
                continue
        if "[" in brackets:
            sub += char
        texts[-1] += char
    if brackets:
        raise SplError(f"a `{brackets[-1]}` is never closed")
    generated = not texts[0].strip()
    if generated:
        texts, inner = texts[1:], inner[1:]
    if not texts or not all(text.strip() for text in texts):
        raise SplError("a pipe with nothing behind it")
    pipeline = [Step(" ".join(text.split("\n")).strip(), [steps(sub) for sub in subs]) for text, subs in zip(texts, inner, strict=True)]
    if not generated and pipeline[0].command != "search":
        pipeline[0].text = "search " + pipeline[0].text
    return pipeline


def every_step(pipeline):
    """The steps, and those of all subsearches."""
    for step in pipeline:
        yield step
        for sub in step.subsearches:
            yield from every_step(sub)


def words(text):
    """Split at blanks and commas, but not within quotes, brackets or parentheses."""
    found, word, depth, quote = [], "", 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote and not word.endswith("\\") else quote
        elif char == '"' or (char == "'" and not word):
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif depth == 0 and (char.isspace() or char == ","):
            if word:
                found.append(word)
            word = ""
            continue
        word += char
    return found + [word] if word else found


def macro_calls(spl):
    """(name with its number of arguments as Splunk writes it, arguments, start, end) of each call outside of quotes."""
    calls, start = [], None
    for at, (char, quoted, _) in enumerate(pieces(spl)):
        if char != "`" or (quoted and start is None):
            continue
        if start is None:
            start = at
            continue
        body, begin, start = spl[start + 1 : at].strip(), start, None
        match = re.fullmatch(r"([\w:.-]+)\s*(?:\((.*)\))?", body, re.S)
        if not match:
            raise SplError(f"`{body}` is no macro call")
        arguments = [word.strip('"') for word in words(match[2])] if match[2] else []
        calls.append((f"{match[1]}({len(arguments)})" if arguments else match[1], arguments, begin, at + 1))
    return calls


def expand(spl, macros, path=()):
    """The search with its macros written out. `macros` is the stanzas of macros.conf."""
    out, after = "", 0
    for name, arguments, begin, end in macro_calls(spl):
        if name not in macros:
            raise SplError(f"macro `{name}` is not defined with that number of arguments")
        if name in path:
            raise SplError(f"macro `{name}` calls itself")
        definition = macros[name].get("definition")
        for parameter, argument in zip(macros[name].get("args").replace(",", " ").split(), arguments, strict=False):
            definition = definition.replace(f"${parameter}$", argument)
        out += spl[after:begin] + expand(definition, macros, (*path, name))
        after = end
    return out + spl[after:]


def lookup_named(step):
    """The lookup that a lookup, inputlookup or outputlookup step names, else None."""
    if step.command in ("lookup", "inputlookup", "outputlookup"):
        return next((word for word in words(step.text)[1:] if "=" not in word), "")
    return None


def fields_after(pipeline, lookups, commands):
    """The names of the fields that come out, or None where that hangs on the data.

    `lookups` gives each lookup's fields, `commands` the commands of the app that add no field of their own.
    Raises SplError at a command it cannot follow.
    """
    fields = None
    for step in pipeline:
        fields = _after(step, fields, lookups, commands)
    return fields


def _after(step, fields, lookups, commands):
    command, said = step.command, words(step.text)[1:]
    if command in ("search", "where", "sort", "dedup", "head", "tail", "reverse", "outputlookup", "convert", "fillnull", "mvexpand", *commands):
        return fields
    if command == "makeresults":
        return {"_time"}
    if command == "addinfo":
        return None if fields is None else fields | {"info_min_time", "info_max_time", "info_sid", "info_search_time"}
    if command == "loadjob":
        return None
    if command in ("stats", "tstats", "chart", "top", "rare"):
        return _aggregated(said, command)
    if command == "eventstats" or command == "streamstats":
        return None if fields is None else fields | (_aggregated(said, command) or set())
    if command == "table":
        return set(said)
    if command == "fields":
        if said[0] == "-":
            return None if fields is None else fields - set(said[1:])
        return {word for word in said if word != "+"}
    if command == "eval":
        return None if fields is None else fields | set(re.findall(r"(?:^|,)\s*(\w+)\s*=(?!=)", _without_calls(step.text[4:])))
    if command == "inputlookup":
        return None if fields is None and re.search(r"\bappend=t", step.text) else (fields or set()) | set(lookups.get(lookup_named(step), ()))
    if command == "lookup":
        if fields is None:
            return None
        outputs = re.split(r"\bOUTPUT(?:NEW)?\b", step.text)
        added = words(outputs[1]) if len(outputs) > 1 else list(lookups.get(lookup_named(step), ()))
        return fields | {word for at, word in enumerate(added) if word.lower() != "as" and added[at + 1 : at + 2] not in (["as"], ["AS"])}
    if command == "rename":
        return None if fields is None else _renamed(said, fields)
    raise SplError(f"no rule here says which fields `{command}` gives")


def _without_calls(text):
    """The text without what stands in parentheses or quotes."""
    text, before = re.sub(r'"(?:\\.|[^"\\])*"', "", text), None
    while text != before:
        text, before = re.sub(r"\([^()]*\)", "", text), text
    return text


def _aggregated(said, command):
    named, at = set(), 0
    while at < len(said):
        word = said[at]
        if word.lower() in ("from", "where") and command == "tstats":
            while at + 1 < len(said) and said[at + 1].lower() not in ("by", "groupby"):
                at += 1
        elif at + 2 < len(said) and said[at + 1].lower() == "as":
            named.add(said[at + 2].strip('"'))
            at += 2
        elif "=" not in word and word.lower() not in ("by", "groupby", "over"):
            named.add(word.strip('"'))
        at += 1
    return named


def _renamed(said, fields):
    fields = set(fields)
    for old, _, new in zip(said[::3], said[1::3], said[2::3], strict=False):  # a comma may be missing at the end
        old, new = old.strip('"'), new.strip('"')
        if "*" in old:
            pattern = re.escape(old).replace(r"\*", "(.*)")
            fields = {new.replace("*", match[1]) if (match := re.fullmatch(pattern, name)) else name for name in fields}
        else:
            fields = {new if name == old else name for name in fields}
    return fields
