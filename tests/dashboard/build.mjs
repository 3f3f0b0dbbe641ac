// Bundles the two pages with esbuild into out/. package.json must not say `"type": "module"`: esbuild would then hand out
// CommonJS defaults wrapped, React fails with error 130, and Splunk's validator accepts any visualization.
import { build } from 'esbuild';

await build({
    entryPoints: ['page/dashboard.jsx', 'page/validate.js'], outdir: 'out', bundle: true, splitting: true, format: 'esm',
    platform: 'browser', target: 'es2022', jsx: 'automatic', minify: true, logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    loader: { '.js': 'jsx', '.svg': 'dataurl', '.png': 'dataurl', '.woff': 'file', '.woff2': 'file', '.ttf': 'file', '.eot': 'file' },
});
