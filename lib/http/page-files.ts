/** The files of the page (`page/`), as they are served: nothing of them asks another host, runs in a frame or takes a script from text. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Context } from 'hono'
import { type HttpRoute } from './interface'

/** The folder of the sources: the files are no program of this process, and are shipped as they are. */
const FOLDER = join(__dirname, '..', '..', 'lib', 'http', 'page')
export const BASE = '/page/'

const types = { html: 'text/html', css: 'text/css', mjs: 'text/javascript', svg: 'image/svg+xml' } as const

const files: readonly (readonly [path: string, file: string])[] = [
  ['', 'index.html'],
  ...['page.css', 'icon.svg', 'page.mjs', 'session.mjs', 'elements.mjs', 'words.mjs', 'overview.mjs', 'pulse.mjs']
    .concat('apps.mjs', 'failures.mjs', 'about.mjs', 'sending.mjs')
    .map((file): [string, string] => [file, file]),
]

/** On everything that the page is answered. */
export const guards: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': [
    "default-src 'none'",
    ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join('; '),
}

function fileRoute([path, file]: readonly [string, string]): HttpRoute {
  const text = readFileSync(join(FOLDER, file), 'utf8')
  const type = types[file.slice(file.lastIndexOf('.') + 1) as keyof typeof types]
  const own = { ...guards, 'cache-control': 'no-cache', 'content-type': `${type}; charset=utf-8` }
  const tells = { summary: `The page: ${file}.`, answers: { 200: { when: 'always' } } }
  return {
    ...{ method: 'GET', path: `${BASE}${path}`, for: 'anyone', tells },
    answer: (context: Context) => context.body(text, 200, own),
  }
}

/** Reads them; throws where the installation lacks one. */
export function fileRoutes(): readonly HttpRoute[] {
  return files.map(fileRoute)
}
