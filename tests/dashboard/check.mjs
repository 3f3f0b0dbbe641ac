// Looks at the dashboard as a reader would, in Chromium, and says what holds: one line a check, then a count.
//
//   node check.mjs [pictures]      after build.mjs and rows.mjs; `pictures` renews docs/pictures
//
// What should be on screen is worked out here a second time, from the sample events alone and without any SPL. It is not
// known here what a running Splunk would make of the searches: they are answered by spl.mjs.
import { execSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { conf, here, repository, view } from './conf.mjs';
import { learn, world } from './rows.mjs';
import { search } from './spl.mjs';
import { splunkd } from './splunkd.mjs';

const BINARY = path.resolve(process.env.UNSEEN ?? path.join(repository, 'target/release/unseen'));
const LOOKUP = 'previously_seen_cloud_api_calls_per_user_role';
const DAY = 86400;
const rows = JSON.parse(readFileSync(path.join(here, 'out/rows.json')));
const { xml, definition } = view();
const { dataSources, visualizations, layout } = definition;
const queries = Object.entries(dataSources).map(([id, { options }]) => [id, options.query]);

let passed = 0;
const failed = [];
async function check(claim, holds) {
    try {
        const found = await holds();
        if (found !== true) throw new Error(JSON.stringify(found));
        passed += 1;
        console.log(`ok    ${claim}`);
    } catch (error) {
        failed.push(claim);
        console.log(`FAIL  ${claim}\n      ${String(error.message).slice(0, 1500)}`);
    }
}
const none = (found) => (found.length === 0 ? true : found);
const same = (a, b) => (JSON.stringify(a) === JSON.stringify(b) ? true : { found: a, expected: b });

// ---- What the sample events say, without SPL.

/** A role's call, as the CloudTrail macros name it: `<account>:role/<role>`, or the ARN, and `<service>:<eventName>`. */
function keyOf(event) {
    const session = 'userIdentity.sessionContext.sessionIssuer.';
    const account = event[`${session}accountId`] ?? event['userIdentity.accountId'];
    const name = event[`${session}userName`] ?? event['userIdentity.arn']?.match(/:assumed-role\/([^/]+)/)?.[1];
    const role = account && name ? `${account}:role/${name}` : event['userIdentity.arn'];
    return role && JSON.stringify([role, `${event.eventSource.replace(/\.amazonaws\.com$/, '')}:${event.eventName}`]);
}
function firsts(events) {
    const first = new Map();
    for (const event of events) {
        const key = keyOf(event);
        if (key && !(first.get(key) <= event._time)) first.set(key, event._time);
    }
    return first;
}
const windowOpens = Math.floor((rows.now - DAY) / 3600) * 3600;
const firstSeen = firsts(rows.events);
const detected = [...firstSeen].filter(([, at]) => at > windowOpens).map(([key]) => JSON.parse(key));
const lastUpdate = Math.floor(rows.now / DAY) * DAY + 41 * 60;
const known = [...firstSeen].filter(([, at]) => at < lastUpdate);
const knownRoles = new Set(known.map(([key]) => JSON.parse(key)[0]));
const today = Math.floor(rows.now / DAY) * DAY;
const shown = (role) => role.replace(/^\d*(\d{4}):role\/(.+)/, '$2 $1');
function newlyBusy() {
    const calls = {};
    for (const [key, at] of known) if (at >= today - 6 * DAY) calls[JSON.parse(key)[0]] = (calls[JSON.parse(key)[0]] ?? 0) + 1;
    return Object.entries(calls).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10);
}

// ---- The files

await check('the view is a Dashboard Studio view with a label', () => /^<dashboard version="2" theme="light">/.test(xml) && xml.includes('<label>Unseen</label>'));
await check('the menu leads to views that exist', () => {
    const nav = readFileSync(path.join(repository, 'splunk_app/default/data/ui/nav/default.xml'), 'utf8');
    const everywhere = ['search', 'reports', 'alerts', 'dashboards', 'datasets'];
    const missing = [...nav.matchAll(/<view name="(\w+)"/g)].map(([, name]) => name)
        .filter((name) => !everywhere.includes(name) && !existsSync(path.join(repository, `splunk_app/default/data/ui/views/${name}.xml`)));
    return none(missing);
});
await check('every data source that is used exists, and every one that exists is used', () => {
    const used = new Set([...Object.values(visualizations).flatMap((viz) => Object.values(viz.dataSources ?? {})), ...Object.values(dataSources).map((ds) => ds.options.extend)].filter(Boolean));
    return same([...used].sort(), Object.keys(dataSources).sort());
});
await check('every visualization and input has its place, and every place its item', () => {
    const placed = [...layout.structure.map(({ item }) => item), ...layout.globalInputs];
    return same(placed.sort(), [...Object.keys(visualizations), ...Object.keys(definition.inputs)].sort());
});
await check('the baseline panels read the lookup once: one base search, the rest are chained to it', () => {
    const reading = queries.filter(([, query]) => /\binputlookup\b/.test(query)).map(([id]) => id);
    const chained = Object.entries(dataSources).filter(([, ds]) => ds.type === 'ds.chain' && ds.options.extend === 'ds_baseline').length;
    return same([reading, chained], [['ds_baseline'], Object.keys(dataSources).length - 2]);
});
await check('windows are said in macros only: no query has one of its own', () => none(queries.filter(([, query]) => /"-\d+\w/.test(query)).map(([id]) => id)));
await check('the detections panel runs the saved detection, word for word', () => {
    const flat = (text) => text.replace(/\s+/g, ' ').trim();
    const saved = flat(conf('savedsearches')['Cloud API Calls From Previously Unseen User Roles'].search);
    return flat(dataSources.ds_detections.options.query).startsWith(`${saved} | sort 200 `) || saved;
});
await check('the table is bounded in its search and on the page', () => none(Object.entries(visualizations)
    .filter(([, viz]) => viz.type === 'splunk.table' && !(viz.options.count > 0 && /\| (sort|head) [1-9]\d*/.test(dataSources[viz.dataSources.primary].options.query))).map(([id]) => id)));
await check('the icons are PNG files of 36 and 72 pixels', () => none(['appIcon', 'appIconAlt'].flatMap((name) => [[name, 36], [`${name}_2x`, 72]]).filter(([name, side]) => {
    const png = readFileSync(path.join(repository, `splunk_app/static/${name}.png`));
    return png.toString('latin1', 1, 4) !== 'PNG' || png.readUInt32BE(16) !== side || png.readUInt32BE(20) !== side;
})));

// ---- The browser

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium', { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** Opens the dashboard over some rows; `use` gets the page, the server and what went wrong. */
async function open(someRows, { scheme = 'light', page: file = '', shows } = {}, use = async () => {}) {
    const server = await splunkd(definition, world(someRows, BINARY));
    const context = await browser.newContext({ viewport: { width: 1460, height: 1400 }, timezoneId: 'UTC', locale: 'en-US' });
    const wrong = [];
    context.on('request', (request) => { if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) wrong.push(`left the host: ${request.url()}`); });
    context.on('response', (response) => { if (response.status() >= 400) wrong.push(`${response.status()} ${response.url()}`); });
    context.on('console', (message) => { if (message.type() === 'error') wrong.push(`console: ${message.text()}`); });
    context.on('weberror', ({ error }) => wrong.push(`page: ${error().message}`));
    const page = await context.newPage();
    try {
        await page.goto(`${server.url}${file}?scheme=${scheme}`);
        if (shows) {
            await page.getByText(shows, { exact: true }).first().waitFor({ timeout: 30000 }).catch(() => wrong.push(`never showed: ${shows}`));
            await settled(page, server);
        }
        await use({ page, server, wrong });
    } catch (error) {
        await check(`the page stays up${shows ? ` and shows: ${shows}` : ''}`, () => { throw error; });
    } finally {
        await context.close();
        server.close();
    }
}
// Every search was asked, and the picture has not changed for a second: charts grow into place.
async function settled(page, server) {
    let before = '';
    for (let still = 0, tries = 0; still < 3 && tries < 100; tries += 1) {
        await page.waitForTimeout(350);
        const now = await page.evaluate(() => document.body.innerHTML);
        still = now === before && queries.every(([, query]) => server.asked.some((one) => one.query === query)) ? still + 1 : 0;
        before = now;
    }
}
// What is written on the page, in SVG too; a truncated label's `<title>` has all of it.
const texts = (page) => page.evaluate(() => `${document.body.innerText}\n${[...document.querySelectorAll('svg text, svg title')].map((e) => e.textContent).join('\n')}`);
const clean = ({ wrong, server }) => none([...wrong, ...server.unanswered, ...server.unknown]);

// The validator knows the newer layout only; the older one, which Splunk 9 reads too, holds the same items.
const { globalInputs, ...grid } = layout;
const newer = { ...definition, layout: { globalInputs, tabs: { items: [{ layoutId: 'one', label: 'Unseen' }] }, layoutDefinitions: { one: grid } } };
await open(rows, { page: 'validate.html' }, async ({ page }) => {
    await page.waitForFunction(() => window.validateDefinition);
    const faults = async (change) => {
        const spoilt = structuredClone(newer);
        change(spoilt);
        const found = await page.evaluate((it) => window.validateDefinition(it), spoilt);
        return Array.isArray(found) ? found : found ? [found] : [];
    };
    await check('Splunk\'s validator accepts the definition', async () => none(await faults(() => {})));
    await check('Splunk\'s validator refuses a visualization that does not exist', async () => (await faults((it) => { it.visualizations.viz_days.type = 'splunk.nope'; })).length > 0);
    await check('Splunk\'s validator refuses an option of the wrong type', async () => (await faults((it) => { it.visualizations.viz_days.options.showMaxValuePulsation = 5; })).length > 0);
    await check('Splunk\'s validator refuses a place for an item that does not exist', async () => (await faults((it) => { it.layout.layoutDefinitions.one.structure[0].item = 'viz_nope'; })).length > 0);
});

await open(rows, { shows: 'Mature' }, async (it) => {
    const { page, server } = it;
    const seen = await texts(page);
    const lines = new Set(seen.split('\n').map((line) => line.trim()));
    await check('every panel\'s search was asked and answered', () => {
        const asked = new Set(server.asked.map(({ query }) => query));
        return none([...queries.filter(([, query]) => !asked.has(query)).map(([id]) => `not asked: ${id}`), ...server.unanswered]);
    });
    await check('the health figures are those of the sample events', () => {
        const age = Math.floor((rows.now - Math.min(...known.map(([, at]) => at))) / DAY);
        const newest = Math.max(...rows.events.filter((event) => keyOf(event) && event._time < lastUpdate).map((event) => event._time));
        return none(['Mature', `${known.length}`, `${knownRoles.size}`, `${age} d`, `${Math.round((rows.now - newest) / 3600)} h ago`, '0 %'].filter((text) => !lines.has(text)));
    });
    await check(`the detections are the ${detected.length} calls that are new in the sample events`, async () => {
        const cells = await page.locator('table tbody tr').evaluateAll((trs) => trs.map((tr) => [...tr.querySelectorAll('td')].map((td) => td.innerText.trim())));
        return same(cells.map(([, role, call]) => `${role} ${call}`).sort(), detected.map(([role, call]) => `${role} ${call}`).sort());
    });
    await check('the newly busy roles are those of the sample events', () => {
        const cutShort = [...lines].map((line) => line.split('...')).filter((parts) => parts.length === 2);
        return none(newlyBusy().map(([role]) => shown(role)).filter((role) => !lines.has(role) && !cutShort.some(([start, end]) => role.startsWith(start) && role.endsWith(end))));
    });
    await check('the growth has a column for each of 30 days, and they add up', async () => {
        const { query } = dataSources.ds_growth.options;
        const answer = server.asked.find((one) => one.query === query);
        const base = (await search(dataSources.ds_baseline.options.query, world(rows, BINARY))).rows;
        const days = (await search(query, world(rows, BINARY), { rows: base, earliest: '-29d@d', latest: 'now' })).rows;
        return same([answer.count, days.reduce((sum, day) => sum + Number(day['new pairs']), 0)], [30, known.filter(([, at]) => at >= today - 29 * DAY).length]);
    });
    await page.screenshot({ path: path.join(here, 'out/dashboard-light.png') });

    // A detection of 24 hours ago must be found by its drilldown with nothing of the app at hand.
    await check('a click on a detection leads to the search page, role and call quoted', async () => {
        const row = page.locator('table tbody tr').first();
        const [, role, call] = await row.locator('td').allInnerTexts();
        const found = await drilldown(page, row);
        const events = rows.events.filter((event) => event._time >= windowOpens && keyOf(event) === JSON.stringify([role.trim(), call.trim()]));
        return same([found.path, found.earliest, found.latest, found.own, found.events], ['/app/unseen/search', '-24h@h', 'now', [], events.map(({ eventID, _time }) => [eventID, _time])]);
    });
    await check('light: no error, nothing unanswered, nothing asked of another host', () => clean(it));
});

// Where a click on a row leads, and what its search finds without the app's macros and lookups.
async function drilldown(page, row) {
    const [popup] = await Promise.all([page.waitForEvent('popup'), row.locator('td').nth(2).click()]);
    await popup.waitForLoadState();
    const url = new URL(popup.url());
    const q = url.searchParams.get('q');
    const range = { earliest: url.searchParams.get('earliest'), latest: url.searchParams.get('latest') };
    const own = ['`', ...Object.keys(conf('commands')), ...Object.keys(conf('transforms'))].filter((name) => (name === '`' ? q.includes(name) : new RegExp(`(\\||lookup)\\s*${name}\\b`).test(q)));
    const found = await search(q, { now: rows.now, events: rows.extra ?? rows.events, macros: {}, lookups: {} }, range);
    await popup.close();
    return { path: url.pathname, ...range, own, q, events: found.rows.map(({ eventID, _time }) => [eventID, _time]) };
}

await open(rows, { scheme: 'dark', shows: 'Mature' }, async (it) => {
    await check('dark: the panels are dark, and no error', async () => {
        const light = await it.page.locator('table tbody td').first().evaluate((td) => {
            for (let e = td; e; e = e.parentElement) {
                const rgb = getComputedStyle(e).backgroundColor.match(/[\d.]+/g).map(Number);
                if (rgb.length === 3 || rgb[3] > 0.5) return Math.max(...rgb.slice(0, 3));
            }
            return 255;
        });
        return light < 60 ? clean(it) : { light };
    });
    await it.page.screenshot({ path: path.join(here, 'out/dashboard-dark.png') });
});

// ---- Other states of the baseline

await open({ ...rows, lookups: { [LOOKUP]: [] } }, { shows: 'No baseline yet: run Initial' }, async (it) => {
    await check('an empty baseline says: run Initial; every panel still stands', async () => {
        const seen = await texts(it.page);
        const missing = ['No baseline yet: run Initial', ...Object.values(visualizations).map((viz) => viz.title)].filter((text) => !seen.includes(text));
        return missing.length ? missing : clean(it);
    });
});
const since = rows.events.filter((event) => event._time > today - DAY);
await open({ ...rows, lookups: await learn(since, BINARY, 1) }, { shows: 'Learning until 19 Jun' }, async (it) => {
    await check('a young baseline says until when it learns, the day that the binary names, and reports nothing', async () => {
        const said = it.server.asked.flatMap(({ messages }) => messages ?? []).find((text) => text.includes('still learning'));
        if (!said?.includes('from 2025-06-19')) return { said };
        return (await it.page.locator('table tbody tr').count()) ? 'rows came' : clean(it);
    });
});
await open({ ...rows, now: rows.now + 4 * DAY }, { shows: '4 d ago' }, async (it) => {
    await check('a baseline that is no longer updated shows its age', () => clean(it));
});
// A role's name is text that others choose.
const nasty = String.raw`a "b" \c & d|e %41 $x$`;
const last = rows.events.filter((event) => keyOf(event) === JSON.stringify(detected[0])).at(-1);
rows.extra = [...rows.events, { ...last, _time: rows.now - 60, 'userIdentity.sessionContext.sessionIssuer.userName': nasty, 'userIdentity.sessionContext.sessionIssuer.accountId': '111122223333' }];
await open({ ...rows, events: rows.extra }, { shows: 'Mature' }, async (it) => {
    await check('a role\'s name with quotes, backslashes, dollars and ampersands stays one value in the drilldown', async () => {
        const found = await drilldown(it.page, it.page.locator('table tbody tr').filter({ hasText: '|e %41' }));
        const quoted = JSON.stringify(`111122223333:role/${nasty}`);
        return found.q.split(quoted).length === 4 ? same(found.events, [[last.eventID ?? null, rows.now - 60]]) : found.q;
    });
});

await browser.close();
if (process.argv[2] === 'pictures') for (const scheme of ['light', 'dark']) copyFileSync(path.join(here, `out/dashboard-${scheme}.png`), path.join(repository, `docs/pictures/dashboard-${scheme}.png`));
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length ? 1 : 0;
