// A search head the size of one app: it expands the app's macros, reads its pipelines, and runs them over sample events.
//
// Exists so that what the dashboard shows comes from the SPL as shipped, and from our own binary for `seen` and `unseen`.
// Strict: a command, option, aggregate or macro it does not know is an error, so a query never gets an answer by
// accident. It knows only what this app's searches use; it is no oracle for Splunk, and was not compared with one.
import { compare, expression, relativeTime, strftime, unquote } from './expression.mjs';
import { searchCommand } from './search-command.mjs';

/**
 * Runs `query` in `world`: { now, events, lookups, transforms, jobs, macros, binary }, over [earliest, latest) in time modifiers.
 * `rows` starts a post-process search on the rows of its base. Gives { rows, messages }.
 */
export async function search(query, world, { earliest = '0', latest = 'now', rows, sid = '1.1' } = {}) {
    const range = { earliest: relativeTime(world.now, earliest), latest: relativeTime(world.now, latest) };
    const job = { ...world, range, sid, messages: [] };
    const done = await pipeline(expand(query, world.macros), job, rows);
    return { rows: done, messages: job.messages };
}

/** Macros are replaced until none is left. Backticks do not nest; arguments are plain words. */
export function expand(text, macros, depth = 0) {
    if (depth > 20) throw new Error('macros go round in a circle');
    if (!text.includes('`')) return text;
    const once = text.replace(/`(\w+)(?:\(([^`)]*)\))?`/g, (_, name, list) => {
        const args = list === undefined ? [] : list.split(',').map((arg) => arg.trim().replace(/^"(.*)"$/, '$1'));
        const macro = macros[args.length ? `${name}(${args.length})` : name];
        if (!macro) throw new Error(`unknown macro \`${name}\``);
        const names = macro.args?.split(',').map((arg) => arg.trim()) ?? [];
        const filled = (body) => names.reduce((text, arg, i) => text.replaceAll(`$${arg}$`, args[i]), body);
        if (macro.validation && expression(filled(macro.validation))({}, {}) !== true) throw new Error(macro.errormsg);
        return filled(macro.definition);
    });
    if (once === text) throw new Error(`a backtick without its twin in ${text}`);
    return expand(once, macros, depth + 1);
}

// Cuts at `mark` where it stands outside quotes, brackets and parentheses.
function cut(text, mark) {
    const parts = [''];
    let depth = 0;
    for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|[\s\S]/g)) {
        if ('[('.includes(piece)) depth += 1;
        if ('])'.includes(piece)) depth -= 1;
        if (piece === mark && depth === 0) parts.push('');
        else parts[parts.length - 1] += piece;
    }
    return parts.map((part) => part.trim());
}

async function pipeline(text, job, rows) {
    const segments = cut(text, '|');
    if (segments[0] === '') segments.shift();
    else if (rows === undefined) segments[0] = `search ${segments[0].replace(/^search\s+/, '')}`;
    for (const segment of segments) {
        const [, name, rest] = segment.match(/^(\w+)\s*([\s\S]*)$/) ?? [];
        const command = COMMANDS[name];
        if (!command) throw new Error(`unknown search command in \`| ${segment}\``);
        rows = await command(rest, rows, job, name);
    }
    return rows;
}

// Options `a=b` before the rest of a command's words.
function options(text, known) {
    const found = {};
    const next = (rest) => rest.match(/^(\w+)=("[^"]*"|\S+)\s*/);
    for (let m = next(text); m; m = next(text)) {
        if (!known.includes(m[1])) throw new Error(`unknown option \`${m[1]}\``);
        found[m[1]] = m[2].replace(/^"(.*)"$/, '$1');
        text = text.slice(m[0].length);
    }
    return [found, text];
}

const words = (text) => [...text.matchAll(/"([^"]*)"|([^\s,]+)/g)].map((m) => m[1] ?? m[2]);
const present = (v) => v !== undefined && v !== null && v !== '';
const list = (v) => (present(v) ? [v].flat() : []);
const keyOf = (row, by) => JSON.stringify(by.map((field) => row[field]));

// A lookup's collection, and the fields that the lookup has of it.
function lookupTable(name, { lookups, transforms }) {
    const found = transforms?.[name];
    if (!found || !lookups[found.collection]) throw new Error(`unknown lookup \`${name}\``);
    return { table: lookups[found.collection], fields: words(found.fields_list) };
}

const AGGREGATES = {
    count: (values, rows, field) => (field === undefined ? rows.length : values.length),
    dc: (values) => new Set(values.map(String)).size,
    sum: (values) => (values.length ? values.reduce((total, v) => total + Number(v), 0) : null),
    min: (values) => [...values].sort(compare)[0] ?? null,
    max: (values) => [...values].sort(compare).at(-1) ?? null,
    first: (values) => values[0] ?? null,
    list: (values) => (values.length > 1 ? values.slice(0, 100) : values[0] ?? null),
    estdc: (values) => new Set(values.map(String)).size,
    earliest: (values, rows, field) => rows.filter((row) => present(row[field])).sort((a, b) => a._time - b._time)[0]?.[field] ?? null,
    values: (values) => { const all = [...new Set(values.map(String))].sort(); return all.length > 1 ? all : all[0] ?? null; },
};

// `min(a) as b, count by c d` as functions from the rows of one group to its columns.
function aggregation(text) {
    const [, what, by] = text.match(/^([\s\S]*?)(?:\s+by\s+([\s\S]*))?$/i);
    const columns = [];
    let rest = what;
    while (rest.trim()) {
        const m = rest.match(/^[\s,]*(\w+)(?:\((?:eval\(((?:[^()]|\([^()]*\))*)\)|(\w+))\))?(?:\s+as\s+("[^"]*"|\w+))?/i);
        if (!m || !AGGREGATES[m[1]]) throw new Error(`unknown aggregate in \`${rest.trim()}\``);
        const [all, name, formula, field, as] = m;
        // `count(eval(x))` counts the rows in which x is true.
        const truth = formula && expression(formula);
        const value = truth ? (...on) => (truth(...on) === false ? null : truth(...on)) : (row) => row[field];
        const target = formula || field;
        columns.push([as?.replace(/^"(.*)"$/, '$1') ?? (target ? `${name}(${target})` : name),
            (rows, job) => AGGREGATES[name](target ? rows.flatMap((row) => list(value(row, job))) : [], rows, target)]);
        rest = rest.slice(all.length);
    }
    return { columns, by: by ? words(by) : [] };
}

// Rows by their group; a row without one of the `by` fields is in none.
function groups(rows, by) {
    const found = new Map();
    for (const row of rows) {
        if (by.some((field) => Array.isArray(row[field]))) throw new Error(`grouping by a multivalue field (${by}) is not done here`);
        if (!by.every((field) => present(row[field]))) continue;
        const key = keyOf(row, by);
        if (!found.has(key)) found.set(key, []);
        found.get(key).push(row);
    }
    return found;
}

function stats(text, rows, job) {
    const { columns, by } = aggregation(text);
    const summarise = (group) => Object.fromEntries([...by.map((field) => [field, group[0][field]]), ...columns.map(([name, of]) => [name, of(group, job)])]);
    if (!by.length) return [summarise(rows)];
    const order = (a, b) => by.map((field) => compare(a[field], b[field])).find((o) => o) ?? 0;
    return [...groups(rows, by).values()].map(summarise).sort(order);
}

async function ours(text, rows, job, name) {
    const args = [...text.matchAll(/(\w+)="([^"]*)"|(\S+)/g)].map((m) => (m[1] ? `${m[1]}=${m[2]}` : m[3]));
    const reply = await searchCommand(job.binary, name, args, rows, job.range);
    job.messages.push(...reply.messages);
    return reply.rows;
}

// A search's terms: `field=value` with `*`, `NOT`, `OR`, parentheses, and a subsearch that returns such terms.
async function terms(text, job) {
    let rest = text.trim();
    const take = (n) => { rest = rest.slice(n).trim(); };
    async function term() {
        if (rest.startsWith('NOT ')) {
            take(4);
            const of = await term();
            return (row) => !of(row);
        }
        if (rest.startsWith('(')) {
            take(1);
            const inner = await any();
            if (!rest.startsWith(')')) throw new Error(`\`)\` expected at \`${rest}\``);
            take(1);
            return inner;
        }
        if (rest.startsWith('[')) {
            const end = closing(rest);
            const inner = await terms((await pipeline(rest.slice(1, end), job))[0].search, job);
            take(end + 1);
            return inner;
        }
        const m = rest.match(/^(?:([\w.{}]+)=("(?:[^"\\]|\\.)*"|[^\s()[\]|"]+)|\*(?=\s|$))/);
        if (!m) throw new Error(`unknown search term \`${rest}\``);
        take(m[0].length);
        if (!m[1]) return () => true;
        const [, field, value] = m;
        const pattern = new RegExp(`^${(value.startsWith('"') ? unquote(value) : value).replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i');
        return (row) => list(row[field]).some((v) => pattern.test(String(v)));
    }
    async function all() {
        const parts = [];
        while (rest && !rest.startsWith(')') && !rest.startsWith('OR ')) parts.push(await term());
        return (row) => parts.every((part) => part(row));
    }
    async function any() {
        const parts = [await all()];
        while (rest.startsWith('OR ')) { take(3); parts.push(await all()); }
        return (row) => parts.some((part) => part(row));
    }
    const whole = await any();
    if (rest) throw new Error(`unknown search term \`${rest}\``);
    return whole;
}

function closing(text) {
    let depth = 0;
    for (const m of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]]/g)) {
        if (m[0] === '[') depth += 1;
        if (m[0] === ']') depth -= 1;
        if (m[0] === ']' && depth === 0) return m.index;
    }
    throw new Error('a bracket without its twin');
}

const COMMANDS = {
    async search(text, rows, job) {
        const holds = await terms(text, job);
        if (rows !== undefined) return rows.filter(holds);
        return job.events.filter((event) => event._time >= job.range.earliest && event._time < job.range.latest && holds(event));
    },
    async inputlookup(text, rows = [], job) {
        const [{ append }, rest] = options(text, ['append', 'strict']);
        const [, name, where] = rest.match(/^(\w+)(?:\s+where\s+([\s\S]*))?$/);
        if (rows.length && append !== 'true') throw new Error('inputlookup after rows needs append=true');
        const holds = where ? await terms(where, job) : () => true;
        return [...rows, ...lookupTable(name, job).table.filter(holds).map(({ _key, ...row }) => row)];
    },
    lookup(text, rows, job) {
        const [, rest] = options(text, ['local']);
        const m = rest.match(/^(\w+)\s+([\w, ]+?)\s+OUTPUT\s+([\w, ]+)$/);
        if (!m) throw new Error(`unknown form: lookup ${text}`);
        const { table, fields } = lookupTable(m[1], job);
        const by = words(m[2]);
        const output = m[3].split(',').map((one) => one.trim().split(/\s+as\s+/i)).map(([from, to = from]) => [from, to]);
        const unknown = [...by, ...output.map(([from]) => from)].filter((field) => !fields.includes(field));
        if (unknown.length) throw new Error(`the lookup \`${m[1]}\` has no field ${unknown}`);
        const known = new Map(table.map((row) => [keyOf(row, by), row]));
        return rows.map((row) => ({ ...row, ...Object.fromEntries(output.map(([from, to]) => [to, known.get(keyOf(row, by))?.[from]])) }));
    },
    loadjob(text, rows, job) {
        const [, name] = text.match(/^savedsearch="nobody:unseen:([^"]+)"$/) ?? [];
        if (!job.jobs?.[name]) throw new Error(`there is no result of \`${name}\` yet`);
        return job.jobs[name].map((row) => ({ ...row }));
    },
    outputlookup(text, rows, job) {
        const [{ append, key_field: key, override_if_empty: override }, name] = options(text, ['append', 'key_field', 'override_if_empty']);
        if (append !== 'true' || !key || override !== 'false') throw new Error('only an outputlookup that adds is known here');
        const { table, fields } = lookupTable(name, job);
        const known = new Map(table.map((row) => [row._key, row]));
        const stored = (row) => Object.fromEntries(fields.filter((field) => present(row[field])).map((field) => [field, row[field]]));
        for (const row of rows) known.set(row[key], { ...stored(row), _key: row[key] });
        table.splice(0, table.length, ...known.values());
        return rows;
    },
    seen: ours,
    unseen: ours,
    stats,
    eventstats(text, rows, job) {
        const { columns, by } = aggregation(text);
        for (const group of by.length ? groups(rows, by).values() : [rows]) {
            const found = columns.map(([name, of]) => [name, of(group, job)]);
            for (const row of group) Object.assign(row, Object.fromEntries(found));
        }
        return rows;
    },
    streamstats(text, rows, job) {
        const { columns, by } = aggregation(text);
        if (by.length) throw new Error('streamstats: `by` is not known here');
        return rows.map((row, i) => ({ ...row, ...Object.fromEntries(columns.map(([name, of]) => [name, of(rows.slice(0, i + 1), job)])) }));
    },
    addinfo: (text, rows, job) => rows.map((row) => ({ ...row, info_min_time: job.range.earliest, info_max_time: job.range.latest, info_search_time: job.now, info_sid: job.sid })),
    mvexpand: (text, rows) => rows.flatMap((row) => list(row[text.trim()]).map((value) => ({ ...row, [text.trim()]: value }))),
    eval(text, rows, job) {
        const steps = cut(text, ',').map((step) => step.match(/^(?:(\w+)|'([^']+)')\s*=\s*([\s\S]*)$/)).map((m) => [m[1] ?? m[2], expression(m[3])]);
        return rows.map((row) => {
            const out = { ...row };
            for (const [name, of] of steps) {
                const value = of(out, job);
                if (present(value)) out[name] = value; else delete out[name];
            }
            return out;
        });
    },
    where(text, rows, job) {
        const holds = expression(text);
        return rows.filter((row) => holds(row, job) === true);
    },
    convert(text, rows) {
        const m = text.match(/^timeformat="([^"]*)"\s+ctime\((\w+)\)$/);
        if (!m) throw new Error(`unknown form: convert ${text}`);
        return rows.map((row) => (present(row[m[2]]) ? { ...row, [m[2]]: strftime(Number(row[m[2]]), m[1]) } : row));
    },
    // Every field carries its own sign: what a sign means for the fields after the next is not the same in all versions.
    sort(text, rows) {
        const [, count, rest] = text.match(/^(?:(\d+)\s+)?([\s\S]*)$/);
        const by = [...rest.matchAll(/([-+])?(\w+)[,\s]*/g)].map((m, i) => {
            if (!m[1]) throw new Error(`sort: \`${m[2]}\` needs its own sign`);
            return [m[2], m[1] === '-' ? -1 : 1, i];
        });
        const sorted = [...rows].sort((a, b) => by.map(([field, sign]) => sign * compare(a[field] ?? '', b[field] ?? '')).find((o) => o) ?? 0);
        return sorted.slice(0, Number(count ?? 10000) || Infinity);
    },
    table: (text, rows) => rows.map((row) => Object.fromEntries(words(text).map((field) => [field, row[field] ?? null]))),
    fillnull(text, rows) {
        const [{ value = '0' }, rest] = options(text, ['value']);
        return rows.map((row) => ({ ...row, ...Object.fromEntries((rest ? words(rest) : Object.keys(row)).filter((field) => !present(row[field])).map((field) => [field, value])) }));
    },
    rename(text, rows) {
        const pairs = cut(text, ',').map((pair) => pair.match(/^(\w+)\s+as\s+("[^"]*"|\w+)$/i)).map((m) => [m[1], m[2].replace(/^"(.*)"$/, '$1')]);
        const to = Object.fromEntries(pairs);
        return rows.map((row) => Object.fromEntries(Object.entries(row).map(([field, v]) => [to[field] ?? field, v])));
    },
    // Days of the range without a row are there too, with nothing in them. `by`: a column for each of the `limit` values
    // with the largest sum, in order of name.
    timechart(text, rows, job) {
        const [{ span, limit = '10', useother }, rest] = options(text, ['span', 'limit', 'useother']);
        const { columns, by: [by] } = aggregation(rest);
        if (span !== '1d' || (by && (columns.length !== 1 || useother !== 'false'))) throw new Error(`unknown form: timechart ${text}`);
        if (!rows.length) return [];
        const day = (at) => relativeTime(Number(at), '@d');
        const of = columns[0][1];
        const series = by && [...groups(rows, [by]).values()].sort((a, b) => of(b, job) - of(a, job)).slice(0, Number(limit)).map(([first]) => first[by]).sort(compare);
        const out = [];
        for (let at = day(job.range.earliest); at < job.range.latest; at += 86400) {
            const today = rows.filter((row) => day(row._time) === at);
            const cells = by ? series.map((name) => [name, of(today.filter((row) => row[by] === name), job)]) : columns.map(([name, each]) => [name, each(today, job)]);
            out.push({ _time: at, ...Object.fromEntries(cells), _span: 86400 });
        }
        return out;
    },
    untable(text, rows) {
        const [x, name, value] = words(text);
        return rows.flatMap((row) => Object.entries(row).filter(([field, v]) => field !== x && !field.startsWith('_') && present(v)).map(([field, v]) => ({ [x]: row[x], [name]: field, [value]: v })));
    },
    makeresults(text, rows, job) {
        const [{ count = '1' }] = options(text, ['count']);
        return Array.from({ length: Number(count) }, () => ({ _time: job.now }));
    },
    return: (text, rows) => [{ search: words(text).map((field) => `${field}=${JSON.stringify(String(rows[0][field]))}`).join(' ') }],
};
