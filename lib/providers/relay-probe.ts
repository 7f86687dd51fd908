/**
 * Proves that another push gateway of Mattermost's interface is there, and tells its version (`GET /version`: `{"hash", "version"}`). Nobody is
 * woken and no token is looked at, so that whether it takes our pushes is left open. Pure.
 */
import { type WireFailure, type WireReply } from '../wire/wire'
import { wayOf } from './probing'
import { type Finding } from './provider'

/** What is asked for. */
export const VERSION_PATH = '/version'

const LONGEST_VERSION = 40
const UPSTREAM =
  'Look at upstream: it is the origin of a gateway that serves /version and /api/v1/send_push itself, behind a proxy too'

/** Undefined: it is no gateway's answer. Empty: it has a version and does not tell it. */
function versionIn(body: string): string | undefined {
  try {
    const json = JSON.parse(body) as unknown
    if (typeof json !== 'object' || json === null || !('version' in json)) return undefined
    if (typeof json.version !== 'string') return undefined
    return json.version.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_VERSION)
  } catch {
    return undefined
  }
}

/** What the answer proves of the gateway at this origin. */
export function findingsOfVersion(
  upstream: string,
  hasToken: boolean,
  reply: WireReply | WireFailure,
): readonly Finding[] {
  const unproven: Finding = {
    is: 'fact',
    text: `not proven: that ${upstream} takes our pushes${hasToken ? ' and our token' : ''}, until it took one`,
  }
  if (reply.is === 'failure') {
    return [{ is: 'fault', text: `${upstream} could not be asked: ${reply.why}`, mend: wayOf(reply.why) }]
  }
  const { status, body } = reply
  const version = status === 200 ? versionIn(body) : undefined
  if (version !== undefined) {
    const which = version === '' ? 'of a version that it does not tell' : `version ${version}`
    return [{ is: 'fact', text: `proven: ${upstream} is there, a push gateway, ${which}` }, unproven]
  }
  if (status === 429 || status === 408 || status >= 500) {
    const text = `${upstream} is there, and does not serve at the moment: it answered ${VERSION_PATH} with ${status}`
    return [{ is: 'fault', text, mend: "Look at that gateway, and at what stands before it; it is another one's" }]
  }
  const what = status === 200 ? '200 and what is no version' : String(status)
  const text = `${upstream} is there, and may be no push gateway: it answered ${VERSION_PATH} with ${what}`
  return [{ is: 'warning', text, mend: UPSTREAM }, unproven]
}
