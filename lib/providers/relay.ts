/**
 * Another push gateway of Mattermost's interface, such as the one that Mattermost hosts: what is not ours to send is handed on as it came. One
 * attempt; its word about a device is passed back. Refuses to know what a notification says.
 */
import { z } from 'zod'
import { type RelayContent } from '../model/content'
import { type Credential } from '../model/opaque'
import { type Outcome } from '../model/outcome'
import { type ProxySetting } from '../model/proxy'
import { makeGuard } from '../wire/guard'
import { makeGuardedWire } from '../wire/guarded'
import { caExpiry } from './ca-expiry'
import { credentialName } from './credential-name'
import { type Attempt, type Finding, type Provider, type ProviderKind, type ProviderSurroundings } from './provider'
import { judgeRelayed } from './relay-outcome'
import { findingsOfVersion, VERSION_PATH } from './relay-probe'
import { proxyFindings, proxyPart, throughProxy } from './through-proxy'

export interface RelayOptions {
  /** Its origin. */
  readonly upstream: string
  readonly token?: Credential | undefined
  readonly ca?: Credential | undefined
  readonly proxy?: ProxySetting | undefined
}

const PATH = '/api/v1/send_push'
const CONCURRENCY = 200
const CONNECTIONS = 4
const GRACE = 10_000
const LONGEST_ADDRESS = 4096

function check({ upstream, token, proxy }: RelayOptions): readonly Finding[] {
  return [
    { is: 'fact', text: `hands on to ${upstream}${token === undefined ? ', without a token' : ''}` },
    ...proxyFindings(proxy),
  ]
}

function open({ upstream, token, ca, proxy }: RelayOptions, { clock }: ProviderSurroundings): Provider {
  const { host, port, protocol } = new URL(upstream)
  const guard = makeGuard({
    allow: [host.replace(/:\d+$/, '')],
    allowPrivate: [`${protocol}//${host}`],
    ports: [port === '' ? 443 : Number(port)],
  })
  const via = throughProxy(proxy)
  const wire = makeGuardedWire(
    { guard, connections: CONNECTIONS, ...via, ...(ca === undefined ? {} : { ca: ca.bytes() }) },
    clock,
  )
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token.text().trim()}` }

  async function send({ id, address, expiresAt, isCall }: Attempt, { body }: RelayContent): Promise<Outcome> {
    const reply = await wire.request(`${upstream}${PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': id, ...authorization },
      sensitive: ['authorization'],
      body: JSON.stringify({ ...body, device_id: address.reveal() }),
      notAfter: clock.elapsed() + expiresAt - clock.now(),
      isUrgent: isCall === true,
    })
    return reply.is === 'reply'
      ? judgeRelayed(reply, clock.now())
      : { is: 'down', why: reply.why, ambiguous: reply.ambiguous }
  }

  return Object.freeze({
    credential: credentialName('relay', upstream, token?.text(), ca?.bytes(), proxyPart(proxy)),
    concurrency: CONCURRENCY,
    async attempt(attempt: Attempt): Promise<Outcome> {
      const { content } = attempt
      return content.speaks === 'relay'
        ? send(attempt, content)
        : { is: 'refused', why: `written for ${content.speaks}, not for a relay` }
    },
    async prove() {
      const asked = { method: 'GET', headers: {}, body: '' } as const
      return findingsOfVersion(upstream, token !== undefined, await wire.request(`${upstream}${VERSION_PATH}`, asked))
    },
    close: () => wire.close(GRACE),
  })
}

const kind: ProviderKind<RelayOptions> = {
  kind: 'relay',
  speaks: 'relay',
  options: (words) =>
    z.strictObject({
      upstream: words.endpoint.describe('Its https origin, such as `https://push.mattermost.com`.'),
      token: words.credential.optional(),
      ca: words.credential.optional(),
      proxy: words.proxy.optional(),
    }),
  // Whose it is only the other gateway can tell.
  address: (raw) => (/^[\x21-\x7e]+$/.test(raw) && raw.length <= LONGEST_ADDRESS ? raw : undefined),
  maxEncryptedSize: 0,
  expiries: ({ ca }) => caExpiry(ca),
  check: async (options) => check(options),
  open,
}

/** Another push gateway as a kind of provider. */
export const relay = Object.freeze(kind)
