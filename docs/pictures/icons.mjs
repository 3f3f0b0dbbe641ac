// Draws the app's icons from icon.svg in Chromium: splunk_app/static/appIcon*.png.
//
//   node docs/pictures/icons.mjs     after tests/dashboard/run, which installs what it needs
//
// Splunk wants 36 and 72 pixels; AppInspect wants no .svg in static/, so the source lives here. The Alt icons are white,
// for dark bars.
import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(path.join(here, '../../tests/dashboard/check.mjs'))('playwright-core');
const svg = readFileSync(path.join(here, 'icon.svg'), 'utf8').replace(/<!--[\s\S]*?-->/, '');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(), args: ['--no-sandbox', '--disable-gpu'] });
for (const [name, colour] of [['appIcon', '#0B7F87'], ['appIconAlt', '#FFFFFF']]) {
    for (const [suffix, side] of [['', 36], ['_2x', 72]]) {
        const page = await browser.newPage({ viewport: { width: side, height: side } });
        await page.setContent(`<style>body{margin:0}svg{display:block;width:${side}px;height:${side}px}</style>${svg.replace(/ color="[^"]*"/, ` color="${colour}"`)}`);
        await page.screenshot({ path: path.join(here, `../../splunk_app/static/${name}${suffix}.png`), omitBackground: true });
        await page.close();
    }
}
await browser.close();
