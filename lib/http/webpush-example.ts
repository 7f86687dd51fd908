/**
 * The example page and its service worker (docs/webpush-example), served so that a browser can run them, and the keys
 * that it subscribes with. No page of it asks any other host.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Context } from 'hono'
import { type HttpInterface, type HttpRoute, type HttpSurroundings } from './interface'

const FOLDER = join(__dirname, '..', '..', 'docs', 'webpush-example')
const BASE = '/webpush-example/'

const files = [
  ['', 'index.html', 'text/html'],
  ['page.css', 'page.css', 'text/css'],
  ['page.js', 'page.js', 'text/javascript'],
  ['worker.js', 'worker.js', 'text/javascript'],
] as const

const headers = {
  'content-security-policy': [
    "default-src 'none'",
    ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", "worker-src 'self'", "img-src 'self'"],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

function fileRoute([name, file, type]: (typeof files)[number]): HttpRoute {
  const text = readFileSync(join(FOLDER, file), 'utf8')
  const own = { ...headers, 'content-type': `${type}; charset=utf-8` }
  return { method: 'GET', path: `${BASE}${name}`, answer: (context: Context) => context.body(text, 200, own) }
}

/** Reads its files at once; throws where the installation lacks them. */
export function webPushExample({ offers }: Pick<HttpSurroundings, 'offers'>): HttpInterface {
  const apps = (): readonly unknown[] => [...offers()].map(([app, offered]) => ({ app, ...offered }))
  return {
    name: 'webpush-example',
    for: 'anyone',
    routes: [
      { method: 'GET', path: BASE.slice(0, -1), answer: (context) => context.redirect(BASE, 308) },
      { method: 'GET', path: `${BASE}apps.json`, answer: (context) => context.json(apps(), 200, headers) },
      ...files.map(fileRoute),
    ],
  }
}
