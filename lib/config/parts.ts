/** The parts of the configuration that no kind declares: component, access, log, remoteDisable. */
import { z } from 'zod'
import { bareOf, parseJid } from '../model/jid'
import { type OptionWords } from '../model/options'
import { Opaque } from '../model/opaque'
import { refuse } from './words'

/** One attachment to an XMPP server (XEP-0114). */
export interface ComponentConfig {
  readonly domain: string
  /** `xmpp://host:port` or, with direct TLS, `xmpps://host:port`. */
  readonly service: string
  readonly secret: Opaque
  /** PEM of the certificate authorities that stand in place of the usual ones with `xmpps:`. */
  readonly ca?: Buffer
  /** Who reads the server's XML. */
  readonly parser?: 'own' | 'ltx'
}

/** RFC 6120 §13 and the IANA registry: ports of clients and of other servers, where no component can attach. */
const taken: Readonly<Record<string, string>> = {
  '5222': 'clients log in',
  '5223': 'clients log in over TLS',
  '5269': 'other servers connect',
}
const USUAL = '5347'

function readService(text: string, ctx: z.RefinementCtx): string {
  const mend =
    'Write xmpp://host:port, or xmpps://host:port for TLS; the port is where the server listens for components, 5347 as a rule'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^xmpps?:$/.test(url.protocol) || url.hostname === '' || url.port === '0') {
    refuse(ctx, `"${text}" is no address of a component port`, mend)
    return text
  }
  if (`${url.username}${url.password}${url.search}${url.hash}` !== '' || !/^\/?$/.test(url.pathname)) {
    refuse(ctx, 'says more than a host and a port', mend)
  }
  const use = taken[url.port]
  if (use !== undefined) refuse(ctx, `port ${url.port} is where ${use}; no component can attach there`, mend)
  return `${url.protocol}//${url.hostname}:${url.port === '' ? USUAL : url.port}`
}

function readDomain(text: string, ctx: z.RefinementCtx): string {
  const jid = parseJid(text)
  if (jid === undefined || jid.local !== undefined || jid.resource !== undefined) {
    refuse(ctx, `"${text}" is no domain`, 'Write a domain alone: example.com')
  }
  return jid?.domain ?? text
}

function readBareJid(text: string, ctx: z.RefinementCtx): string {
  const jid = parseJid(text)
  if (jid?.local === undefined || jid.resource !== undefined) {
    refuse(ctx, `"${text}" is no bare JID`, 'Write name@domain, without a resource')
    return text
  }
  return bareOf(jid)
}

const domain = z.string().transform(readDomain)

export function makeComponent(words: OptionWords) {
  return z
    .strictObject({
      domain: domain.describe('The domain of the component, as the XMPP server knows it.'),
      service: z
        .string()
        .meta({ pattern: '^xmpps?://' })
        .transform(readService)
        .describe('Where the server listens for components: `xmpp://host:port`, or `xmpps://host:port` for TLS.'),
      secret: words.credential.describe('The secret shared with the XMPP server.'),
      ca: words.credential
        .optional()
        .describe('The certificate authorities to trust with `xmpps:`, as PEM, in place of the usual ones.'),
      parser: z
        .enum(['own', 'ltx'])
        .optional()
        .describe(
          "Who reads the server's XML: `own`, which is strict and fast, or `ltx`, which minds less. Left out: `own`, which gives way to `ltx` once a server sends what is no XML.",
        ),
    })
    .transform(({ domain, service, secret, ca, parser }): ComponentConfig =>
      Object.freeze({
        domain,
        service,
        secret: new Opaque(secret.text()),
        ...(ca === undefined ? {} : { ca: ca.bytes() }),
        ...(parser === undefined ? {} : { parser }),
      }),
    )
}

export const access = z.strictObject({
  register: z
    .array(z.union([z.literal('*'), domain]))
    .min(1)
    .optional()
    .describe(
      "Domains whose users may register devices, or `*` for every domain. Default: the parent of the component's domain.",
    ),
  publish: z
    .array(domain)
    .default([])
    .describe("Domains that may publish besides the users' own servers, such as group chat hosts."),
  admins: z.array(z.string().transform(readBareJid)).default([]).describe('Bare JIDs that may register for others.'),
})

/** Who may do what. */
export interface Access {
  readonly register: readonly string[]
  readonly publish: readonly string[]
  readonly admins: readonly string[]
}

export const log = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('The least important lines that are still written.'),
  format: z
    .enum(['json', 'text', 'journal'])
    .default('json')
    .describe(
      'One line for each event, on standard output: `json` for machines, `text` for people, `journal` for people who read it with journalctl.',
    ),
})

export const remoteDisable = z
  .enum(['auto', 'always', 'never'])
  .default('auto')
  .describe(
    'Which servers are told when a device is gone that they still publish to (XEP-0357 remote disabling): `auto`: those known to read it.',
  )

export type RemoteDisableConfig = Readonly<z.infer<typeof remoteDisable>>

export type Log = Readonly<z.infer<typeof log>>

/** `push.example.com` → `example.com`; undefined for a domain of one label, which has no parent. */
export function parentOf(domain: string): string | undefined {
  const dot = domain.indexOf('.')
  return dot < 0 ? undefined : domain.slice(dot + 1)
}
