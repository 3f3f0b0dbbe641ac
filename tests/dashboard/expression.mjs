// SPL's eval expressions, as far as the app uses them: parsed once, then run on a row.
//
// Strict: an operator or function it does not know is an error, never a guess. A missing field is null; null in a
// comparison or a calculation gives null, and null is not true. Time modifiers are read in UTC. The meaning follows
// Splunk's Search Reference (evaluation functions); it was not compared with a running Splunk.
import { createHash } from 'node:crypto';

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|('[^']*')|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(==|!=|<=|>=|[-+*/.<>=(),]))/gy;

function tokens(text) {
    const out = [];
    TOKEN.lastIndex = 0;
    while (text.slice(TOKEN.lastIndex).trim()) {
        const at = TOKEN.lastIndex;
        const m = TOKEN.exec(text);
        if (!m) throw new Error(`not an expression at \`${text.slice(at, at + 30)}\``);
        const [, string, field, number, word, mark] = m;
        out.push(string !== undefined ? { text: unquote(string) } : field !== undefined ? { field: field.slice(1, -1) }
            : number !== undefined ? { number: Number(number) } : word !== undefined ? { word } : { mark });
    }
    return out;
}

/** A double-quoted SPL string as text: `\"` and `\\` are escapes, any other backslash (of a regular expression) stays. */
export const unquote = (text) => text.slice(1, -1).replace(/\\(["\\])/g, '$1');

const isNull = (v) => v === null || v === undefined;
// An empty cell is no value; an empty string written in the expression is one.
const cell = (row, field) => (row[field] === '' ? null : row[field] ?? null);
const isNumber = (v) => typeof v === 'number' || (typeof v === 'string' && /^-?\d+(\.\d+)?$/.test(v));
// `\z`, the end of the text, is `$` in JavaScript's dialect.
const regex = (text, flags) => new RegExp(text.replaceAll('\\z', '$'), flags);

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const list = (v) => (isNull(v) ? [] : [v].flat());
// No value is null, one is itself, several are a multivalue.
const multivalue = (values) => (values.length > 1 ? values : values[0] ?? null);

const ORDER = {
    '=': (o) => o === 0, '==': (o) => o === 0, '!=': (o) => o !== 0,
    '<': (o) => o < 0, '<=': (o) => o <= 0, '>': (o) => o > 0, '>=': (o) => o >= 0,
};
const MATHS = { '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => (b === 0 ? null : a / b) };

/** Numbers as numbers, else text by its bytes. */
export function compare(a, b) {
    if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
    return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

const FUNCTIONS = {
    now: (_, { now }) => now,
    true: () => true,
    null: () => null,
    isnull: ([v]) => isNull(v),
    isnotnull: ([v]) => !isNull(v),
    coalesce: (values) => values.find((v) => !isNull(v)) ?? null,
    match: ([v, pattern]) => !isNull(v) && regex(pattern).test(String(v)),
    replace: ([v, pattern, by]) => (isNull(v) ? null : String(v).replace(regex(pattern, 'g'), by.replaceAll('$', '$$$$').replace(/\\(\d)/g, '$$$1'))),
    mvindex: ([v, from, to = from]) => multivalue(list(v).slice(from, to + 1)),
    mvjoin: ([v, by]) => (isNull(v) ? null : list(v).join(by)),
    len: ([v]) => (isNull(v) ? null : String(v).length),
    mvcount: ([v]) => (isNull(v) ? null : list(v).length),
    mvdedup: ([v]) => multivalue([...new Set(list(v))]),
    split: ([v, by]) => (isNull(v) ? null : multivalue(String(v).split(by))),
    sha256: ([v]) => (isNull(v) ? null : sha256(String(v))),
    tonumber: ([v]) => (isNumber(v) ? Number(v) : null),
    round: ([v, places = 0]) => (isNull(v) ? null : Number(Number(v).toFixed(places))),
    floor: ([v]) => (isNull(v) ? null : Math.floor(v)),
    min: (values) => values.filter((v) => !isNull(v)).sort(compare)[0] ?? null,
    max: (values) => values.filter((v) => !isNull(v)).sort(compare).at(-1) ?? null,
    relative_time: ([at, modifier]) => (isNull(at) ? null : relativeTime(Number(at), modifier)),
    strftime: ([at, format]) => (isNull(at) ? null : strftime(Number(at), format)),
};

/** `text` as a function of a row and its context (`now`, epoch seconds). */
export function expression(text) {
    const all = tokens(text);
    let at = 0;
    const peek = (mark) => all[at]?.mark === mark;
    const word = (name) => all[at]?.word?.toUpperCase() === name;
    const take = (mark) => { if (!peek(mark)) throw new Error(`\`${mark}\` expected in \`${text}\``); at += 1; };

    function leaf() {
        const t = all[at];
        at += 1;
        if (t?.text !== undefined) return () => t.text;
        if (t?.number !== undefined) return () => t.number;
        if (t?.field !== undefined) return (row) => cell(row, t.field);
        if (t?.mark === '-') { const of = leaf(); return (...on) => -of(...on); }
        if (t?.mark === '(') { const inner = or(); take(')'); return inner; }
        if (t?.word === undefined) throw new Error(`a value expected in \`${text}\``);
        if (!peek('(')) return (row) => cell(row, t.word);
        take('(');
        const args = [];
        while (!peek(')')) { args.push(or()); if (!peek(')')) take(','); }
        take(')');
        if (t.word === 'if') return (...on) => (args[0](...on) === true ? args[1](...on) : args[2](...on));
        if (t.word === 'case') {
            return (...on) => {
                for (let i = 0; i < args.length; i += 2) if (args[i](...on) === true) return args[i + 1](...on);
                return null;
            };
        }
        const known = FUNCTIONS[t.word];
        if (!known) throw new Error(`unknown eval function \`${t.word}\``);
        return (row, context) => known(args.map((arg) => arg(row, context)), context);
    }
    const chain = (next, marks, join) => () => {
        let left = next();
        while (marks.includes(all[at]?.mark)) {
            const { mark } = all[at];
            at += 1;
            const [a, b] = [left, next()];
            left = (...on) => { const [x, y] = [a(...on), b(...on)]; return isNull(x) || isNull(y) ? null : join(mark, x, y); };
        }
        return left;
    };
    const calculate = (mark, x, y) => {
        if (mark === '+' && !(isNumber(x) && isNumber(y))) throw new Error(`\`+\` of text in \`${text}\``);
        return isNumber(x) && isNumber(y) ? MATHS[mark](Number(x), Number(y)) : null;
    };
    const product = chain(leaf, ['*', '/'], calculate);
    const sum = chain(product, ['+', '-'], calculate);
    const joined = chain(sum, ['.'], (_, x, y) => `${x}${y}`);
    const compared = chain(joined, Object.keys(ORDER), (mark, x, y) => ORDER[mark](compare(x, y)));
    function not() {
        if (!word('NOT')) return compared();
        at += 1;
        const of = not();
        return (...on) => of(...on) !== true;
    }
    function and() {
        const parts = [not()];
        while (word('AND')) { at += 1; parts.push(not()); }
        return parts.length === 1 ? parts[0] : (...on) => parts.every((part) => part(...on) === true);
    }
    function or() {
        const parts = [and()];
        while (word('OR')) { at += 1; parts.push(and()); }
        return parts.length === 1 ? parts[0] : (...on) => parts.some((part) => part(...on) === true);
    }
    const whole = or();
    if (at !== all.length) throw new Error(`more than one expression in \`${text}\``);
    return whole;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86400 };

/** A Splunk time modifier (`now`, `-24h@h`, `@d`, epoch seconds) applied to epoch seconds, in UTC. */
export function relativeTime(at, modifier) {
    if (modifier === 'now') return at;
    if (isNumber(modifier)) return Number(modifier);
    const m = String(modifier).match(/^(?:([-+]\d+)([smhd]))?(?:@([smhd]))?$/);
    if (!m || !modifier) throw new Error(`not a time modifier: \`${modifier}\``);
    const moved = at + (m[1] ? Number(m[1]) * SECONDS[m[2]] : 0);
    return m[3] ? Math.floor(moved / SECONDS[m[3]]) * SECONDS[m[3]] : moved;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Epoch seconds as text, in UTC. */
export function strftime(at, format) {
    const iso = new Date(at * 1000).toISOString();
    const parts = { Y: iso.slice(0, 4), m: iso.slice(5, 7), d: iso.slice(8, 10), H: iso.slice(11, 13), M: iso.slice(14, 16), S: iso.slice(17, 19), b: MONTHS[iso.slice(5, 7) - 1], F: iso.slice(0, 10), T: iso.slice(11, 19) };
    return format.replace(/%(.)/g, (_, letter) => parts[letter] ?? (() => { throw new Error(`strftime: unknown %${letter}`); })());
}
