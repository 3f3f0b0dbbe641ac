// Looks at the page that `unseen replay --report` writes as a reader would, in Chromium, and says what holds: one line a check, then a count.
//
//   node check.mjs [pictures]    after ../dashboard/browser.sh; UNSEEN=<the binary>; leaves its pictures in out/; `pictures` renews
//                                docs/pictures/replay.png
//
// The calls are made up here, and some of their roles are named as an attacker would name them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '../dashboard/node_modules/playwright-core/index.mjs';
import { check, end, none } from '../dashboard/claims.mjs';

const here = import.meta.dirname;
const out = path.join(here, 'out');
const repository = path.join(here, '../..');
mkdirSync(out, { recursive: true });


// ---- The pages

const HOSTILE = [
    '<script>document.title="taken"</script>',
    '"><img src=x onerror="document.title=\'taken\'">',
    '</style><style>body{display:none}</style>',
    ']]></text></svg><svg onload="document.title=\'taken\'">',
    'a\u202Eb\u200Bc',
    'L'.repeat(300),
];
const DAYS = 24;

/** A successful call of a role, as CloudTrail writes it. */
function call(role, name, time) {
    const arn = `arn:aws:sts::111122223333:assumed-role/${role}/session`;
    const sessionContext = { sessionIssuer: { userName: role, accountId: '111122223333' } };
    return JSON.stringify({
        eventTime: new Date(time).toISOString().replace('.000', ''), eventSource: 's3.amazonaws.com', eventName: name, awsRegion: 'eu-west-1',
        sourceIPAddress: '192.0.2.1', userAgent: `agent of ${role}`, userIdentity: { type: 'AssumedRole', arn, sessionContext },
    });
}
function hostileCalls() {
    const lines = [];
    for (let day = 0; day < DAYS; day += 1) {
        const time = Date.UTC(2025, 2, 1 + day, 8);
        lines.push(call('App', 'GetObject', time));
        HOSTILE.forEach((name, nth) => {
            lines.push(call(name, 'ListBuckets', time + nth * 60_000));
            if (day > 10 && day % 3 === nth % 3) lines.push(call(name, `${name}${day}`, time + 3_600_000));
        });
    }
    return lines.join('\n');
}
function report(name, ...input) {
    const file = path.join(out, `${name}.html`);
    execFileSync(process.env.UNSEEN, ['replay', '--report', file, ...input], { stdio: 'ignore' });
    return `file://${file}`;
}
writeFileSync(path.join(out, 'hostile.json'), hostileCalls());
const month = report('month', '--initial-days=14', '--grid', path.join(repository, 'tests/data/simulated'));
const json = execFileSync(process.env.UNSEEN, ['replay', '--initial-days=14', '--format=json', path.join(repository, 'tests/data/simulated')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const rows = json.trim().split('\n').map((line) => JSON.parse(line));
const hostile = report('hostile', path.join(out, 'hostile.json'));
const short = report('short', '--initial-days=1', '--learning-window=-1d@d', path.join(out, 'hostile.json'), '--to=2025-03-03');

// ---- The browser

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const requests = [];
const complaints = [];
async function open(url, options = {}) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    page.on('request', (request) => request.url() === url || requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url);
    return page;
}
const shot = (page, name) => page.screenshot({ path: path.join(out, `${name}.png`), fullPage: true });
/** The contrast of two colours, as WCAG 2 counts it. */
const contrast = (page, selector) => page.evaluate((chosen) => {
    const shade = (colour) => {
        const [r, g, b] = colour.match(/[\d.]+/g).map((part) => part / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = shade(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll(chosen)].map((element) => {
        const style = getComputedStyle(element);
        const ink = shade(element.namespaceURI.endsWith('svg') ? style.fill : style.color);
        return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    }).reduce((least, one) => Math.min(least, one), 21);
}, selector);

for (const [name, colorScheme] of [['light', 'light'], ['dark', 'dark']]) {
    const page = await open(month, { colorScheme });
    await check(`${name}: the page says what would have alerted, and shows four pictures`, async () => {
        const text = await page.innerText('main');
        const pictures = await page.locator('svg').count();
        return (/^\d+ alerts on \d+ of \d+ days with a mature baseline/.test(text) && pictures === 4) || { text: text.slice(0, 200), pictures };
    });
    await check(`${name}: words and names in pictures stand out from the page`, async () => {
        const least = [await contrast(page, 'p, li, td, th, figcaption'), await contrast(page, 'svg text'), await contrast(page, 'svg rect[fill="#1111AA"]')];
        return (least[0] >= 4.5 && least[1] >= 4.5 && least[2] >= 3) || least;
    });
    await check(`${name}: every number of the table of alerts is on the page`, async () => {
        const shown = await page.locator('.ranked tbody tr').count();
        return shown === Math.min(rows.length, 1000) || { shown, alerts: rows.length };
    });
    await check(`${name}: alerts and the role with the most are those of the rows`, async () => {
        const byRole = {};
        for (const { user } of rows) byRole[user] = (byRole[user] ?? 0) + 1;
        const most = Math.max(...Object.values(byRole));
        const [role, alerts] = await page.locator('h3:has-text("Roles with the most alerts") + div tbody tr:first-child td').allInnerTexts();
        const verdict = await page.innerText('.verdict');
        return (verdict.startsWith(`${rows.length} alerts`) && byRole[role] === most && Number(alerts) === most) || { verdict, role, alerts, most };
    });
    await shot(page, name);
    await page.close();
}

for (const [name, width] of [['phone', 400], ['wide', 1800]]) {
    const page = await open(month, { viewport: { width, height: 900 } });
    await check(`${name}: nothing is wider than the screen`, () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth || document.documentElement.scrollWidth));
    await shot(page, name);
    await page.close();
}

{
    const page = await open(hostile);
    await check('names that hold HTML are text: no element, no title, no style is made of them', async () => {
        const found = await page.evaluate(() => ({ scripts: document.scripts.length, images: document.images.length, styles: document.querySelectorAll('style').length, title: document.title, hidden: getComputedStyle(document.body).display }));
        return (found.scripts + found.images === 0 && found.styles === 1 && found.title.startsWith('Unseen replay') && found.hidden === 'block') || found;
    });
    await check('each of them can be read, in the table and in the picture', async () => {
        const [text, pictures] = [await page.innerText('.ranked'), (await page.locator('svg text').allTextContents()).join('\n')];
        return none(HOSTILE.slice(0, 3).filter((name) => !text.includes(name) || !pictures.includes(`:role/${name.slice(0, 3)}`)));
    });
    await check('what hides or turns text is written out', async () => (await page.innerText('main')).includes('a\\u{202e}b\\u{200b}c'));
    await check('no picture is wider than its place', () => page.evaluate(() => [...document.querySelectorAll('svg text')].every((text) => text.getBoundingClientRect().left >= text.ownerSVGElement.getBoundingClientRect().left - 1)));
    await check('a script put into the page does not run: the policy forbids it', async () => {
        const expected = complaints.length;
        await page.evaluate(() => { const script = document.createElement('script'); script.textContent = 'document.title = "taken"'; document.body.append(script); });
        const title = await page.title();
        complaints.splice(expected); // the browser says that it was forbidden
        return title.startsWith('Unseen replay') || title;
    });
    await shot(page, 'hostile');
    await page.close();
}

{
    const page = await open(short);
    await check('a history of a day has a page that says so', async () => (await page.innerText('.verdict')).length > 20);
    await page.close();
}

{
    const page = await open(month, { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await check('on paper it is dark on white, whatever the screen is', () => page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return (backgroundColor === 'rgb(255, 255, 255)' && color === 'rgb(0, 0, 0)') || [backgroundColor, color];
    }));
    await page.pdf({ path: path.join(out, 'month.pdf'), format: 'A4' });
    await shot(page, 'print');
    await page.close();
}

if (process.argv[2] === 'pictures') {
    const page = await open(month, { viewport: { width: 1120, height: 880 } });
    await page.screenshot({ path: path.join(repository, 'docs/pictures/replay.png') });
    await page.close();
}

await browser.close();
await check('no request leaves the page', () => none(requests));
await check('the browser has nothing to complain about', () => none(complaints));
end();
