/** The setting `proxy` as a text: `http://user:password@host:port`, or `none`. Repeats nothing of a text that is wrong: it may be a password. */
import { type Credential, Opaque } from '../model/opaque'
import { makeProxyServer, type ProxySetting } from '../model/proxy'

const FORM = 'Write "http://host:port", "http://user:password@host:port" or "none"'

/** What is wrong with a text, and what to write instead. */
export interface ProxyFault {
  readonly text: string
  readonly mend: string
}

/** `decodeURIComponent` that never throws. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** What is wrong with the URL apart from who we are there; undefined if nothing. */
function faultOf(url: URL | undefined, text: string): ProxyFault | undefined {
  if (url === undefined || url.hostname === '') return { text: 'is no address of a proxy', mend: FORM }
  if (url.protocol === 'https:') {
    const mend = 'Write http://host:port of the same proxy: what goes through it is encrypted all the same'
    return { text: 'is a proxy that is itself spoken to over TLS, which is not built', mend }
  }
  if (url.protocol !== 'http:') return { text: 'is no HTTP proxy; SOCKS is not built', mend: FORM }
  if (`${url.search}${url.hash}` !== '' || url.pathname !== '/') {
    return { text: 'says more than a user, a host and a port', mend: FORM }
  }
  // The port that is http's own is dropped where it was said, too.
  return url.port === '' && !/:80\/?$/.test(text) ? { text: 'names no port', mend: FORM } : undefined
}

/** Reads a text; `password` where it is given apart. A % in a user or a password of the text is that of a URL: `%40` is `@`. */
export function readProxy(text: string, password?: Credential): ProxySetting | ProxyFault {
  if (text === 'none') {
    return password === undefined ? 'none' : { text: 'has a password for no proxy', mend: 'Leave the password out' }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const fault = faultOf(url, text)
  if (url === undefined || fault !== undefined) return fault ?? { text: 'is no address of a proxy', mend: FORM }
  const user = decoded(url.username)
  const said = decoded(url.password)
  if (user === undefined || said === undefined) {
    return { text: 'has a user or a password with a % that is no code', mend: 'Write %25 for %' }
  }
  if (user.includes(':')) {
    return { text: 'has a user with a colon in it, which Basic authentication can’t say', mend: 'Take another user' }
  }
  if (password !== undefined && said !== '') {
    return { text: 'says its password twice', mend: 'Leave it out of the URL' }
  }
  const secret = password?.text() ?? said
  if (user === '' && secret !== '') {
    return { text: 'has a password and no user', mend: 'Write http://user@host:port' }
  }
  const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 80 : Number(url.port) }
  return makeProxyServer(place, user === '' ? undefined : { user, password: new Opaque(secret) })
}
