// Looks at the dashboard as a reader would, in Chromium, and says what holds: one line a check, then a count.
//
//   node check.mjs [pictures]      after build.mjs and rows.mjs; `pictures` renews docs/pictures
//
// What should be on screen is worked out here a second time, from the company's events alone and without any SPL. It is not
// known here what a running Splunk would make of the searches: they are answered by spl.mjs.
import { execSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { check, end, none } from './claims.mjs';
import { DECISIONS, userOf } from './company.mjs';
import { conf, here, repository, view } from './conf.mjs';
import { empty, keyOf, live, mark, world } from './rows.mjs';
import { search } from './spl.mjs';
import { splunkd } from './splunkd.mjs';

const BINARY = path.resolve(process.env.UNSEEN ?? path.join(repository, 'target/release/unseen'));
const HOUR = 3600;
const DAY = 24 * HOUR;
const rows = JSON.parse(readFileSync(path.join(here, 'out/rows.json')));
const { xml, definition } = view();
const { dataSources, visualizations, layout } = definition;
const queries = Object.entries(dataSources).map(([id, { options }]) => [id, options.query]);

const same = (a, b) => (JSON.stringify(a) === JSON.stringify(b) ? true : { found: a, expected: b });

// ---- What the events say, without SPL.

/** A role's call, as the app names it: `<account>:role/<role>` and `<service>:<eventName>`. */
function pairOf(event) {
    const issuer = 'userIdentity.sessionContext.sessionIssuer.';
    return [`${event[`${issuer}accountId`]}:role/${event[`${issuer}userName`]}`, `${event.eventSource.replace(/\.amazonaws\.com$/, '')}:${event.eventName}`];
}
const uses = new Map();
for (const event of rows.events) {
    const pair = JSON.stringify(pairOf(event));
    uses.set(pair, [...(uses.get(pair) ?? []), event]);
}
const firsts = [...uses].map(([pair, [first]]) => ({ pair: JSON.parse(pair), at: first._time }));
// The detection runs at 17 minutes past each hour, Update at 00:41, Totals at 01:23.
const nextRun = (at) => Math.floor((at - 17 * 60) / HOUR) * HOUR + HOUR + 17 * 60;
const today = Math.floor(rows.now / DAY) * DAY;
const known = firsts.filter(({ at }) => at < today + 41 * 60);
const knownRoles = new Set(known.map(({ pair: [role] }) => role));
const reported = firsts.filter(({ at }) => nextRun(at) <= rows.now && nextRun(at) >= rows.now - 7 * DAY);
const marks = new Map(DECISIONS.map(([role, call, status]) => [JSON.stringify([userOf(role), call]), status]));
const statusOf = ({ pair }) => marks.get(JSON.stringify(pair)) ?? 'new';
const listed = reported.filter((one) => statusOf(one) !== 'expected');
const attacksFirst = (a, b) => (statusOf(b) === 'attack') - (statusOf(a) === 'attack');
const newestFirst = (a, b) => nextRun(b.at) - nextRun(a.at) || (a.pair.join(' ') < b.pair.join(' ') ? -1 : 1);
const ranks = new Map(rows.lookups.unseen_rankings.map((rank) => [rank._key, rank]));
const rankOf = ({ pair: [role, call] }) => ranks.get(keyOf(role, call));
/** The sentence's clause about all roles: of those known a day before the pair's first use, how many make its call. */
function othersWho({ pair: [role, call], at }) {
    const before = firsts.filter((one) => one.pair[0] !== role && one.at < at - DAY);
    const makers = before.filter((one) => one.pair[1] === call).length;
    return `${makers || 'none'} of the ${new Set(before.map((one) => one.pair[0])).size} other roles ${makers > 1 ? 'make' : 'makes'} it`;
}
const shown = (role) => role.replace(/^\d*(\d{4}):role\/(.+)/, '$2 $1');
function newlyBusy() {
    const calls = {};
    for (const { pair: [role], at } of known) if (at >= today - 6 * DAY) calls[role] = (calls[role] ?? 0) + 1;
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
await check('no panel reads events, runs a detection, writes, or reads the baseline', () => {
    const allowed = /^(inputlookup unseen_(state|detections)\b|loadjob |lookup local=true unseen_|(addinfo|eval|eventstats|fillnull|mvexpand|rename|sort|stats|table|timechart|untable|where)\b)/;
    return none(queries.flatMap(([id, query]) => query.split('\n').filter((line) => !allowed.test(line.replace(/^\| /, ''))).map((line) => `${id}: ${line}`)));
});
await check('the reports whose last result is shown are shipped, and scheduled', () => {
    const shipped = conf('savedsearches');
    return none(queries.flatMap(([, query]) => [...query.matchAll(/loadjob savedsearch="nobody:unseen:([^"]+)"/g)].map(([, name]) => name)).filter((name) => shipped[name]?.enableSched !== '1'));
});
await check('windows stand in macros only: no query has one of its own', () => none(queries.filter(([, query]) => /"-\d+\w/.test(query)).map(([id]) => id)));
await check('every table is bounded on the page', () => none(Object.entries(visualizations).filter(([, viz]) => viz.type === 'splunk.table' && !(viz.options.count > 0)).map(([id]) => id)));
await check('the icons are PNG files of 36 and 72 pixels', () => none(['appIcon', 'appIconAlt'].flatMap((name) => [[name, 36], [`${name}_2x`, 72]]).filter(([name, side]) => {
    const png = readFileSync(path.join(repository, `splunk_app/static/${name}.png`));
    return png.toString('latin1', 1, 4) !== 'PNG' || png.readUInt32BE(16) !== side || png.readUInt32BE(20) !== side;
})));
const [, workflow] = Object.entries(conf('workflow_actions'))[0];
await check('the workflow action leads to this dashboard, and sets a token that it has', () => {
    const [, page, token] = workflow['link.uri'].match(/^\/app\/unseen\/(\w+)\?form\.(\w+)=\$key\$$/) ?? [];
    return same([page, Object.values(definition.inputs).filter(({ options }) => options.token === token).length], ['unseen', 1]);
});

// ---- The browser

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium', { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** Opens the dashboard over some rows; `use` gets the page, the server and what went wrong. */
async function open(someRows, { scheme = 'light', page: file = '', form = {}, shows } = {}, use = async () => {}) {
    const server = await splunkd(definition, world(someRows, BINARY));
    const context = await browser.newContext({ viewport: { width: 1460, height: 2430 }, timezoneId: 'UTC', locale: 'en-US' });
    const wrong = [];
    context.on('request', (request) => { if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) wrong.push(`left the host: ${request.url()}`); });
    context.on('response', (response) => { if (response.status() >= 400) wrong.push(`${response.status()} ${response.url()}`); });
    context.on('console', (message) => { if (message.type() === 'error') wrong.push(`console: ${message.text()}`); });
    context.on('weberror', ({ error }) => wrong.push(`page: ${error().message}`));
    const page = await context.newPage();
    try {
        await page.goto(`${server.url}${file}?${new URLSearchParams({ scheme, ...form })}`);
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
// A query as it is asked: its tokens have values.
const asked = (server, query) => {
    const pattern = new RegExp(`^${query.split(/\$\w+(?:\|s)?\$/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*')}$`);
    return server.asked.filter((one) => pattern.test(one.query));
};
// Every search was asked, and the picture has not changed for a second: charts grow into place.
async function settled(page, server) {
    let before = '';
    for (let still = 0, tries = 0; still < 3 && tries < 100; tries += 1) {
        await page.waitForTimeout(350);
        const now = await page.evaluate(() => document.body.innerHTML);
        const waiting = queries.filter(([id, query]) => !server.failed(dataSources[id].options.extend ? dataSources[dataSources[id].options.extend].options.query : '') && !asked(server, query).length);
        still = now === before && !waiting.length ? still + 1 : 0;
        before = now;
    }
}
// What is written on the page, in SVG too; a truncated label's `<title>` has all of it.
const texts = (page) => page.evaluate(() => `${document.body.innerText}\n${[...document.querySelectorAll('svg text, svg title')].map((e) => e.textContent).join('\n')}`);
const clean = ({ wrong, server }) => none([...wrong, ...server.unanswered, ...server.unknown]);
// The panel with that title, the rows of its table as text, and the figure that it shows.
const panel = (page, title) => page.locator('[data-test="viz-item"]').filter({ has: page.getByText(title, { exact: true }) });
const cells = (page, title) => panel(page, title).locator('tbody tr').evaluateAll((trs) => trs.map((tr) => [...tr.querySelectorAll('td')].map((td) => td.innerText.trim())));
const figure = (page, title) => panel(page, title).locator('[data-test="majorValue"]').textContent();
/** Clicks, and gives where it leads: the path, its query, and the names of ours in it. */
async function leads(page, element) {
    const [popup] = await Promise.all([page.waitForEvent('popup'), element.click()]);
    await popup.waitForLoadState();
    const url = new URL(popup.url());
    await popup.close();
    const q = url.searchParams.get('q');
    const range = { earliest: url.searchParams.get('earliest'), latest: url.searchParams.get('latest') };
    return { path: url.pathname, q, range };
}

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

const attack = DECISIONS.find(([, , status]) => status === 'attack');
await open(rows, { shows: 'Mature', form: { 'form.key': keyOf(userOf(attack[0]), attack[1]) } }, async (it) => {
    const { page, server } = it;
    const lines = new Set((await texts(page)).split('\n').map((line) => line.trim()));
    await check('every panel\'s search was asked and answered', () => none([...queries.filter(([, query]) => !asked(server, query).length).map(([id]) => `not asked: ${id}`), ...server.unanswered]));
    await check('the figures are those of the events and of the marks', () => {
        const age = Math.floor((rows.now - Math.min(...known.map(({ at }) => at))) / DAY);
        const newest = Math.max(...rows.events.filter((event) => event._time < today + 41 * 60).map((event) => event._time));
        const counts = ['new', 'attack'].map((status) => `${reported.filter((one) => statusOf(one) === status).length}`);
        return none(['Mature', `${Math.round((rows.now - newest) / HOUR)} h ago`, ...counts, '0', `${known.length}`, `${knownRoles.size}`, `${age} d`, '0 %'].filter((text) => !lines.has(text)));
    });
    await check(`the list has the ${listed.length} detections of the week that are not marked as expected`, async () => {
        const found = (await cells(page, 'Detections')).map(([status, , role, call]) => `${role} ${call} ${status}`);
        return same(found.sort(), listed.map((one) => `${one.pair.join(' ')} ${statusOf(one)}`).sort());
    });
    await check('attacks come first, then the most surprising, then the newest; each with its score and its reason', async () => {
        const found = (await cells(page, 'Detections')).map(([, , role, call, surprise, why]) => [`${role} ${call}`, surprise, why]);
        const order = [...listed].sort((a, b) => attacksFirst(a, b) || rankOf(b).surprise - rankOf(a).surprise || newestFirst(a, b));
        return same(found, order.map((one) => [one.pair.join(' '), `${Math.round(rankOf(one).surprise * 10) / 10}`, rankOf(one).reason]));
    });
    await check('each reason counts the other roles that make the call as the events do', () => none(listed.filter((one) => !rankOf(one).reason.includes(`; ${othersWho(one)}`)).map((one) => [one.pair, othersWho(one), rankOf(one).reason])));
    await check('the attacked role alone passes the threshold, and the new role is one row', () => {
        const alerted = rows.lookups.unseen_rankings.filter(({ kind, alerted: at }) => kind === 'role' && Number(at) > 0);
        return same(alerted.map(({ user }) => user).sort(), [userOf('invoice-exporter'), userOf(attack[0])].sort());
    });
    await check('the address of a detection opens it: role, call, objects, address, mark, score, reason', async () => {
        const about = Object.fromEntries(await cells(page, 'The chosen detection'));
        const [first] = uses.get(JSON.stringify([userOf(attack[0]), attack[1]]));
        return same([about.Role, about.Call, about.On, about.From, about.Status.split(' ')[0], about.Surprise, about.Why], [userOf(attack[0]), attack[1], first['resources{}.ARN'], first.sourceIPAddress, 'attack', '8.9', rankOf({ pair: [userOf(attack[0]), attack[1]] }).reason]);
    });
    await check('the newly busy roles are those of the events', () => {
        const cutShort = [...lines].map((line) => line.split('...')).filter((parts) => parts.length === 2);
        return none(newlyBusy().map(([role]) => shown(role)).filter((role) => !lines.has(role) && !cutShort.some(([start, end]) => role.startsWith(start) && role.endsWith(end))));
    });
    await check('the growth has a column for each of 30 days, and they add up', async () => {
        const { query } = dataSources.ds_growth.options;
        const days = (await search(query, world(rows, BINARY), { rows: rows.jobs['Unseen - Totals'], earliest: '-29d@d', latest: 'now' })).rows;
        return same([asked(server, query)[0].count, days.reduce((sum, day) => sum + Number(day['new pairs']), 0)], [30, known.filter(({ at }) => at >= today - 29 * DAY).length]);
    });
    await page.screenshot({ path: path.join(here, 'out/dashboard-light.png') });
    await panel(page, 'The chosen detection').screenshot({ path: path.join(here, 'out/alert.png') });

    await check('a click on a detection shows it', async () => {
        const [, , role, call] = (await cells(page, 'Detections'))[3];
        await panel(page, 'Detections').locator('tbody tr').nth(3).locator('td').nth(2).click();
        await panel(page, 'The chosen detection').getByText(call, { exact: true }).waitFor({ timeout: 10000 });
        const about = Object.fromEntries(await cells(page, 'The chosen detection'));
        return same([about.Role, about.Call], [role, call]);
    });
    await check('a click on the chosen detection finds its events with nothing of the app at hand, and names it by its key', async () => {
        const about = Object.fromEntries(await cells(page, 'The chosen detection'));
        const found = await leads(page, panel(page, 'The chosen detection').locator('tbody tr td').nth(1));
        const events = (await search(found.q, { now: rows.now, events: rows.events, macros: {}, lookups: {} }, found.range)).rows;
        const expected = uses.get(JSON.stringify([about.Role, about.Call]));
        return same([found.path, found.q.includes('`'), found.q.includes(about.Call), events.map(({ eventID }) => eventID)], ['/app/unseen/search', false, false, expected.map(({ eventID }) => eventID)]);
    });
    await check('a click on a mark opens the search that stores it', async () => {
        const about = Object.fromEntries(await cells(page, 'The chosen detection'));
        const found = await leads(page, panel(page, 'Mark it').locator('tbody tr').filter({ hasText: 'expected' }).first().locator('td').first());
        const marked = structuredClone(rows);
        await search(found.q, world(marked, BINARY));
        const stored = marked.lookups.unseen_decisions.find(({ _key }) => _key === keyOf(about.Role, about.Call));
        return same([found.path, stored?.status, marked.lookups.unseen_decisions.length], ['/app/unseen/search', 'expected', rows.lookups.unseen_decisions.length + 1]);
    });
    await check('light: no error, nothing unanswered, nothing asked of another host', () => clean(it));
});

await open(rows, { scheme: 'dark', shows: 'Mature', form: { 'form.key': keyOf(userOf(attack[0]), attack[1]) } }, async (it) => {
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

// ---- Other marks, ranks and ranges

await open(rows, { shows: 'Mature', form: { 'form.status': 'expected' } }, async ({ page }) => {
    await check('the status picks: expected ones alone', async () => same((await cells(page, 'Detections')).map(([status, , role, call]) => `${role} ${call} ${status}`).sort(),
        reported.filter((one) => statusOf(one) === 'expected').map((one) => `${one.pair.join(' ')} expected`).sort()));
});
const alertedAgain = structuredClone(rows);
for (const record of alertedAgain.lookups.unseen_detections) if (record.command === 'rds:ModifyDBCluster') record.alerted = rows.now + 60;
await open({ ...alertedAgain, now: rows.now + HOUR }, { shows: 'Mature' }, async ({ page }) => {
    await check('what is expected is new again after a newer alert', async () => (await cells(page, 'Detections')).some(([status, , , call]) => status === 'new' && call === 'rds:ModifyDBCluster'));
});
const ahead = structuredClone(rows);
for (const decision of ahead.lookups.unseen_decisions) decision.decided = rows.now + 365 * DAY;
await open(ahead, { shows: 'Mature', form: { 'form.status': 'expected' } }, async ({ page }) => {
    await check('a decision of the future keeps nothing off the list', async () => none(await cells(page, 'Detections')));
});
const unranked = structuredClone(rows);
unranked.lookups.unseen_rankings = [];
await open(unranked, { shows: 'Mature' }, async ({ page }) => {
    await check('where nothing is ranked the list says so, and goes by time', async () => {
        const found = (await cells(page, 'Detections')).map(([, , role, call, surprise]) => [`${role} ${call}`, surprise]);
        const order = [...listed].sort((a, b) => attacksFirst(a, b) || newestFirst(a, b));
        return same(found, order.map(({ pair }) => [pair.join(' '), 'not ranked']));
    });
});
const ranked = structuredClone(unranked);
const [least, most] = [listed.find((one) => statusOf(one) === 'new'), listed.filter((one) => statusOf(one) === 'new').at(-1)];
for (const [{ pair: [user, command] }, surprise] of [[least, '0'], [most, '31.25']]) ranked.lookups.unseen_rankings.push({ _key: keyOf(user, command), kind: 'pair', user, command, surprise, reason: 'none of the 12 roles most like it make this call' });
await open(ranked, { shows: 'Mature' }, async ({ page }) => {
    await check('the most surprising comes first, an ordinary one before those that are not ranked, each with its reason', async () => {
        const found = (await cells(page, 'Detections')).filter(([status]) => status === 'new').map(([, , role, call, surprise, why]) => [role, call, surprise, why]);
        const why = 'none of the 12 roles most like it make this call';
        return same([found[0], found[1], found[2][2]], [[...most.pair, '31.3', why], [...least.pair, '0', why], 'not ranked']);
    });
});

// ---- Other states of the app

await open({ ...rows, lookups: empty(), jobs: {} }, { shows: 'No baseline yet: run Initial' }, async (it) => {
    await check('before Initial it says so; what needs a report says that there is none; every panel stands', async () => {
        const seen = await texts(it.page);
        const missing = ['No baseline yet: run Initial', ...Object.values(visualizations).map((viz) => viz.title)].filter((text) => !seen.includes(text));
        return none([...missing, ...it.server.unanswered.filter((text) => !text.startsWith('there is no result of'))]);
    });
});
await open({ ...rows, jobs: { ...rows.jobs, 'Unseen - Health': [{ problem: 'Update has not run for three days: enable it.' }] } }, { shows: 'Update has not run for three days: enable it.' }, async (it) => {
    await check('what Health found is listed and counted', async () => (await figure(it.page, 'Problems')) === '1' && clean(it));
});
await open({ ...rows, ...(await live(rows.events.filter((event) => event._time > today - DAY), BINARY, 1)) }, { shows: 'Learning' }, async (it) => {
    await check('a young baseline is learning, and the list is empty', async () => ((await cells(it.page, 'Detections')).length ? 'rows came' : clean(it)));
});
await open({ ...rows, now: rows.now + 4 * DAY }, { shows: '4 d ago' }, async (it) => {
    await check('a baseline that is no longer updated shows its age', () => clean(it));
});
const many = structuredClone(rows);
for (let i = 0; i < 300; i += 1) many.lookups.unseen_detections.push({ ...rows.lookups.unseen_detections[0], key: keyOf(`r${i}`, 'a:b'), user: `r${i}`, command: 'a:b', reported: rows.now - 60 });
await open(many, { shows: 'Mature' }, async (it) => {
    await check('of three hundred detections two hundred are listed, and all are counted', async () => {
        const list = asked(it.server, dataSources.ds_detections.options.query)[0].count;
        return same([list, await figure(it.page, 'New')], [200, `${300 + reported.filter((one) => statusOf(one) === 'new').length}`]);
    });
});

// ---- Names are text that others choose

const nasty = 'a "b" \\c & d|e %41 $x$ \') `x`';
const hostile = structuredClone(rows);
const model = hostile.events.at(-1);
hostile.events.push({ ...model, eventID: 'hostile', _time: rows.now - 60, 'userIdentity.sessionContext.sessionIssuer.userName': nasty });
const [hostileUser, hostileCall] = pairOf(hostile.events.at(-1));
hostile.lookups.unseen_detections.push({ ...rows.lookups.unseen_detections[0], key: keyOf(hostileUser, hostileCall), user: hostileUser, command: hostileCall, first_time: rows.now - 60, last_time: rows.now - 60, reported: rows.now - 30 });
await open(hostile, { shows: 'Mature' }, async (it) => {
    const { page } = it;
    await panel(page, 'Detections').locator('tbody tr').filter({ hasText: '|e %41' }).locator('td').nth(2).click();
    await panel(page, 'The chosen detection').getByText(hostileUser, { exact: true }).waitFor({ timeout: 10000 });
    await check('a role\'s name with quotes, backslashes, dollars, pipes and backticks is shown as it is', () => clean(it));
    await check('and finds its events, and can be marked, without being part of a search', async () => {
        const found = await leads(page, panel(page, 'The chosen detection').locator('tbody tr td').nth(1));
        const events = (await search(found.q, { now: rows.now, events: hostile.events, macros: {}, lookups: {} }, found.range)).rows;
        const marking = await leads(page, panel(page, 'Mark it').locator('tbody tr').first().locator('td').first());
        await search(marking.q, world(hostile, BINARY));
        const stored = hostile.lookups.unseen_decisions.find(({ user }) => user === hostileUser);
        return same([events.map(({ eventID }) => eventID), found.q.includes('%41'), marking.q, stored?.status], [['hostile'], false, `| \`unseen_mark("${keyOf(hostileUser, hostileCall)}", "attack")\``, 'attack']);
    });
});
const injected = '" OR key="*';
await open(rows, { shows: 'Mature', form: { 'form.key': injected } }, async (it) => {
    await check('an address that smuggles in a search gives nothing', async () => {
        const asks = asked(it.server, dataSources.ds_chosen.options.query);
        return same([asks.map(({ count }) => count), asks[0].query.includes(String.raw`key="\" OR key=\"*"`)], [[0], true]);
    });
});
await check('a mark with anything but a key, or anything but a mark, is refused before it runs', async () => {
    const [key] = rows.lookups.unseen_detections.map((record) => record.key);
    const refused = [];
    for (const [badKey, status] of [[key.toUpperCase(), 'attack'], [`${key}0`, 'attack'], ['a" | delete', 'attack'], [key, 'benign'], [key, 'new$'], ['', '']]) {
        await mark(badKey, status, structuredClone(rows), BINARY).then(() => {}, () => refused.push(badKey));
    }
    return same(refused.length, 6);
});

await browser.close();
if (process.argv[2] === 'pictures') for (const name of ['dashboard-light', 'dashboard-dark', 'alert']) copyFileSync(path.join(here, `out/${name}.png`), path.join(repository, `docs/pictures/${name}.png`));
end();
