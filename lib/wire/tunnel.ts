/**
 * A TCP connection to a host through an HTTP proxy (CONNECT, RFC 9110 §9.3.6; Basic, RFC 7617), and a proxy's refusals in words for the
 * operator. Knows nothing of what goes through the tunnel. Whatever fails here, no peer has seen a request.
 */
import { request as httpRequest, STATUS_CODES, type IncomingMessage } from 'node:http'
import { connect, isIPv6, type Socket } from 'node:net'
import { type Clock } from '../clock'
import { awaiting, NEXT_ADDRESS_AFTER, wordsOf, type NotDialled } from './socket'
import { type Proxy } from './wire'

const bracketed = (host: string): string => (isIPv6(host) ? `[${host}]` : host)

/** The proxy as it may be shown: `http://host:port`, never who we are there. */
export function nameOfProxy({ host, port }: Proxy): string {
  return `http://${bracketed(host)}:${port}`
}

/** What the operator is to do about a refusal. */
function mendOf(status: number, { headers }: IncomingMessage, isKnown: boolean, host: string): string {
  if (status === 407) {
    const schemes = headers['proxy-authenticate'] ?? ''
    if (schemes !== '' && !/\bbasic\b/i.test(schemes)) {
      return 'it takes no Basic authentication, and no other is spoken here: let it take Basic, or let this machine through without'
    }
    return isKnown
      ? 'it does not take the user and the password that the setting `proxy` gives: correct them'
      : 'it wants a user and a password: give them in the setting `proxy`, http://user:password@host:port'
  }
  if (status === 403 || status === 401)
    return `it does not let this machine out to ${host}: allow it in the proxy’s rules`
  if (status === 502 || status === 503 || status === 504) {
    return `it could not reach ${host} itself: look at its own way to the internet, and at its DNS`
  }
  if (status === 429) return 'it is asked too often'
  return 'that is no proxy that makes tunnels (CONNECT), or not for this port: correct the setting `proxy`, or the proxy’s rules'
}

/** Squid names its reason in a header; nothing else that a proxy says is repeated, for it may repeat what we said. */
function squidsWord(value: string | readonly string[] | undefined): string {
  const word = /^ERR_[A-Z_]{1,40}/.exec(String(value ?? ''))?.[0]
  return word === undefined ? '' : `, ${word}`
}

/**
 * Connects to the proxy and asks it for a tunnel. `done` is told once: the socket, on which the next byte is the peer's, or why there is
 * none. `timeout`: milliseconds for all of it. The function returned gives up.
 */
export function tunnel(
  proxy: Proxy,
  to: { readonly host: string; readonly port: number },
  timeout: number,
  clock: Clock,
  done: (result: Socket | NotDialled) => void,
): () => void {
  const by = nameOfProxy(proxy)
  const authority = `${bracketed(to.host)}:${to.port}`
  const startedAt = clock.elapsed()

  const ask = (socket: Socket): (() => void) => {
    const authorization = proxy.authorization?.()
    let over = false
    const end = (result: Socket | NotDialled): void => {
      if (over) return
      over = true
      cancel()
      if ('why' in result) socket.destroy()
      done(result)
    }
    const left = startedAt + timeout - clock.elapsed()
    const cancel = clock.after(left, () =>
      end({
        why: `the proxy ${by} did not answer CONNECT ${authority} within ${timeout} ms: see whether it is overloaded`,
      }),
    )
    const asked = httpRequest({
      createConnection: () => socket,
      method: 'CONNECT',
      path: authority,
      setHost: false,
      headers: { host: authority, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) },
    })
    asked.removeHeader('connection')
    asked.on('connect', (answer: IncomingMessage, _: unknown, early: Buffer) => {
      const status = answer.statusCode ?? 0
      if (status >= 200 && status < 300) {
        if (early.length === 0) return end(socket)
        // Nobody speaks first in what goes through here: it would be taken for the peer's.
        return end({
          why: `the proxy ${by} said more than that CONNECT ${authority} succeeded: it is not to be trusted`,
        })
      }
      const said = `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd() + squidsWord(answer.headers['x-squid-error'])
      const mend = mendOf(status, answer, authorization !== undefined, to.host)
      end({ why: `the proxy ${by} refused CONNECT ${authority} with ${said}: ${mend}` })
    })
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const isHttp = error.code?.startsWith('HPE_') !== true
      const what = isHttp
        ? `broke off at CONNECT ${authority}: ${wordsOf(error)}`
        : `answered CONNECT ${authority} with what is no HTTP: correct the host and port of the setting \`proxy\``
      end({ why: `the proxy ${by} ${what}` })
    })
    asked.on('response', () => end({ why: `the proxy ${by} did not understand CONNECT ${authority}` }))
    asked.end()
    return () => end({ why: 'given up' })
  }

  const happily = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER }
  const socket = connect({ host: proxy.host, port: proxy.port, ...happily })
  let giveUp = awaiting(socket, 'connect', timeout, clock, (result) => {
    if (!('why' in result)) giveUp = ask(result)
    else done({ ...result, why: `the proxy ${by} can’t be reached: ${result.why}` })
  })
  return () => giveUp()
}
