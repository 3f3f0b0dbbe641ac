// Runs the project's own binary as splunkd would: one process per search, the chunked protocol on its pipe.
//
// Exists so that the rows on screen are made by the shipped command. Knows frames and splunkd's CSV (quoting and
// `__mv_` twins); not what the columns mean. Sends one chunk; real splunkd cuts larger ones.
import { spawn } from 'node:child_process';

/**
 * `rows` (objects; an array is a multivalue) through the command `name args`, with the search's range in epoch seconds.
 * Gives the rows that came back and the messages to the user. An error reply, and anything on stderr, is an error.
 */
export async function searchCommand(binary, name, args, rows, { earliest, latest }) {
    const child = spawn(binary, [], { env: { TZ: 'UTC' } });
    const faults = [];
    child.stderr.on('data', (text) => faults.push(text));
    child.on('error', (error) => faults.push(error.message));
    child.stdin.on('error', () => {}); // the reply, or its absence, tells what happened
    const replies = frames(child.stdout);
    const ask = async (metadata, body = '') => {
        child.stdin.write(frame(metadata, body));
        const { value } = await replies.next();
        if (!value || value.metadata.error || faults.length) {
            throw new Error(`${name}: ${value?.metadata.error ?? (faults.join('') || 'no reply')}`);
        }
        return value;
    };

    const info = await ask({
        action: 'getinfo', preview: false,
        searchinfo: { args, raw_args: args, command: name, earliest_time: `${earliest}`, latest_time: `${latest}`, maxresultrows: 50000, search: '', sid: '1.1', app: 'unseen' },
    });
    const { type, required_fields: only } = info.metadata;
    const out = [];
    const messages = [];
    let body = toCsv(rows, type === 'reporting' ? only : undefined);
    for (;;) {
        const reply = await ask({ action: 'execute', finished: true }, body);
        out.push(...fromCsv(reply.body));
        messages.push(...(reply.metadata.inspector?.messages ?? []));
        if (reply.metadata.finished) break;
        body = ''; // the next page, please
    }
    child.stdin.end();
    return { rows: out, messages };
}

function frame(metadata, body) {
    const head = Buffer.from(JSON.stringify(metadata));
    const rest = Buffer.from(body);
    return Buffer.concat([Buffer.from(`chunked 1.0,${head.length},${rest.length}\n`), head, rest]);
}

async function* frames(stream) {
    let buffer = Buffer.alloc(0);
    for await (const piece of stream) {
        buffer = Buffer.concat([buffer, piece]);
        for (;;) {
            const end = buffer.indexOf('\n');
            const head = end < 0 ? null : buffer.subarray(0, end).toString().match(/^chunked 1\.0,(\d+),(\d+)$/);
            if (end >= 0 && !head) throw new Error(`not a frame: ${buffer.subarray(0, end)}`);
            if (!head) break;
            const [from, middle] = [end + 1, end + 1 + Number(head[1])];
            const to = middle + Number(head[2]);
            if (buffer.length < to) break;
            yield { metadata: JSON.parse(buffer.subarray(from, middle)), body: buffer.subarray(middle, to).toString() };
            buffer = buffer.subarray(to);
        }
    }
}

const quote = (text) => (/^[A-Za-z0-9]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);
const twin = (value) => (Array.isArray(value) && value.length > 1 ? value.map((one) => `$${String(one).replaceAll('$', '$$$$')}$`).join(';') : '');
const plain = (value) => (value === undefined || value === null ? '' : Array.isArray(value) ? value.join('\n') : String(value));

function toCsv(rows, only) {
    const columns = [...new Set(rows.flatMap(Object.keys))].filter((column) => !only || only.includes(column));
    const lines = rows.map((row) => [...columns.map((c) => quote(plain(row[c]))), ...columns.map((c) => quote(twin(row[c])))].join(','));
    return columns.length ? [[...columns, ...columns.map((c) => `__mv_${c}`)].map(quote).join(','), ...lines, ''].join('\n') : '';
}

function fromCsv(text) {
    const [header, ...lines] = records(text);
    return lines.map((cells) => {
        const row = {};
        header.forEach((column, i) => {
            if (cells[i] === '' || column.startsWith('__mv_')) return;
            const many = cells[header.indexOf(`__mv_${column}`)];
            row[column] = many ? [...many.matchAll(/\$((?:[^$]|\$\$)*)\$(?:;|$)/g)].map((m) => m[1].replaceAll('$$', '$')) : cells[i];
        });
        return row;
    });
}

function records(text) {
    const all = [];
    let row = [];
    for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
        if (end === '' && !row.length && !quoted && !bare) break;
        row.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
        if (end !== ',') { all.push(row); row = []; }
    }
    return all.length ? all : [[]];
}
