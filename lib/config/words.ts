/** Words that all option schemas share: a secret and where it comes from, an endpoint, a path. The only reader of secrets. */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { Credential } from '../model/opaque'
import { type OptionWords } from '../model/options'
import { type ProxySetting } from '../model/proxy'
import { readProxy } from './proxy'
import { shapeOf } from './shape'

/** The environment, as a map from names to texts. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where secrets are looked for. */
export interface Sources {
  /** The configuration's folder: relative paths start here. */
  readonly folder: string
  readonly env: Environment
  /** Told of each file that is looked for, absolute. */
  readonly looksFor?: (file: string) => void
  /** Told of each secret that was found. */
  readonly found?: (secret: Credential) => void
  /** Stands in for a credential of an app that is not there; undefined where that is a fault. `what`: what is missing. */
  readonly spare?: (what: string) => Credential | undefined
  /** Stands in for every secret, and none is looked for. */
  readonly instead?: Credential
  /** Stands in for one that can't be read where it is said to be. */
  readonly unread?: Credential
}

interface Wrong {
  readonly text: string
  /** Nothing is there, right or wrong. */
  readonly isAbsent?: true
  /** It is said well enough where it is, and can't be had from there. */
  readonly isUnread?: true
  readonly mend: string
}

/** No key, certificate or account file comes near; a device file or a database given by mistake does. */
const LARGEST = 1024 * 1024

/** Adds an issue that carries its own mend. */
export function refuse(ctx: z.RefinementCtx, text: string, mend: string): void {
  ctx.addIssue({ code: 'custom', message: text, params: { mend } })
}

function unreadable(file: string, error: unknown): Wrong {
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  const start = 'a relative path starts at the folder of the configuration'
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return {
        text: `there is no file ${file}`,
        mend: `Put the file there, or correct the path (${start})`,
        isAbsent: true,
      }
    case 'EACCES':
    case 'EPERM':
      return { text: `may not read ${file}`, mend: 'Make it readable for the user that runs xmpp-push' }
    default:
      return { text: `can't read ${file} (${code})`, mend: 'Put a readable file there, or correct the path' }
  }
}

function fromFile(file: string): Credential | Wrong {
  try {
    const facts = statSync(file)
    if (!facts.isFile()) return { text: `${file} is not a file`, mend: 'Name the file itself' }
    if (facts.size > LARGEST)
      return { text: `${file} is larger than any credential (1 MiB)`, mend: 'Name another file' }
    const bytes = readFileSync(file)
    if (bytes.toString('latin1').trim() === '') {
      return { text: `the file ${file} is empty`, mend: 'Put the secret into it, or the key as it was downloaded' }
    }
    return new Credential(bytes, `file ${file}`)
  } catch (error) {
    return unreadable(file, error)
  }
}

function fromEnvironment(name: string, env: Environment): Credential | Wrong {
  const value = env[name]
  const how = `Set ${name} for the process (export ${name}=…), or name a file: {"file": "…"}`
  if (value === undefined) return { text: `the environment variable ${name} is not set`, mend: how, isAbsent: true }
  if (value.trim() === '') return { text: `the environment variable ${name} is empty`, mend: how }
  return new Credential(Buffer.from(value), `environment variable ${name}`)
}

function read(raw: unknown, { folder, env, looksFor, instead }: Sources): Credential | Wrong {
  if (instead !== undefined) return instead
  const shape = 'Write a text, {"file": "path"} or {"env": "NAME"}'
  if (raw === undefined) return { text: 'is missing', mend: shape }
  if (typeof raw === 'string') {
    return raw.trim() === '' ? { text: 'is empty', mend: shape } : new Credential(Buffer.from(raw), 'the configuration')
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { text: 'is neither a text nor where one is to be found', mend: shape }
  }
  const [entry, ...more] = Object.entries(raw) as [string, unknown][]
  if (entry === undefined || more.length > 0) return { text: 'has to name exactly one place', mend: shape }
  const [place, name] = entry
  if (place !== 'file' && place !== 'env')
    return { text: `"${place}" is no place that a secret is read from`, mend: shape }
  if (typeof name !== 'string' || name.trim() === '') return { text: `names no ${place}`, mend: shape }
  if (place === 'env') return unread(fromEnvironment(name, env))
  const file = resolve(folder, name)
  looksFor?.(file)
  return unread(fromFile(file))
}

function unread(found: Credential | Wrong): Credential | Wrong {
  return found instanceof Credential ? found : { ...found, isUnread: true }
}

const place = (key: string, description: string) => ({
  type: 'object' as const,
  properties: { [key]: { type: 'string' as const, minLength: 1, description } },
  required: [key],
  additionalProperties: false as const,
})

/** An `https://host[:port]` origin, or why it is none. */
function origin(text: string, ctx: z.RefinementCtx): string {
  const mend = 'Write https://host or https://host:port'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:') refuse(ctx, `"${text}" is no https address`, mend)
  else if (`${url.username}${url.password}${url.search}${url.hash}` !== '' || url.pathname !== '/') {
    refuse(ctx, `"${text}" says more than a host and a port`, mend)
  }
  return url?.origin ?? text
}

/** A text, {"file"} or {"env"} that hold one, or {"url", "password"} where only the password is to be elsewhere. */
function proxyOf(credential: z.ZodType<Credential>): z.ZodType<ProxySetting> {
  const apart = z.strictObject({ url: z.string(), password: credential })
  const whole = credential.transform((found) => ({ url: found.text().trim(), password: undefined }))
  return z
    .unknown()
    .meta({
      anyOf: [
        { type: 'string', minLength: 1, description: '`http://user:password@host:port`, or `none`.' },
        place('file', 'A file that holds it; a relative path starts at the folder of this file.'),
        place('env', 'An environment variable that holds it.'),
        shapeOf(apart),
      ],
    })
    .transform((raw, ctx): ProxySetting => {
      const isApart = typeof raw === 'object' && raw !== null && 'url' in raw
      const said = (isApart ? apart : whole).safeParse(raw)
      if (!said.success) {
        for (const issue of said.error.issues) ctx.addIssue({ ...issue })
        return z.NEVER
      }
      const proxy = readProxy(said.data.url, said.data.password)
      if (typeof proxy === 'string' || 'host' in proxy) return proxy
      refuse(ctx, proxy.text, proxy.mend)
      return z.NEVER
    })
}

/** The words, reading secrets from these sources when a value is parsed. */
export function makeWords(sources: Sources): OptionWords {
  const shown = {
    anyOf: [
      { type: 'string' as const, minLength: 1, description: 'The secret itself.' },
      place('file', 'A file that holds it; a relative path starts at the folder of this file.'),
      place('env', 'An environment variable that holds it.'),
    ],
  }
  const credentialOf = (spare: Sources['spare']) =>
    z
      .unknown()
      .meta(shown)
      .transform((raw, ctx): Credential => {
        const found = read(raw, sources)
        if (found instanceof Credential) {
          sources.found?.(found)
          return found
        }
        const spared = found.isAbsent === true ? spare?.(found.text) : undefined
        if (spared !== undefined) return spared
        if (found.isUnread === true && sources.unread !== undefined) return sources.unread
        refuse(ctx, found.text, found.mend)
        return z.NEVER
      })
  const path = z
    .string()
    .min(1)
    .transform((text) => resolve(sources.folder, text))
  return Object.freeze({
    credential: credentialOf(sources.spare),
    endpoint: z
      .string()
      .meta({ pattern: '^https://[^/]+/?$', description: "An https origin that stands in for the push service's own." })
      .transform(origin),
    path,
    proxy: proxyOf(credentialOf(undefined)),
  })
}
