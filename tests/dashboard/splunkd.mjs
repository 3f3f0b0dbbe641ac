// The page's server: the pages themselves, and the six endpoints of splunkd that the dashboard framework asks.
//
// Exists so that the shipped definition runs its searches as in Splunk. A search is answered by `spl.mjs` over the
// sample rows; one that cannot be answered becomes a failed job and is kept in `unanswered`, which the check wants empty.
// It knows no users, permissions, quotas, previews or job lifetimes: every job is done at once.
import http from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { here } from './conf.mjs';
import { search } from './spl.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json' };
const CONTEXT = { entry: [{ content: { username: 'admin', capabilities: [], roles: ['user'] } }] };
const TIMES = {
    entry: [['d1', 'Last 24 hours', '-24h@h'], ['d7', 'Last 7 days', '-7d@h']].map(([name, label, from], i) => (
        { name, content: { label, earliest_time: from, latest_time: 'now', order: `${10 + i}`, disabled: false, is_sub_menu: false } })),
};

/** Serves `definition` over `world` until `close`. `asked` has every search: its range, number of rows and messages; `failed` says whether one failed. */
export async function splunkd(definition, world) {
    const jobs = new Map();
    const asked = [];
    const unanswered = [];
    const unknown = [];

    async function run(query, range, rows) {
        const note = { query, ...range, postProcess: rows !== undefined };
        asked.push(note);
        try {
            const done = await search(query, world, { ...range, rows: rows?.map((row) => ({ ...row })) });
            Object.assign(note, { count: done.rows.length, messages: done.messages.map(([, text]) => text) });
            return { rows: done.rows };
        } catch (error) {
            unanswered.push(`${error.message} -- in: ${query}`);
            return { failed: error.message, rows: [] };
        }
    }

    async function answer(method, url, body) {
        const u = new URL(url, 'http://x');
        const place = u.pathname.replace(/^\/en-US\/splunkd\/__raw/, '').replace(/^\/services(NS\/[^/]+\/[^/]+)?/, '');
        if (place.endsWith('/current-context')) return CONTEXT;
        if (place === '/data/ui/times') return TIMES;
        if (method === 'POST' && place === '/search/jobs') {
            const form = new URLSearchParams(body);
            const range = { earliest: form.get('earliest_time') || '0', latest: form.get('latest_time') || 'now' };
            const sid = `${jobs.size + 1}.1`;
            jobs.set(sid, { sid, range, query: form.get('search'), ...(await run(form.get('search'), range)) });
            return { sid };
        }
        if (place === '/search/jobs') return { entry: u.searchParams.getAll('id').filter((sid) => jobs.has(sid)).map((sid) => status(jobs.get(sid))) };
        if (method === 'POST' && /^\/search\/(v2\/)?jobs\/[^/]+\/control$/.test(place)) return { messages: [] };
        const [, sid, part] = place.match(/^\/search\/(?:v2\/)?jobs\/([^/]+)\/(results(?:_preview)?)$/) ?? [];
        const job = jobs.get(sid);
        if (!job || !part) return unknown.push(`${method} ${u.pathname}`) && null;
        const after = u.searchParams.get('search') ?? new URLSearchParams(body).get('search');
        return columns(after ? (await run(after, job.range, job.rows)).rows : job.rows);
    }

    const server = http.createServer(async (request, reply) => {
        let body = '';
        for await (const piece of request) body += piece;
        const send = (code, type, content) => reply.writeHead(code, { 'content-type': type }).end(content);
        const { pathname } = new URL(request.url, 'http://x');
        if (/^\/(services|en-US\/splunkd)/.test(pathname)) {
            const found = await answer(request.method, request.url, body);
            return send(!found ? 404 : request.method === 'POST' && pathname.endsWith('/search/jobs') ? 201 : 200, TYPES['.json'], JSON.stringify(found ?? { messages: [] }));
        }
        if (pathname === '/definition.json') return send(200, TYPES['.json'], JSON.stringify(definition));
        if (pathname.startsWith('/app/')) return send(200, TYPES['.html'], '<link rel="icon" href="data:,">where a drilldown leads');
        const file = path.join(here, pathname.startsWith('/out/') ? '' : 'page', pathname === '/' ? 'index.html' : pathname);
        try { return send(200, TYPES[path.extname(file)] ?? 'application/octet-stream', await readFile(file)); } catch { return send(404, 'text/plain', ''); }
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const failed = (query) => [...jobs.values()].some((job) => job.failed && job.query === query);
    return { url: `http://127.0.0.1:${server.address().port}/`, asked, failed, unanswered, unknown, close: () => server.close() };
}

function status({ sid, query, rows, failed }) {
    const n = rows.length;
    return {
        name: query,
        content: {
            sid, dispatchState: failed ? 'FAILED' : 'DONE', isDone: true, isFailed: Boolean(failed), isPaused: false, isFinalized: false, isZombie: false,
            doneProgress: 1, resultCount: n, resultPreviewCount: n, eventCount: n, scanCount: n, runDuration: 0.01, statusBuckets: 0, ttl: 600,
            messages: failed ? [{ type: 'FATAL', text: failed }] : [],
        },
    };
}

// Rows as splunkd's `json_cols`: text, or a list for a multivalue; `_time` as an ISO date; no value is null.
function columns(rows) {
    const names = [...new Set(rows.flatMap(Object.keys))];
    const cell = (name, v) => (v === undefined || v === null ? null : name === '_time' ? new Date(v * 1000).toISOString().replace('Z', '+00:00') : Array.isArray(v) ? v.map(String) : String(v));
    return { preview: false, init_offset: 0, messages: [], fields: names.map((name) => ({ name })), columns: names.map((name) => rows.map((row) => cell(name, row[name]))) };
}
