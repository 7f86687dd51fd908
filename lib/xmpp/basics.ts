/** What every good entity answers: ping (XEP-0199 v2.0.1), version (XEP-0092 v1.1), time (XEP-0202 v2.0). */
import xml from '@xmpp/xml'
import { type Clock } from '../clock'
import { done, notImplemented } from './answers'
import { PUSH } from './notification'
import { type Route } from './router'

const PING = 'urn:xmpp:ping'
const VERSION = 'jabber:iq:version'
const TIME = 'urn:xmpp:time'

export function pingRoute(): Route {
  return { ns: PING, names: ['ping'], types: ['get'], features: [PING], answer: () => done }
}

/** The operating system is not told (XEP-0092 §5). */
export function versionRoute(version: string): Route {
  return {
    ns: VERSION,
    names: ['query'],
    types: ['get'],
    features: [VERSION],
    answer: () => ({
      is: 'result',
      payload: xml('query', { xmlns: VERSION }, xml('name', {}, 'xmpp-push'), xml('version', {}, version)),
    }),
  }
}

export function timeRoute(clock: Clock): Route {
  return {
    ns: TIME,
    names: ['time'],
    types: ['get'],
    features: [TIME],
    answer: () => ({
      is: 'result',
      payload: xml(
        'time',
        { xmlns: TIME },
        xml('tzo', {}, '+00:00'),
        xml('utc', {}, new Date(clock.now()).toISOString()),
      ),
    }),
  }
}

/** `<enable/>` and `<disable/>` belong to the account's own server; sent to us they are told where to go. */
export function misdirectedRoute(): Route {
  return {
    ns: PUSH,
    names: ['enable', 'disable'],
    types: ['set'],
    features: [],
    answer: ({ from, child }) =>
      notImplemented(
        `Send <${child.getName()} xmlns='${PUSH}'/> to your own account's server, in an iq without a "to" ` +
          `(or to ${from.local === undefined ? 'the account' : `${from.local}@${from.domain}`}); this is the push service that it names as "jid".`,
      ),
  }
}
