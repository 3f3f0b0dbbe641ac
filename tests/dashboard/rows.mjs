// Makes what the dashboard will read: sample events, and the baseline that our own binary learns from them.
//
//   node rows.mjs [BINARY] [SAMPLES]      writes out/rows.json
//
// The events are CloudTrail records that nobody in this project wrote (`tests/data/cloudtrail/README.md` has their
// origin): successful calls by assumed roles, every field as it was, except the time. The records come from unrelated
// accounts and years, so each is moved to a moment of the 40 days before `AS_OF`, chosen by a hash of its role and call:
// the pictures are alive and the same on every machine, but their rhythm is made up.
// Then the app's saved searches run as their schedule would: Initial once, Update every night, each `seen` in a process
// of the release binary, each `outputlookup` into the lookup that the dashboard reads.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { conf, here, repository } from './conf.mjs';
import { search } from './spl.mjs';

export const AS_OF = Date.parse('2025-06-12T09:30:00Z') / 1000;
const DAY = 86400;
const DAYS = 40;
const LOOKUP = 'previously_seen_cloud_api_calls_per_user_role';
const BASELINE = 'Previously Seen Cloud API Calls Per User Role';

/** The app's macros, with the one switch a site without the Change data model would set: calls are read from CloudTrail. */
export function macros() {
    const shipped = conf('macros');
    for (const name of ['cloud_api_calls_by_role', 'cloud_api_calls_by_role_and_object']) {
        shipped[name] = { ...shipped[name], definition: `\`${name}_from_cloudtrail\`` };
    }
    return shipped;
}

export const world = (rows, binary) => ({ ...rows, macros: macros(), binary });

function samples(folder) {
    return readdirSync(folder).filter((name) => name.endsWith('.gz')).sort().flatMap((name) => {
        const text = gunzipSync(readFileSync(path.join(folder, name))).toString();
        return name.endsWith('.ndjson.gz') ? text.trim().split('\n').map((line) => JSON.parse(line)) : JSON.parse(text).Records;
    });
}

// A record's fields as Splunk's JSON extraction names them: `a.b`, and `a{}.b` for what is in an array.
function flatten(value, name = '', out = {}) {
    if (Array.isArray(value)) for (const one of value) flatten(one, `${name}{}`, out);
    else if (value && typeof value === 'object') for (const [key, one] of Object.entries(value)) flatten(one, name ? `${name}.${key}` : key, out);
    else if (value !== null && value !== undefined && value !== '') out[name] = out[name] === undefined ? value : [out[name], value].flat();
    return out;
}

// A number in [0, 1) that depends on the text alone. The `o` is one of many that would do.
const chance = (text) => createHash('sha256').update(`o${text}`).digest().readUInt32BE(0) / 2 ** 32;

/** Half of a role's calls begin together, the others are spread; some calls are made again every few days. */
export function events(folder) {
    const out = [];
    for (const record of samples(folder)) {
        if (record.userIdentity?.type !== 'AssumedRole' || record.errorCode || !record.eventSource || !record.eventName) continue;
        const role = record.userIdentity.sessionContext?.sessionIssuer?.arn ?? record.userIdentity.arn ?? '';
        const call = `${role} ${record.eventSource} ${record.eventName}`;
        const begins = chance(call) < 0.45 ? chance(`begin ${role}`) * 0.9 + chance(`jitter ${call}`) * 0.1 : chance(`spread ${call}`);
        const first = AS_OF - DAYS * DAY * (1 - begins);
        const again = chance(`again ${call}`) < 0.5 ? 2 + Math.floor(chance(`every ${call}`) * 9) : DAYS;
        for (let at = first; at < AS_OF; at += again * DAY) {
            const _time = Math.floor(at);
            out.push({ ...flatten({ ...record, eventTime: new Date(_time * 1000).toISOString().replace('.000', '') }), _time, sourcetype: 'aws:cloudtrail', index: 'aws' });
        }
    }
    return out.sort((a, b) => a._time - b._time);
}

/** What the lookup holds after Initial, so many days ago, and an Update on every night since. */
export async function learn(sampleEvents, binary, days = 33) {
    const saved = conf('savedsearches');
    const rows = { events: sampleEvents, lookups: { [LOOKUP]: [] } };
    const run = (name, now) => search(saved[`${BASELINE} - ${name}`].search, { ...world(rows, binary), now }, {
        earliest: saved[`${BASELINE} - ${name}`]['dispatch.earliest_time'], latest: saved[`${BASELINE} - ${name}`]['dispatch.latest_time'],
    });
    await run('Initial', AS_OF - days * DAY);
    const midnight = Math.floor(AS_OF / DAY) * DAY;
    for (let night = days - 1; night >= 0; night -= 1) await run('Update', midnight - night * DAY + 41 * 60);
    return rows.lookups;
}

if (process.argv[1] === path.join(here, 'rows.mjs')) {
    const binary = path.resolve(process.argv[2] ?? process.env.UNSEEN ?? path.join(repository, 'target/release/unseen'));
    const folder = process.argv[3] ?? process.env.SAMPLES ?? path.join(repository, 'tests/data/cloudtrail');
    const made = events(folder);
    const lookups = await learn(made, binary);
    mkdirSync(path.join(here, 'out'), { recursive: true });
    writeFileSync(path.join(here, 'out/rows.json'), JSON.stringify({ now: AS_OF, events: made, lookups }));
    console.log(`rows: ${made.length} events, ${lookups[LOOKUP].length} baseline rows`);
}
