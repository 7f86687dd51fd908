/**
 * The example page and its service worker (docs/webpush-example), served so that a browser can run them, and the keys
 * that it subscribes with. No page of it asks any other host.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Context } from 'hono'
import { httpInterface, type HttpRoute, type HttpSurroundings, type Served } from './interface'

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
  const tells = { summary: `The example page: ${file}.`, answers: { 200: { when: 'always' } } }
  return { method: 'GET', path: `${BASE}${name}`, tells, answer: (context: Context) => context.body(text, 200, own) }
}

/** Reads its files when it is opened; that throws where the installation lacks them. */
export const webPushExample = httpInterface({
  name: 'webpush-example',
  for: 'anyone',
  about: 'The example page for Web Push.',
  open: serve,
})

function serve({ offers }: HttpSurroundings): Served {
  const apps = (): readonly unknown[] => [...offers()].map(([app, offered]) => ({ app, ...offered }))
  return {
    routes: [
      {
        ...{ method: 'GET', path: BASE.slice(0, -1) },
        tells: { summary: 'Leads to the example page.', answers: { 308: { when: 'always' } } },
        answer: (context) => context.redirect(BASE, 308),
      },
      {
        ...{ method: 'GET', path: `${BASE}apps.json` },
        tells: { summary: 'The apps of Web Push, with their keys.', answers: { 200: { when: 'always' } } },
        answer: (context) => context.json(apps(), 200, headers),
      },
      ...files.map(fileRoute),
    ],
  }
}
