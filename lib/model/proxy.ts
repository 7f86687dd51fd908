/** An HTTP proxy of the configuration, or that there is none. Carries who we are there and refuses to show it. */
import { type Opaque } from './opaque'

export interface ProxyServer {
  readonly host: string
  readonly port: number
  /** The value of `Proxy-Authorization` (Basic, RFC 7617); undefined where no user is given. Only for the proxy itself. */
  readonly authorization: () => string | undefined
  /** For people: `http://host:port`, and the user's name where there is one, without a password. */
  readonly shown: string
}

/** What an app says of proxies: `none` where the usual one is not meant. */
export type ProxySetting = ProxyServer | 'none'

/** `host`: a name, or an address without brackets. */
export function makeProxyServer(
  { host, port }: { readonly host: string; readonly port: number },
  who?: { readonly user: string; readonly password: Opaque | undefined },
): ProxyServer {
  const at = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  return Object.freeze({
    host,
    port,
    authorization: () =>
      who === undefined
        ? undefined
        : `Basic ${Buffer.from(`${who.user}:${who.password?.reveal() ?? ''}`).toString('base64')}`,
    shown: who === undefined ? at : `${at}, as ${who.user}`,
  })
}
