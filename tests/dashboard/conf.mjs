// Reads the app as shipped: its conf files, and the dashboard definition inside the view's XML.
//
// Exists so that the test never holds a copy of what it tests. Knows Splunk's conf syntax (comments, stanzas,
// continuation lines), not what the settings mean; knows no layering, since an app ships `default/` only.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const repository = path.resolve(here, '../..');
const app = path.join(repository, 'splunk_app');

/** A conf file as stanza -> key -> value. A line that is neither is an error. */
export function conf(name) {
    const stanzas = {};
    let stanza;
    for (const line of joined(readFileSync(path.join(app, 'default', `${name}.conf`), 'utf8'))) {
        if (!line.trim() || line.startsWith('#')) continue;
        const head = line.match(/^\[(.*)\]$/);
        if (head) { stanza = stanzas[head[1]] ??= {}; continue; }
        const pair = line.match(/^([\w.]+)\s*=\s*([\s\S]*)$/);
        if (!pair || !stanza) throw new Error(`${name}.conf: neither stanza nor setting: ${line}`);
        stanza[pair[1]] = pair[2];
    }
    return stanzas;
}

// Continued lines as one, with their line breaks.
function* joined(text) {
    let whole = '';
    for (const line of text.split('\n')) {
        whole += line;
        if (line.endsWith('\\')) { whole = `${whole.slice(0, -1)}\n`; continue; }
        yield whole;
        whole = '';
    }
}

/** The view's XML, and the Dashboard Studio definition in its CDATA, unchanged. */
export function view(name = 'unseen') {
    const xml = readFileSync(path.join(app, 'default/data/ui/views', `${name}.xml`), 'utf8');
    const found = [...xml.matchAll(/<definition><!\[CDATA\[([\s\S]*?)\]\]><\/definition>/g)];
    if (found.length !== 1) throw new Error(`${name}.xml: one <definition> with CDATA expected, ${found.length} found`);
    return { xml, definition: JSON.parse(found[0][1]) };
}
