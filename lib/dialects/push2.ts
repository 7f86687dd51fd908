/**
 * Push 2.0 (`urn:xmpp:push2:0`, as Prosody's mod_push2 sends it): nothing is registered; the client's address is a URL, of Apple's
 * (`https://api.push.apple.com/3/device/<token>#<topic>&<VoIP token>`) or of any Web Push service, the content is encrypted for the device.
 */
import { PUSH2 } from '../model/push2'
import { type Brought, type Dialect, type PublishFields } from './dialect'

const APPLE: Readonly<Record<string, 'production' | 'sandbox'>> = {
  'api.push.apple.com': 'production',
  'api.development.push.apple.com': 'sandbox',
  'api.sandbox.push.apple.com': 'sandbox',
}

function brings({ options }: PublishFields): Brought | undefined {
  const value = (name: string): string | undefined => options.get(name)?.[0]
  const client = value(PUSH2.client)
  if (client === undefined || !URL.canParse(client)) return undefined
  const url = new URL(client)
  const voip = value(PUSH2.voip) !== undefined
  const payload = value(PUSH2.payload) ?? ''
  const environment = APPLE[url.hostname]
  if (environment === undefined) {
    const [jwt, key] = [value(PUSH2.jwt), value(PUSH2.key)]
    return {
      app: { by: 'match', asked: { service: 'webpush' } },
      address: `sealed ${client}`,
      given: { payload, ...(voip ? { voip } : {}), ...(jwt === undefined || key === undefined ? {} : { jwt, key }) },
    }
  }
  const [topic = '', voipToken] = url.hash.slice(1).replaceAll('%26', '&').split('&')
  const token = url.pathname.split('/').at(-1) ?? ''
  const rings = voip && voipToken !== undefined && voipToken !== ''
  return {
    app: { by: 'match', asked: { service: 'apns', mode: environment === 'sandbox' ? 'dev' : 'prod', topic } },
    address: rings ? voipToken : token,
    environment,
    given: { payload, ...(rings ? { voip } : {}) },
  }
}

export const push2: Dialect = Object.freeze({ name: 'push2', commands: [], features: () => [], brings })
