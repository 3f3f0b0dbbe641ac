// Makes what the dashboard will read: the collections after forty days of the app's schedules, and the reports' last results.
//
//   node rows.mjs [BINARY]      writes out/rows.json
//
// The events are those of `company.mjs`. The app's saved searches run as their schedules would: Initial once, Update,
// Reconcile and Totals every night, the detection and the ranking every hour of the last nine days; each `seen` and `unseen` in a process of
// the binary, each `outputlookup` into the collection that the dashboard reads. Then people mark what they marked.
// Unseen - Health reads splunkd's own log, which does not exist here: its last result is empty, or what a check puts there.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AS_OF, DECISIONS, events, userOf } from './company.mjs';
import { conf, here, repository } from './conf.mjs';
import { sha256 } from './expression.mjs';
import { search } from './spl.mjs';

const DAY = 86400;
export const BASELINE = 'previously_seen_cloud_api_calls_per_user_role';
export const DETECTION = 'Cloud API Calls From Previously Unseen User Roles';
const LEARNS = 'Previously Seen Cloud API Calls Per User Role';
const RANKING = 'Cloud Role Making Unusual New API Calls';
const SAVED = conf('savedsearches');

export const world = (rows, binary) => ({ ...rows, macros: conf('macros'), transforms: conf('transforms'), binary });

/** The `_key` of a pair, as the app's searches compute it. */
export const keyOf = (user, command) => sha256(sha256(user) + sha256(command));

export const empty = () => Object.fromEntries(Object.keys(conf('collections')).map((name) => [name, []]));

/** What the collections and the reports hold at AS_OF, if Initial ran so many days before. */
export async function live(someEvents, binary, days = 33) {
    const rows = { events: someEvents, lookups: empty(), jobs: { 'Unseen - Health': [] } };
    const start = AS_OF - days * DAY;
    await run(`${LEARNS} - Initial`, start, rows, binary);
    for (const [name, at] of schedule(start)) rows.jobs[name] = await run(name, at, rows, binary);
    return rows;
}

// Each scheduled run, in order of time. Of five cron fields the first two are enough here.
function schedule(start) {
    const runs = [];
    for (const name of [`${LEARNS} - Update`, DETECTION, 'Unseen - Reconcile', 'Unseen - Totals', RANKING]) {
        const [minute, hour] = SAVED[name].cron_schedule.split(' ');
        const from = hour === '*' ? Math.max(start, AS_OF - 9 * DAY) : start;
        const every = hour === '*' ? 3600 : DAY;
        const offset = (hour === '*' ? 0 : Number(hour) * 3600) + Number(minute) * 60;
        for (let at = Math.ceil((from - offset) / every) * every + offset; at <= AS_OF; at += every) runs.push([name, at]);
    }
    return runs.sort(([, a], [, b]) => a - b);
}

async function run(name, now, rows, binary) {
    const { search: text, 'dispatch.earliest_time': earliest, 'dispatch.latest_time': latest } = SAVED[name];
    const sid = `scheduler__nobody__unseen__RMD5${sha256(name).slice(0, 16)}_at_${now}_1`;
    return (await search(text, { ...world(rows, binary), now }, { earliest, latest, sid })).rows;
}

/** A mark, as a person's click stores it. */
export const mark = (key, status, rows, binary) => search(`| \`unseen_mark("${key}", "${status}")\``, world(rows, binary));

if (process.argv[1] === path.join(here, 'rows.mjs')) {
    const binary = path.resolve(process.argv[2] ?? process.env.UNSEEN ?? path.join(repository, 'target/release/unseen'));
    const rows = { now: AS_OF, ...(await live(events(), binary)) };
    for (const [role, call, status] of DECISIONS) await mark(keyOf(userOf(role), call), status, rows, binary);
    mkdirSync(path.join(here, 'out'), { recursive: true });
    writeFileSync(path.join(here, 'out/rows.json'), JSON.stringify(rows));
    const { [BASELINE]: known, unseen_detections: reported, unseen_rankings: ranked } = rows.lookups;
    console.log(`rows: ${rows.events.length} events, ${known.length} baseline rows, ${reported.length} detections, ${ranked.length} rankings`);
}
